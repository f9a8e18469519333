/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/nearest.h"
#include "profiles/values.h"

enum { SIGNALS_MAX = 31, SIGNAL_NAME_MAX = 16 };

int values_parse_signal(const char *text)
{
	uint32_t offset = 0;

	if (!str_starts(text, "SIG"))
		return -EINVAL;
	if (str_starts(text, "SIGRTMIN")) {
		const char *rest = text + strlen("SIGRTMIN");

		if (*rest == '\0')
			return SIGRTMIN;
		if (*rest != '+' || str_to_u32(rest + 1, &offset) < 0 ||
		    offset > (uint32_t)(SIGRTMAX - SIGRTMIN))
			return -EINVAL;
		return SIGRTMIN + (int)offset;
	}
	for (int number = 1; number <= SIGNALS_MAX; number++) {
		const char *name = sigabbrev_np(number);

		if (name && str_equal(name, text + 3))
			return number;
	}
	return -EINVAL;
}

bool values_signal(struct findings *findings, const struct json *value, int *ret)
{
	char names[SIGNALS_MAX][SIGNAL_NAME_MAX], word[SIGNAL_NAME_MAX];
	const char *candidates[SIGNALS_MAX], *nearest;
	struct finding *finding;
	size_t n = 0;
	int number;

	if (value->type != JSON_STRING)
		return false;
	number = values_parse_signal(value->text);
	if (number >= 0) {
		*ret = number;
		return true;
	}
	for (int i = 1; i <= SIGNALS_MAX; i++) {
		if (!sigabbrev_np(i))
			continue;
		snprintf(names[n], sizeof(names[n]), "SIG%s", sigabbrev_np(i));
		candidates[n] = names[n];
		n++;
	}
	finding = findings_add(findings, FINDING_ERROR, "E027", &value->place, "unknown signal \"%s\"",
			       value->text);
	finding_label(finding, "expected a name like SIGTERM or SIGRTMIN+3");
	snprintf(word, sizeof(word), "%s%s", strncasecmp(value->text, "SIG", 3) == 0 ? "" : "SIG",
		 value->text);
	nearest = nearest_find(word, candidates, n);
	if (nearest)
		finding_help(finding, "did you mean \"%s\"?", nearest);
	return false;
}

/* What a terminal, a log line or a kernel file would obey rather than keep: C0, DEL and C1. */
static bool has_control(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0))
			return true;
	return false;
}

bool values_plain(struct findings *findings, const char *what, const struct place *place, const char *text)
{
	struct finding *finding;

	if (!has_control(text))
		return true;
	finding = findings_add(findings, FINDING_ERROR, "E015", place, "control character in %s", what);
	finding_note(finding,
		     "a line break or an escape could smuggle in a second value (kapsel explain E015)");
	return false;
}

/* Copies component by component. Return: whether none was "..". */
static bool normalise(const char *text, char *out)
{
	char *end = out;

	while (*text) {
		size_t length;

		text += strspn(text, "/");
		length = strcspn(text, "/");
		if (length == 2 && text[0] == '.' && text[1] == '.')
			return false;
		if (length > 0 && !(length == 1 && text[0] == '.')) {
			*end++ = '/';
			memcpy(end, text, length);
			end += length;
		}
		text += length;
	}
	if (end == out)
		*end++ = '/';
	*end = '\0';
	return true;
}

char *values_path(struct findings *findings, struct arena *arena, const char *what, const struct place *place,
		  const char *text)
{
	struct finding *finding;
	char *path;

	if (!values_plain(findings, what, place, text))
		return NULL;
	if (text[0] != '/') {
		finding = findings_add(findings, FINDING_ERROR, "E016", place, "%s is not an absolute path",
				       what);
		finding_label(finding, "must start with \"/\"");
		return NULL;
	}
	if (strlen(text) >= PATH_MAX) {
		findings_add(findings, FINDING_ERROR, "E016", place, "%s is longer than %d bytes", what,
			     PATH_MAX - 1);
		return NULL;
	}
	path = arena_alloc(arena, strlen(text) + 2);
	if (!path)
		return NULL;
	if (!normalise(text, path)) {
		finding = findings_add(findings, FINDING_ERROR, "E016", place, "%s contains \"..\"", what);
		finding_help(finding, "write the path that is meant: what \"..\" leads to depends on links");
		return NULL;
	}
	return path;
}

bool values_is_port(const char *text)
{
	uint32_t port;

	return str_to_u32(text, &port) == 0 && port >= 1 && port <= UINT16_MAX;
}

const char *values_inet_problem(const char *address)
{
	char host[INET6_ADDRSTRLEN + 1];
	unsigned char binary[sizeof(struct in6_addr)];
	const char *end, *start = address;
	size_t length;

	if (address[0] == '[') {
		start = address + 1;
		end = strchr(address, ']');
		if (!end || end[1] != ':' || !values_is_port(end + 2))
			return "expected [IPv6 address]:port";
	} else {
		end = strrchr(address, ':');
		if (!end || !values_is_port(end + 1))
			return "expected address:port, with a port from 1 to 65535";
	}
	length = (size_t)(end - start);
	if (length >= sizeof(host))
		return "the address is too long";
	memcpy(host, start, length);
	host[length] = '\0';
	if (inet_pton(address[0] == '[' ? AF_INET6 : AF_INET, host, binary) != 1)
		return address[0] == '[' ? "not an IPv6 address" : "not an IPv4 address";
	return NULL;
}
