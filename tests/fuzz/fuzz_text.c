/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The small parsers of texts from outside: what the kernel shows of cgroups and processes, lists of CPUs and
 * ids, sizes, times, addresses, filters and formats of the command line, requests for metrics. The first byte
 * chooses one, the rest is its text.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgroups/container_path.h"
#include "cgroups/cpulist.h"
#include "cgroups/mounts.h"
#include "launcher/logs/log_address.h"
#include "launcher/logs/log_time.h"
#include "launcher/oci/notify_socket.h"
#include "launcher/oci/rdt.h"
#include "launcher/oci/rdt_schemata.h"
#include "launcher/service/filters.h"
#include "launcher/service/metrics_request.h"
#include "launcher/service/template.h"
#include "launcher/subid.h"
#include "profiles/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
	if (!truth)
		abort();
}

static void numbers(char *text, size_t size)
{
	uint64_t value;
	uint32_t small;
	mode_t mode;

	(void)size;
	if (values_parse_size(text, &value) == 0)
		demand(value <= INT64_MAX);
	if (values_parse_mode(text, &mode) == 0)
		demand(mode <= 07777);
	(void)!values_parse_duration(text, &value);
	(void)!str_to_u64(text, &value);
	(void)!str_to_u32(text, &small);
	demand(values_parse_signal(text) <= 64);
}

static void cpus(char *text, size_t size)
{
	struct cpulist list;

	(void)size;
	if (cpulist_parse(text, &list) == 0) {
		demand(cpulist_is_within(&list, &list));
		(void)cpulist_is_empty(&list);
	}
}

static void mountinfo(char *text, size_t size)
{
	static struct mounts mounts;
	static char below[CGROUP_PATH_MAX], place[PATH_MAX];
	char *line = text, *end;

	(void)size;
	memset(&mounts, 0, sizeof(mounts));
	for (; line && *line; line = end) {
		char *copy;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		copy = strdup(line);
		if (copy && rdt_mount_parse(copy, place))
			demand(strnlen(place, sizeof(place)) < sizeof(place));
		free(copy);
		mounts_add_line(&mounts, line);
	}
	demand(mounts.n_v2 <= MOUNTS_V2_MAX);
	for (size_t i = 0; i < mounts.n_v2; i++)
		if (mounts_below(mounts.v2[i].root, "/a/b", below) == 0)
			demand(below[0] == '/');
}

static void own_cgroup(char *text, size_t size)
{
	static struct mounts_own own;

	(void)size;
	if (mounts_parse_own(text, &own) == 0)
		demand(strnlen(own.path, sizeof(own.path)) < sizeof(own.path));
}

static void status(char *text, size_t size)
{
	static struct proc_status result;

	(void)size;
	if (proc_status_parse(text, &result) == 0)
		demand(result.n_groups <= PROC_GROUPS_MAX);
}

static void subids(char *text, size_t size)
{
	struct subid_range range;

	(void)size;
	if (subid_parse_line(text, "alice", 1000, &range))
		demand(range.count > 0 && (uint64_t)range.first + range.count - 1 < UINT32_MAX);
}

static void cgroup_paths(char *text, size_t size)
{
	static char path[CGROUP_PATH_MAX];
	static struct cgroup_container group;
	struct error err = { 0 };

	(void)size;
	if (container_path_join("/base", text, path) == 0)
		demand(path[0] == '/' && !strstr(path, "/../") && !strstr(path, "//"));
	if (container_path_slice(text, path) == 0)
		demand(path[0] == '/' || path[0] == '\0');
	memset(&group, 0, sizeof(group));
	if (container_path_systemd(text, "id", &group, &err) < 0)
		demand(err.msg[0] != '\0');
}

static void addresses(char *text, size_t size)
{
	struct log_address address;
	struct error err = { 0 };
	char shown[256];
	int64_t ns;

	if (log_address_parse(text, &address, &err) == 0)
		demand(address.length <= sizeof(address.address) &&
		       strlen(log_address_print(&address, shown, sizeof(shown))) < sizeof(shown));
	else
		demand(err.msg[0] != '\0');
	(void)!log_time_parse(text, size, &ns);
	(void)!log_time_parse_option(text, INT64_C(1700000000000000000), &ns);
	(void)values_inet_problem(text);
	(void)values_is_port(text);
}

static const char *value_of(const void *arg, const char *word)
{
	(void)arg;
	return word;
}

static void command_words(char *text, size_t size)
{
	static const char *const keys[] = { "name", "label", "status", "since" };
	_cleanup_arena_ struct arena *arena = arena_new();
	char mistake[FILTERS_MISTAKE_MAX], wrong[TEMPLATE_MISTAKE_MAX];
	struct filters filters;
	FILE *out;

	(void)size;
	if (!arena)
		return;
	if (filters_parse(text, keys, 4, arena, &filters, mistake) == 0)
		demand(filters.n <= FILTERS_MAX);
	if (template_check(text, keys, 4, wrong) == 0) {
		out = fopen("/dev/null", "we");
		if (out) {
			template_print(out, text, value_of, NULL);
			fclose(out);
		}
	}
}

static void requests(char *text, size_t size)
{
	struct metrics_request request;

	if (!metrics_request_complete(text, size))
		return;
	metrics_request_parse(text, size, &request);
	demand(request.status == 200 || request.status == 400 || request.status == 404 ||
	       request.status == 405 || request.status == 505);
}

static void schemata(char *text, size_t size)
{
	char *second = memchr(text, ';', size);

	if (!second)
		return;
	*second++ = '\0';
	(void)rdt_schemata_match(text, second);
}

static void notify(char *text, size_t size)
{
	static char ret[NOTIFY_SOCKET_MESSAGE_MAX + 64];

	if (size > NOTIFY_SOCKET_MESSAGE_MAX)
		return;
	(void)notify_socket_filter(text, size, 4711, ret);
	demand(strnlen(ret, sizeof(ret)) < sizeof(ret));
}

static void (*const parsers[])(char *text, size_t size) = {
	numbers,      cpus,      mountinfo,     own_cgroup, status,   subids,
	cgroup_paths, addresses, command_words, requests,   schemata, notify,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	/* Exactly as large as it has to be, so that a byte too much is noticed. */
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	parsers[(unsigned char)(data[0] - 'a') % ARRAY_SIZE(parsers)](text, size - 1);
	free(text);
	return 0;
}
