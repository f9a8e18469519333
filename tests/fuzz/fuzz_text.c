/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The small parsers of texts from outside: what the kernel shows of cgroups and processes, lists of CPUs and
 * ids, sizes, times, addresses, filters and formats of the command line, requests for metrics. The first byte
 * chooses one, the rest is its text. An input can hold several (pieces.h).
 */
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgroups/container_path.h"
#include "cgroups/controllers.h"
#include "cgroups/cpulist.h"
#include "cgroups/mounts.h"
#include "cgroups/systemd_request.h"
#include "cgroups/systemd_variant.h"
#include "launcher/host.h"
#include "launcher/logs/log_address.h"
#include "launcher/logs/log_time.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/commands/duration.h"
#include "launcher/oci/commands/globals.h"
#include "launcher/oci/commands/network_stats.h"
#include "launcher/oci/commands/update_flags.h"
#include "launcher/oci/notify_socket.h"
#include "launcher/oci/rdt.h"
#include "launcher/oci/rdt_schemata.h"
#include "launcher/oci/state.h"
#include "launcher/service/endpoint.h"
#include "launcher/service/filters.h"
#include "launcher/service/metrics_request.h"
#include "launcher/service/network.h"
#include "launcher/service/template.h"
#include "launcher/subid.h"
#include "profiles/spec.h"
#include "profiles/values.h"
#include "seccomp/decode.h"
#include "tests/fuzz/demand.h"
#include "tests/fuzz/pieces.h"

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
	static bool asked;

	(void)size;
	/* What the kernel itself writes must be readable, of course. */
	if (!asked)
		demand(proc_status_read(getpid(), &result) == 0);
	asked = true;
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

	if (container_path_join("/base", text, path) == 0)
		demand(path[0] == '/' && !strstr(path, "/../") && !strstr(path, "//"));
	if (container_path_slice(text, path) == 0)
		demand(path[0] == '/' || path[0] == '\0');
	memset(&group, 0, sizeof(group));
	if (container_path_systemd(text, "id", &group, &err) < 0)
		demand(err.msg[0] != '\0');
	/* This one reads mountinfo, too: in one of its four ways, by the text's length. */
	err.msg[0] = '\0';
	if (cgroup_container_resolve(text, "id", size % 2 ? CGROUP_MANAGER_SYSTEMD : CGROUP_MANAGER_CGROUPFS,
				     size & 2, &group, &err) < 0)
		demand(err.msg[0] != '\0');
	else
		demand(!strstr(group.path, "/../"));
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

static bool is_equal(const void *arg, const char *value)
{
	return strcmp(arg, value) == 0;
}

static void check_filters(const struct filters *filters, const char *const *keys, size_t n)
{
	demand(filters->n <= FILTERS_MAX);
	for (size_t i = 0; i < filters->n; i++)
		demand(filters_have(filters, filters->items[i].key, NULL));
	for (size_t i = 0; i < n; i++)
		demand(filters_allow(filters, keys[i], true, is_equal, "x") ||
		       filters_have(filters, keys[i], NULL));
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
		check_filters(&filters, keys, 4);
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

/* Words of other tools: durations and sizes in Go's form, releases, controllers. */
static void foreign_words(char *text, size_t size)
{
	unsigned int major, minor;
	char words[256];
	uint64_t value;

	(void)size;
	if (duration_parse(text, &value) == 0)
		demand(value > 0);
	if (update_flags_bytes(text, &value) == 0)
		demand(value <= INT64_MAX || value == UINT64_MAX);
	(void)oci_state_start_time_parse(text);
	(void)host_parse_release(text, &major, &minor);
	controllers_print(controllers_parse(text, ','), "+", words, sizeof(words));
	demand(oci_command_bool(text) <= 1);
}

/* NAME=VALUE, an annotation for systemd: what is passed on has as many strings as it says. */
static void properties(char *text, size_t size)
{
	_cleanup_request_ struct systemd_request request = { 0 };
	struct error err = { 0 };
	char *value = memchr(text, '=', size);

	if (!value)
		return;
	*value++ = '\0';
	if (systemd_variant_add(text, value, &request, &err) < 0)
		demand(err.msg[0] != '\0');
	else if (!request.failed)
		demand(request.length > 0 && request.text[request.length - 1] == '\0');
}

/* The arguments of a refused call, as the report shows them: CALL and six numbers. */
static void calls(char *text, size_t size)
{
	char shown[120], *rest = text;
	const char *call = strsep(&rest, " ");
	uint64_t args[6] = { 0 };

	(void)size;
	for (size_t i = 0; i < 6 && rest; i++)
		args[i] = strtoull(strsep(&rest, " "), NULL, 0);
	decode_arguments(shown, sizeof(shown), call, args);
	demand(strnlen(shown, sizeof(shown)) < sizeof(shown));
	str_escape(shown, sizeof(shown), text);
	demand(strnlen(shown, sizeof(shown)) < sizeof(shown));
}

/* The interfaces of a container's network namespace, whose names it chooses itself. */
static void interfaces(char *text, size_t size)
{
	struct network_interface interface;
	const char *rest = text;
	struct printed printed;

	(void)size;
	while (network_next(&rest, &interface))
		demand(strnlen(interface.name, sizeof(interface.name)) < sizeof(interface.name));
	fputs("{\"interfaces\":", printed_begin(&printed));
	network_stats_print(printed.out, text);
	fputc('}', printed.out);
	printed_end(&printed, true);
}

/* Sockets as a service manager passes them, and what is none. */
static int passed(size_t which)
{
	static int fds[4] = { -1, -1, -1, -1 };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };

	if (fds[0] >= 0)
		return fds[which];
	/* Not a name of kapsel's: a test that runs beside looks for those in the whole network namespace. */
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "fuzz-text-%d", (int)getpid());
	fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[2] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[3] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	demand(fds[3] >= 0 && bind(fds[0], (const struct sockaddr *)&name, sizeof(name)) == 0);
	demand(bind(fds[1], (const struct sockaddr *)&inet, sizeof(inet)) == 0 && listen(fds[1], 1) == 0);
	demand(bind(fds[2], (const struct sockaddr *)&inet, sizeof(inet)) == 0);
	return fds[which];
}

/* An address of "listen", also as that of a socket that was passed. */
static void endpoints(char *text, size_t size)
{
	const struct spec_listen entry = { .name = "web", .address = text, .datagram = size % 2 };
	char shown[ENDPOINT_TEXT_MAX];
	struct sockaddr_storage address;
	socklen_t length;

	if (endpoint_parse(text, &address, &length) == 0) {
		demand(length > 0 && length <= sizeof(address));
		for (size_t i = 0; i < 4; i++) {
			struct error err = { 0 };

			demand((endpoint_check(passed(i), &entry, &err) < 0) == (err.msg[0] != '\0'));
			endpoint_describe(passed(i), shown);
			demand_harmless(shown, strnlen(shown, sizeof(shown)));
		}
	}
	(void)globals_initial_userns(text);
}

static void (*const parsers[])(char *text, size_t size) = {
	numbers,       cpus,       mountinfo,     own_cgroup, status,    subids,
	cgroup_paths,  addresses,  command_words, requests,   schemata,  notify,
	foreign_words, properties, calls,         interfaces, endpoints,
};

static void judge(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return;
	/* Exactly as large as it has to be, so that a byte too much is noticed. */
	text = malloc(size);
	if (!text)
		return;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	parsers[(unsigned char)(data[0] - 'a') % ARRAY_SIZE(parsers)](text, size - 1);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pieces_each(data, size, judge);
	return 0;
}
