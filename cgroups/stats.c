/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/container.h"
#include "cgroups/cpulist.h"
#include "cgroups/stats_print.h"
#include "cgroups/text.h"

enum { FILE_MAX_BYTES = 8192, NANOSECONDS = 1000 };

uint64_t stats_read(int fd, const char *file, uint64_t missing)
{
	char text[64];
	uint64_t value;

	if (text_read(fd, file, text, sizeof(text)) < 0)
		return missing;
	if (str_equal(text, "max"))
		return STATS_NO_LIMIT;
	return str_to_u64(text, &value) < 0 ? missing : value;
}

uint64_t stats_find(const char *text, const char *name)
{
	const size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ' ')
			return strtoull(line + length + 1, NULL, 10);
	}
	return 0;
}

/* Return: how long the number at @text is, "0.00" or "12345"; 0 if there is none. */
static int number_length(const char *text)
{
	size_t length = strspn(text, "0123456789"), fraction = 0;

	if (length > 0 && text[length] == '.')
		fraction = strspn(text + length + 1, "0123456789");
	/* JSON has no number "01" and no "1." */
	if (length == 0 || (length > 1 && text[0] == '0'))
		return 0;
	return (int)(fraction > 0 ? length + 1 + fraction : length);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"; only numbers. Return: is it there? */
static bool print_pressure_line(FILE *out, const char *text, const char *name, const char *comma)
{
	static const char *const keys[] = { "avg10", "avg60", "avg300", "total" };
	const char *line = strstr(text, name);

	if (!line)
		return false;
	fprintf(out, "%s\"%s\":{", comma, name);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *at = strstr(line, keys[i]);
		const char *number = at ? at + strlen(keys[i]) : "";
		int length = *number == '=' ? number_length(number + 1) : 0;

		fprintf(out, "%s\"%s\":%.*s", i ? "," : "", keys[i], length ? length : 1,
			length ? number + 1 : "0");
	}
	fputc('}', out);
	return true;
}

void stats_print_pressure(FILE *out, int fd, const char *file)
{
	char text[512];
	bool some;

	if (text_read(fd, file, text, sizeof(text)) <= 0)
		return;
	fputs(",\"psi\":{", out);
	some = print_pressure_line(out, text, "some", "");
	print_pressure_line(out, text, "full", some ? "," : "");
	fputc('}', out);
}

void stats_print_cpu(FILE *out, int fd)
{
	char text[FILE_MAX_BYTES];

	text_read(fd, "cpu.stat", text, sizeof(text));
	fprintf(out, "\"cpu\":{\"usage\":{\"total\":%" PRIu64 ",\"kernel\":%" PRIu64 ",\"user\":%" PRIu64 "}",
		stats_find(text, "usage_usec") * NANOSECONDS, stats_find(text, "system_usec") * NANOSECONDS,
		stats_find(text, "user_usec") * NANOSECONDS);
	fprintf(out,
		",\"throttling\":{\"periods\":%" PRIu64 ",\"throttledPeriods\":%" PRIu64
		",\"throttledTime\":%" PRIu64 "}",
		stats_find(text, "nr_periods"), stats_find(text, "nr_throttled"),
		stats_find(text, "throttled_usec") * NANOSECONDS);
	stats_print_pressure(out, fd, "cpu.pressure");
	fputc('}', out);
}

static void print_set(FILE *out, int fd, const char *file, const char *key)
{
	char text[FILE_MAX_BYTES];
	struct cpulist list;
	const char *comma = "";

	if (text_read(fd, file, text, sizeof(text)) < 0 || cpulist_parse(text, &list) < 0 ||
	    cpulist_is_empty(&list))
		return;
	fprintf(out, "\"%s\":[", key);
	for (unsigned int i = 0; i < CGROUP_CPUS_MAX; i++) {
		if (!(list.words[i / 64] >> (i % 64) & 1))
			continue;
		fprintf(out, "%s%u", comma, i);
		comma = ",";
	}
	fputs("],", out);
}

void stats_print_cpuset(FILE *out, int fd)
{
	/* What version 1 had beyond the two sets is always there, as 0. */
	fputs("\"cpuset\":{", out);
	print_set(out, fd, "cpuset.cpus", "cpus");
	print_set(out, fd, "cpuset.mems", "mems");
	fputs("\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,"
	      "\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"
	      "\"sched_load_balance\":0,\"sched_relax_domain_level\":0}",
	      out);
}

/* Without the pids controller: counted. */
static uint64_t count_processes(int fd, struct arena *arena)
{
	pid_t *pids;
	size_t n;

	return cgroup_container_procs(fd, arena, &pids, &n, NULL) < 0 ? 0 : n;
}

static void print_pids(FILE *out, int fd, struct arena *arena)
{
	const uint64_t current = stats_read(fd, "pids.current", STATS_NO_LIMIT);
	const uint64_t limit = stats_read(fd, "pids.max", 0);

	fprintf(out, "\"pids\":{\"current\":%" PRIu64 ",\"limit\":%" PRIu64 "}",
		current == STATS_NO_LIMIT ? count_processes(fd, arena) : current,
		limit == STATS_NO_LIMIT ? 0 : limit);
}

char *cgroup_stats_json(int fd, struct arena *arena, struct error *err)
{
	char *text = NULL, *copy;
	size_t size = 0;
	FILE *out;

	/* A group that is gone has no numbers, not numbers that are 0. */
	if (cgroup_populated(fd) < 0) {
		error_set(err, ENOENT, "read the container's cgroup");
		error_remedy(err, "the container has none, or is not running");
		return NULL;
	}
	out = open_memstream(&text, &size);
	if (!out) {
		error_set(err, errno, "print the statistics");
		return NULL;
	}
	fputc('{', out);
	stats_print_cpu(out, fd);
	fputc(',', out);
	stats_print_cpuset(out, fd);
	fputc(',', out);
	stats_print_memory(out, fd);
	fputc(',', out);
	print_pids(out, fd, arena);
	fputc(',', out);
	stats_print_io(out, fd);
	fputc(',', out);
	stats_print_hugetlb(out, fd);
	stats_print_rdma(out, fd);
	fputs(",\"intel_rdt\":{},\"network_interfaces\":null}", out);
	copy = fclose(out) == 0 && text ? arena_strdup(arena, text) : NULL;
	free(text);
	if (!copy)
		error_set(err, ENOMEM, "print the statistics");
	return copy;
}
