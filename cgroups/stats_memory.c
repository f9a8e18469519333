/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of what is counted in bytes of memory: the memory and hugetlb controllers. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/stats_print.h"
#include "cgroups/text.h"

enum { STAT_MAX_BYTES = 16384, HUGE_NAME_MAX = 32 };

static void print_entry(FILE *out, const char *key, uint64_t limit, uint64_t usage, uint64_t max,
			uint64_t failures)
{
	fprintf(out,
		"\"%s\":{\"limit\":%" PRIu64 ",\"usage\":%" PRIu64 ",\"max\":%" PRIu64 ",\"failcnt\":%" PRIu64
		"}",
		key, limit, usage, max, failures);
}

/* memory.stat is lines of a word and a number; anything else is passed over. */
static void print_raw(FILE *out, const char *text)
{
	const char *comma = "";

	fputs(",\"raw\":{", out);
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		size_t word, digits;

		line += *line == '\n';
		word = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");
		digits = line[word] == ' ' ? strspn(line + word + 1, "0123456789") : 0;
		if (word == 0 || digits == 0)
			continue;
		fprintf(out, "%s\"%.*s\":%" PRIu64, comma, (int)word, line,
			(uint64_t)strtoull(line + word + 1, NULL, 10));
		comma = ",";
	}
	fputc('}', out);
}

static uint64_t add_limits(uint64_t a, uint64_t b)
{
	return a == STATS_NO_LIMIT || b == STATS_NO_LIMIT ? STATS_NO_LIMIT : a + b;
}

void stats_print_memory(FILE *out, int fd)
{
	const uint64_t usage = stats_read(fd, "memory.current", 0),
		       swapped = stats_read(fd, "memory.swap.current", 0);
	const uint64_t limit = stats_read(fd, "memory.max", 0),
		       swap_limit = stats_read(fd, "memory.swap.max", 0);
	const uint64_t peak = stats_read(fd, "memory.peak", 0); /* since 5.19 */
	char text[STAT_MAX_BYTES], events[512], swap_events[256];

	text_read(fd, "memory.events", events, sizeof(events));
	text_read(fd, "memory.swap.events", swap_events, sizeof(swap_events));
	text_read(fd, "memory.stat", text, sizeof(text));
	fprintf(out, "\"memory\":{\"cache\":%" PRIu64 ",", stats_find(text, "file"));
	print_entry(out, "usage", limit, usage, peak, stats_find(events, "max"));
	fputc(',', out);
	/* Memory plus swap, as version 1 counted it and readers know it. */
	print_entry(out, "swap", add_limits(limit, swap_limit), usage + swapped, 0,
		    stats_find(swap_events, "max"));
	fputc(',', out);
	print_entry(out, "kernel", 0, stats_find(text, "kernel"), 0, 0);
	fputc(',', out);
	print_entry(out, "kernelTCP", 0, stats_find(text, "sock"), 0, 0);
	print_raw(out, text);
	stats_print_pressure(out, fd, "memory.pressure");
	fputc('}', out);
}

/* "2MB" from "hugetlb.2MB.current". */
static int find_size(const char *file, char ret[HUGE_NAME_MAX])
{
	const char *name = str_starts(file, "hugetlb.") ? file + strlen("hugetlb.") : "";
	const size_t length = strspn(name, "0123456789KMGTB");

	if (length == 0 || length >= HUGE_NAME_MAX || !str_equal(name + length, ".current"))
		return -1;
	memcpy(ret, name, length);
	ret[length] = '\0';
	return 0;
}

static void print_size(FILE *out, int fd, const char *size)
{
	char file[64], events[128];
	uint64_t usage;

	snprintf(file, sizeof(file), "hugetlb.%s.rsvd.current", size);
	usage = stats_read(fd, file, STATS_NO_LIMIT);
	if (usage == STATS_NO_LIMIT) {
		snprintf(file, sizeof(file), "hugetlb.%s.current", size);
		usage = stats_read(fd, file, 0);
	}
	snprintf(file, sizeof(file), "hugetlb.%s.events", size);
	text_read(fd, file, events, sizeof(events));
	fprintf(out, "\"%s\":{\"usage\":%" PRIu64 ",\"max\":0,\"failcnt\":%" PRIu64 "}", size, usage,
		stats_find(events, "max"));
}

void stats_print_hugetlb(FILE *out, int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const char *comma = "";
	struct dirent *entry;
	char size[HUGE_NAME_MAX];

	fputs("\"hugetlb\":{", out);
	if (!dir)
		fd_close(&copy);
	while (dir && (entry = readdir(dir))) {
		if (find_size(entry->d_name, size) < 0)
			continue;
		fputs(comma, out);
		print_size(out, fd, size);
		comma = ",";
	}
	if (dir)
		closedir(dir);
	fputc('}', out);
}
