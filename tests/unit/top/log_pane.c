/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/log_pane.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/error.h"
#include "launcher/service/record.h"
#include "top_fixture.h"

static char directory[] = "/tmp/kapsel-pane-XXXXXX";
static struct record record;
static struct log_pane *pane;
static int entries;

static void begin(void)
{
	struct error err = { 0 };

	fixture_locale();
	cr_assert(ne(ptr, mkdtemp(directory), NULL));
	record = (struct record){ .name = "web", .id = "1", .log_driver = "json-file" };
	snprintf(record.log_path, sizeof(record.log_path), "%s/log", directory);
	cr_assert(zero(int, log_pane_new(&pane, &err)));
}

static void end(void)
{
	char path[RECORD_PATH_MAX + 2];

	pane = log_pane_free(pane);
	unlink(record.log_path);
	snprintf(path, sizeof(path), "%s.1", record.log_path);
	unlink(path);
	rmdir(directory);
}

TestSuite(top_log_pane, .init = begin, .fini = end);

static void write_log(const char *stream, const char *text)
{
	FILE *out = fopen(record.log_path, "a");

	fprintf(out, "{\"log\":\"%s\",\"stream\":\"%s\",\"time\":\"2026-11-22T09:00:%02d.5Z\"}\n", text,
		stream, entries++ % 60);
	fclose(out);
}

static char *line(size_t back)
{
	static char text[LOG_PANE_TEXT_MAX + 1];
	const struct log_pane_line *found = log_pane_line(pane, back);

	memcpy(text, found->text, found->size);
	text[found->size] = '\0';
	return text;
}

static bool woken(void)
{
	struct pollfd fd = { .fd = log_pane_fd(pane), .events = POLLIN };

	return poll(&fd, 1, 2000) == 1;
}

static void rotate(void)
{
	char path[RECORD_PATH_MAX + 2];

	snprintf(path, sizeof(path), "%s.1", record.log_path);
	cr_assert(zero(int, rename(record.log_path, path)));
}

Test(top_log_pane, shows_the_last_lines_with_time_and_stream)
{
	write_log("stdout", "one\\n");
	write_log("stderr", "two\\n");
	log_pane_watch(pane, &record);
	cr_assert(eq(sz, log_pane_count(pane), 2));
	cr_assert(eq(str, line(0), "two"));
	cr_assert(eq(str, line(1), "one"));
	cr_assert(eq(int, log_pane_line(pane, 0)->stream, LOG_STDERR));
	cr_assert(eq(str, log_pane_line(pane, 0)->time, "09:00:01"));
}

Test(top_log_pane, follows)
{
	write_log("stdout", "one\\n");
	log_pane_watch(pane, &record);
	cr_assert(not(log_pane_refresh(pane)));
	write_log("stdout", "two\\n");
	cr_assert(woken());
	log_pane_drain(pane);
	cr_assert(log_pane_refresh(pane));
	cr_assert(eq(str, line(0), "two"));
}

Test(top_log_pane, follows_over_a_rotation)
{
	write_log("stdout", "one\\n");
	log_pane_watch(pane, &record);
	write_log("stdout", "two\\n");
	rotate();
	write_log("stdout", "three\\n");
	cr_assert(woken());
	cr_assert(log_pane_refresh(pane));
	cr_assert(eq(sz, log_pane_count(pane), 3));
	cr_assert(eq(str, line(0), "three"));
	cr_assert(eq(str, line(1), "two"));
}

Test(top_log_pane, begins_with_the_older_file_where_the_new_one_is_short)
{
	write_log("stdout", "one\\n");
	rotate();
	write_log("stdout", "two\\n");
	log_pane_watch(pane, &record);
	cr_assert(eq(sz, log_pane_count(pane), 2));
	cr_assert(eq(str, line(1), "one"));
}

Test(top_log_pane, waits_for_a_log_that_is_not_there_yet)
{
	log_pane_watch(pane, &record);
	cr_assert(eq(sz, log_pane_count(pane), 0));
	cr_assert(eq(str, log_pane_note(pane), "nothing was logged yet"));
	write_log("stdout", "one\\n");
	cr_assert(woken());
	cr_assert(log_pane_refresh(pane));
	cr_assert(eq(str, line(0), "one"));
}

