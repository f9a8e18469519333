/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/text.h"

enum { FILE_MAX_BYTES = 8192, SHORT_MAX_BYTES = 512, IO_MAX_BYTES = 16384 };

/* "max" and numbers, as they stand in files with one or two values. */
static uint64_t parse_value(const char *text)
{
	char *end;
	uint64_t value;

	if (str_starts(text, "max"))
		return USAGE_NO_LIMIT;
	if (*text < '0' || *text > '9')
		return USAGE_ABSENT;
	value = strtoull(text, &end, 10);
	return *end == '\0' || *end == ' ' || *end == '\n' ? value : USAGE_ABSENT;
}

static uint64_t read_value(int fd, const char *file)
{
	char text[64];

	return text_read(fd, file, text, sizeof(text)) < 0 ? USAGE_ABSENT : parse_value(text);
}

/* The number behind the word @key at the beginning of a line. */
static uint64_t find_line(const char *text, const char *key)
{
	const size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return parse_value(line + length + 1);
	}
	return USAGE_ABSENT;
}

static void read_cpu(int fd, struct usage *usage)
{
	char text[SHORT_MAX_BYTES];

	if (text_read(fd, "cpu.stat", text, sizeof(text)) < 0)
		return;
	usage->cpu_usage_us = find_line(text, "usage_usec");
	usage->cpu_user_us = find_line(text, "user_usec");
	usage->cpu_system_us = find_line(text, "system_usec");
	usage->cpu_periods = find_line(text, "nr_periods");
	usage->cpu_throttled_periods = find_line(text, "nr_throttled");
	usage->cpu_throttled_us = find_line(text, "throttled_usec");
}

static void read_memory(int fd, struct usage *usage)
{
	char text[FILE_MAX_BYTES];

	usage->memory_current_bytes = read_value(fd, "memory.current");
	if (usage->memory_current_bytes == USAGE_ABSENT)
		return; /* no memory controller: the other files are not there either */
	usage->memory_max_bytes = read_value(fd, "memory.max");
	if (text_read(fd, "memory.stat", text, sizeof(text)) < 0)
		return;
	usage->memory_inactive_file_bytes = find_line(text, "inactive_file");
	usage->memory_anon_bytes = find_line(text, "anon");
	usage->memory_file_bytes = find_line(text, "file");
}

static uint64_t count_lines(int fd, const char *file)
{
	_cleanup_fd_ int list = openat(fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[FILE_MAX_BYTES];
	uint64_t n = 0;
	ssize_t got;

	if (list < 0)
		return USAGE_ABSENT;
	while ((got = read(list, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < got; i++)
			n += text[i] == '\n';
	return got < 0 ? USAGE_ABSENT : n;
}

static void read_pids(int fd, struct usage *usage)
{
	usage->threads = read_value(fd, "pids.current");
	if (usage->threads == USAGE_ABSENT)
		usage->threads = count_lines(fd, "cgroup.threads"); /* no pids controller */
	else
		usage->threads_max = read_value(fd, "pids.max");
}

/* The number behind " key=" in one line of io.stat, or 0. */
static uint64_t find_word(const char *line, const char *key)
{
	const size_t end = strcspn(line, "\n"), length = strlen(key);

	for (size_t i = 0; i + length < end; i++)
		if (line[i] == ' ' && strncmp(line + i + 1, key, length) == 0 && line[i + 1 + length] == '=')
			return strtoull(line + i + length + 2, NULL, 10);
	return 0;
}

static void read_io(int fd, struct usage *usage)
{
	char text[IO_MAX_BYTES];

	if (text_read(fd, "io.stat", text, sizeof(text)) < 0)
		return;
	usage->io_read_bytes = usage->io_write_bytes = usage->io_reads = usage->io_writes = 0;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		usage->io_read_bytes += find_word(line, "rbytes");
		usage->io_write_bytes += find_word(line, "wbytes");
		usage->io_reads += find_word(line, "rios");
		usage->io_writes += find_word(line, "wios");
	}
}

static uint64_t find_total(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	const char *total = line ? strstr(line, "total=") : NULL;

	/* The "total=" of a line below would be another kind's. */
	if (!total || total > line + strcspn(line, "\n"))
		return USAGE_ABSENT;
	return parse_value(total + strlen("total="));
}

static void read_pressure(int fd, const char *file, struct usage_pressure *ret)
{
	char text[SHORT_MAX_BYTES];

	/* Read fails with EOPNOTSUPP where the kernel was started without psi=1. */
	if (text_read(fd, file, text, sizeof(text)) <= 0)
		return;
	ret->some_us = find_total(text, "some");
	ret->full_us = find_total(text, "full"); /* of cpu: since 5.13 */
}

static void read_details(int fd, struct usage *usage)
{
	char text[SHORT_MAX_BYTES];
	const char *space;

	if (text_read(fd, "cpu.max", text, sizeof(text)) > 0) {
		space = strchr(text, ' ');
		usage->cpu_quota_us = parse_value(text);
		usage->cpu_period_us = space ? parse_value(space + 1) : USAGE_ABSENT;
		usage->cpu_weight = read_value(fd, "cpu.weight");
	}
	if (text_read(fd, "memory.events", text, sizeof(text)) > 0) {
		usage->memory_max_hits = find_line(text, "max");
		usage->oom_kills = find_line(text, "oom_kill");
		usage->memory_peak_bytes = read_value(fd, "memory.peak");
		usage->swap_current_bytes = read_value(fd, "memory.swap.current");
		usage->swap_max_bytes = read_value(fd, "memory.swap.max");
	}
	usage->processes = count_lines(fd, "cgroup.procs");
}

void usage_clear(struct usage *usage)
{
	_Static_assert(USAGE_ABSENT == UINT64_MAX, "absent must be all ones");
	memset(usage, 0xff, sizeof(*usage));
}

void usage_read(int fd, unsigned int parts, struct usage *ret)
{
	usage_clear(ret);
	if (parts & USAGE_CPU)
		read_cpu(fd, ret);
	if (parts & USAGE_MEMORY)
		read_memory(fd, ret);
	if (parts & USAGE_PIDS)
		read_pids(fd, ret);
	if (parts & USAGE_IO)
		read_io(fd, ret);
	if (parts & USAGE_PRESSURE) {
		read_pressure(fd, "cpu.pressure", &ret->cpu_pressure);
		read_pressure(fd, "memory.pressure", &ret->memory_pressure);
		read_pressure(fd, "io.pressure", &ret->io_pressure);
	}
	if (parts & USAGE_DETAILS)
		read_details(fd, ret);
}

uint64_t usage_working_set(const struct usage *usage)
{
	if (!usage_known(usage->memory_current_bytes))
		return USAGE_ABSENT;
	if (!usage_known(usage->memory_inactive_file_bytes))
		return usage->memory_current_bytes;
	/* The two are read one after the other, and can cross. */
	return usage->memory_current_bytes > usage->memory_inactive_file_bytes
		       ? usage->memory_current_bytes - usage->memory_inactive_file_bytes
		       : 0;
}
