/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/event_reader.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "profiles/spec.h"
#include "service_fixture.h"

TestSuite(event_reader, .init = service_init, .fini = service_fini);

static const char *path_of(const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", service_dir, file);
	return path;
}

static void append(const char *file, const char *text)
{
	int fd = open(path_of(file), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, fd_write_all(fd, text, strlen(text))));
	close(fd);
}

/* An event at that second, called @event. */
static void event(const char *file, int second, const char *event)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "{\"time\":\"2026-01-01T00:00:%02d.000000000Z\",\"event\":\"%s\",\"name\":\"x\"}\n", second,
		 event);
	append(file, line);
}

static void add(struct event_reader *reader, const char *file)
{
	struct error err = { 0 };

	cr_assert(eq(int, event_reader_add(reader, path_of(file), &err), 1), "%s", err.msg);
}

/* The events that are there now, joined: "abc". */
static const char *all(struct event_reader *reader)
{
	static char names[512];
	struct event_reader_line line;
	size_t used = 0;

	while (event_reader_next(reader, &line, NULL) > 0) {
		const char *at = strstr(line.text, "\"event\":\"");

		cr_assert(eq(sz, strlen(line.text), line.size));
		names[used++] = at[strlen("\"event\":\"")];
	}
	names[used] = '\0';
	return names;
}

Test(event_reader, merges_by_time)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();

	event("one", 1, "a");
	event("one", 4, "d");
	event("one", 5, "e");
	event("two", 2, "b");
	event("two", 3, "c");
	event("two", 6, "f");
	add(reader, "one");
	add(reader, "two");
	cr_assert(eq(int, event_reader_add(reader, path_of("one"), NULL), 0));
	cr_assert(eq(str, all(reader), "abcdef"));
	cr_assert(eq(str, all(reader), ""));
}

Test(event_reader, reads_the_older_file_first)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();

	event("one", 3, "c");
	event("one.1", 1, "a");
	event("one.1", 2, "b");
	add(reader, "one");
	cr_assert(eq(str, all(reader), "abc"));
}

Test(event_reader, goes_on_where_lines_and_files_come_later)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();

	add(reader, "one");
	cr_assert(eq(str, all(reader), ""));
	event("one", 1, "a");
	cr_assert(eq(str, all(reader), "a"));
	append("one", "{\"time\":\"2026-01-01T00:00:02.00000");
	cr_assert(eq(str, all(reader), ""));
	append("one", "0000Z\",\"event\":\"b\"}\n");
	cr_assert(eq(str, all(reader), "b"));
}

static void rotate(const char *file)
{
	char older[300], present[300];

	snprintf(present, sizeof(present), "%s/%s", service_dir, file);
	snprintf(older, sizeof(older), "%s/%s.1", service_dir, file);
	cr_assert(zero(int, rename(present, older)));
}

Test(event_reader, follows_rotations_without_losing_a_line)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();

	add(reader, "one");
	event("one", 1, "a");
	cr_assert(eq(str, all(reader), "a"));
	event("one", 2, "b");
	rotate("one");
	cr_assert(eq(str, all(reader), "b")); /* the new file is not there yet */
	event("one", 3, "c");
	cr_assert(eq(str, all(reader), "c"));
	event("one", 4, "d");
	rotate("one");
	event("one", 5, "e");
	cr_assert(eq(str, all(reader), "de"));
}

Test(event_reader, after_two_rotations_at_once_only_what_is_gone_is_lost)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();

	add(reader, "one");
	event("one", 1, "a");
	cr_assert(eq(str, all(reader), "a"));
	event("one", 2, "b");
	rotate("one");
	event("one", 3, "c");
	rotate("one");
	event("one", 4, "d");
	cr_assert(eq(str, all(reader), "bcd"));
}

Test(event_reader, a_file_that_was_removed_and_made_again_is_read_anew)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();

	add(reader, "one");
	event("one", 1, "a");
	cr_assert(eq(str, all(reader), "a"));
	cr_assert(zero(int, unlink(path_of("one"))));
	cr_assert(eq(str, all(reader), ""));
	event("one", 2, "b");
	cr_assert(eq(str, all(reader), "b"));
}

Test(event_reader, passes_over_what_is_no_event)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();
	static char large[5 * EVENTS_LINE_MAX];

	memset(large, 'x', sizeof(large) - 1);
	event("one", 1, "a");
	append("one", "\nnonsense\n{}\n{\"time\":\"yesterday\"}\n");
	append("one", "{\"time\":\"2026-01-01T00:00:02.000000000Z\",\"event\":\"\x1b]0;x\"}\n");
	append("one", "{\"time\":\"2026-01-01T00:00:02.000000000Z\",\"event\":\"\xc2\x9b\"}\n");
	append("one", "{\"time\":\"2026-01-01T00:00:02.000000000Z\",\"event\":\"\xff\"}\n");
	append("one", "{\"time\":\"2026-01-01T00:00:02.00");
	append("one", large);
	append("one", "\"}\n");
	event("one", 3, "c");
	add(reader, "one");
	cr_assert(eq(str, all(reader), "ac"));
}

Test(event_reader, the_longest_line_fits)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();
	const struct spec spec = { .name = "web" };
	const struct host host = service_host();
	struct events *events = NULL;
	char text[EVENTS_LINE_MAX];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cr_assert(zero(int, events_open(&spec, &host, "01", NULL, &events, NULL)));
	for (int i = 0; i < 20; i++)
		EVENTS_EMIT(events, "z", { "output", text, 0 });
	events_close(events);
	cr_assert(zero(int, event_reader_add_below(reader, host.log_dir, NULL)));
	cr_assert(eq(str, all(reader), "zzzzzzzzzzzzzzzzzzzz"));
}

Test(event_reader, a_link_or_fifo_is_not_read)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();

	event("other", 1, "a");
	cr_assert(zero(int, symlink("other", path_of("one"))));
	cr_assert(zero(int, mkfifo(path_of("two"), 0600)));
	add(reader, "one");
	add(reader, "two");
	cr_assert(eq(str, all(reader), ""));
}

Test(event_reader, finds_the_files_below_a_directory)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();
	struct error err = { 0 };

	mkdir(path_of("web"), 0700);
	mkdir(path_of("db"), 0700);
	mkdir(path_of("empty"), 0700);
	event("web/web-events.jsonl", 2, "b");
	event("db/db-events.jsonl.1", 1, "a");
	event("web/db-events.jsonl", 3, "c");
	cr_assert(zero(int, event_reader_add_below(reader, service_dir, &err)), "%s", err.msg);
	cr_assert(eq(str, all(reader), "ab"));
	cr_assert(zero(int, event_reader_add_below(reader, "/nonexistent", &err)));
}

Test(event_reader, says_so_when_too_many_files_are_open)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();
	struct event_reader_line line;
	struct rlimit before, none;
	struct error err = { 0 };
	int r;

	event("one", 1, "a");
	add(reader, "one");
	cr_assert(zero(int, getrlimit(RLIMIT_NOFILE, &before)));
	none = (struct rlimit){ 0, before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	r = event_reader_next(reader, &line, &err);
	setrlimit(RLIMIT_NOFILE, &before); /* an assertion needs descriptors of its own */
	cr_assert(eq(int, r, -EMFILE));
	cr_assert(eq(str, all(reader), "a"));
}