Test(top_log_pane, joins_the_pieces_of_a_line)
{
	write_log("stdout", "abc");
	write_log("stderr", "other\\n");
	write_log("stdout", "def\\n");
	log_pane_watch(pane, &record);
	cr_assert(eq(sz, log_pane_count(pane), 2));
	cr_assert(eq(str, line(1), "abcdef"));
}

Test(top_log_pane, keeps_a_bounded_part_of_a_long_line)
{
	char text[3 * LOG_PANE_TEXT_MAX];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_log("stdout", text);
	write_log("stdout", text);
	log_pane_watch(pane, &record);
	cr_assert(eq(sz, log_pane_count(pane), 1));
	cr_assert(eq(sz, log_pane_line(pane, 0)->size, LOG_PANE_TEXT_MAX));
}

Test(top_log_pane, keeps_the_newest_of_many_lines)
{
	char text[32];

	log_pane_watch(pane, &record);
	for (int i = 0; i < 2 * LOG_PANE_LINES + 10; i++) {
		snprintf(text, sizeof(text), "line %d\\n", i);
		write_log("stdout", text);
	}
	cr_assert(log_pane_refresh(pane));
	cr_assert(eq(sz, log_pane_count(pane), LOG_PANE_LINES));
	snprintf(text, sizeof(text), "line %d", 2 * LOG_PANE_LINES + 9);
	cr_assert(eq(str, line(0), text));
}

Test(top_log_pane, passes_over_what_a_flood_wrote)
{
	char text[900], last[32];

	log_pane_watch(pane, &record);
	write_log("stdout", "first\\n");
	cr_assert(log_pane_refresh(pane));
	memset(text, 'x', sizeof(text) - 3);
	snprintf(text + sizeof(text) - 3, 3, "\\n");
	for (int i = 0; i < 1000; i++)
		write_log("stdout", text);
	snprintf(last, sizeof(last), "last\\n");
	write_log("stdout", last);
	cr_assert(log_pane_refresh(pane));
	cr_assert(eq(str, line(0), "last"));
}

Test(top_log_pane, goes_on_with_a_log_that_was_cut_off)
{
	write_log("stdout", "a longer line than the one behind\\n");
	log_pane_watch(pane, &record);
	cr_assert(zero(int, truncate(record.log_path, 0)));
	write_log("stdout", "new\\n");
	cr_assert(log_pane_refresh(pane));
	cr_assert(eq(str, line(0), "new"));
}

Test(top_log_pane, passes_over_what_is_no_entry)
{
	FILE *out = fopen(record.log_path, "w");

	fputs("not an entry\n{\"log\":\n", out);
	fclose(out);
	write_log("stdout", "good\\n");
	log_pane_watch(pane, &record);
	cr_assert(eq(sz, log_pane_count(pane), 1));
	cr_assert(eq(str, line(0), "good"));
}

Test(top_log_pane, says_why_there_is_nothing_to_see)
{
	snprintf(record.log_driver, sizeof(record.log_driver), "journald");
	log_pane_watch(pane, &record);
	cr_assert(ne(ptr, strstr(log_pane_note(pane), "journald"), NULL));
	cr_assert(not(log_pane_refresh(pane)));
	log_pane_watch(pane, NULL);
	cr_assert(eq(str, log_pane_note(pane), ""));
}

Test(top_log_pane, does_not_follow_a_link)
{
	cr_assert(zero(int, symlink("/etc/passwd", record.log_path)));
	log_pane_watch(pane, &record);
	cr_assert(eq(sz, log_pane_count(pane), 0));
	cr_assert(ne(ptr, strstr(log_pane_note(pane), "ELOOP"), NULL));
}

Test(top_log_pane, forgets_one_service_for_the_next)
{
	struct record other = record;

	write_log("stdout", "one\\n");
	log_pane_watch(pane, &record);
	snprintf(other.id, sizeof(other.id), "2");
	snprintf(other.log_path, sizeof(other.log_path), "%s/none", directory);
	log_pane_watch(pane, &other);
	cr_assert(eq(sz, log_pane_count(pane), 0));
	log_pane_watch(pane, &record);
	cr_assert(eq(sz, log_pane_count(pane), 1));
}
