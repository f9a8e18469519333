/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that others wrote, read line by line: logs, forwards, backwards and gzipped, their names after a
 * rotation, events. What is read forwards and backwards must be the same lines.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/log_lines.h"
#include "launcher/logs/log_set.h"
#include "launcher/service/event_line.h"
#include "launcher/service/event_reader.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/source.h"
#include "tests/fuzz/demand.h"

static int memory_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static size_t count_forwards(const uint8_t *data, size_t size, bool gzipped)
{
	_cleanup_log_lines_ struct log_lines *lines = NULL;
	struct error err = { 0 };
	struct log_line line;
	size_t n = 0;
	int r;

	if (log_lines_open(memory_file(data, size), gzipped, &lines, &err) < 0)
		return 0;
	while ((r = log_lines_next(lines, &line)) > LOG_LINES_END) {
		n++;
		demand(r != LOG_LINES_LINE || !memchr(line.text, '\n', line.size));
		if (n > 100000) /* a small gzipped file can hold many */
			break;
	}
	return n;
}

static void count_backwards(const uint8_t *data, size_t size, size_t n)
{
	_cleanup_log_lines_back_ struct log_lines_back *back = NULL;
	_cleanup_fd_ int fd = memory_file(data, size);
	struct error err = { 0 };
	struct log_line line;

	if (log_lines_back_open(fd, &back, &err) < 0)
		return;
	while (n > 0 && log_lines_back_next(back, &line) > LOG_LINES_END)
		n--;
	demand(n == 0);
	demand(log_lines_back_next(back, &line) == LOG_LINES_END);
}

static void read_events(const uint8_t *data, size_t size)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();
	_cleanup_fd_ int fd = memory_file(data, size);
	struct event_reader_line line;
	struct error err = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!reader || event_reader_add(reader, path, &err) < 0)
		return;
	while (event_reader_next(reader, &line, &err) == 1)
		demand(strlen(line.text) <= line.size && strlen(line.time) < sizeof(line.time));
}

/* An event with these bytes as a text, as its writer makes it, is one line and read as JSON. */
static void write_event(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	static char line[EVENTS_LINE_MAX];
	char *text = strndup((const char *)data, size);
	const struct event_field fields[] = { { "reason", text, 0 }, { "status", NULL, (int64_t)size } };
	struct source source = { .name = "event", .text = line };
	struct findings findings = { 0 };
	struct json *tree = NULL;

	if (!arena || !text)
		abort();
	source.size = event_line_build((int64_t)size, "exit", "web", text, fields, 2, line);
	demand(source.size <= sizeof(line) && line[source.size - 1] == '\n');
	demand(memchr(line, '\n', source.size) == line + source.size - 1);
	demand(json_parse(&source, JSON_LENIENT, arena, &findings, &tree) == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t ns;
	int fd;

	count_backwards(data, size, count_forwards(data, size, false));
	count_forwards(data, size, true);
	fd = memory_file(data, size);
	(void)!log_set_last_time(fd, false, &ns);
	(void)!log_set_last_time(fd, true, &ns);
	close(fd);
	read_events(data, size);
	write_event(data, size);
	return 0;
}
