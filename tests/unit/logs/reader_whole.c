/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_reader.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/logs/reader_fixture.h"

TestSuite(reader_whole, .init = reader_init, .fini = reader_fini);

#define SHOW(request, ...) reader_show(request, (struct log_printer_options){ __VA_ARGS__ })

/* "A\nA+1\n...B\n" */
static void is_range(const struct shown *shown, unsigned int first, unsigned int last)
{
	char *wanted = malloc((last - first + 2) * 12), *at = wanted;

	cr_assert(eq(int, shown->result, 0), "%s", shown->error.msg);
	*at = '\0';
	for (unsigned int i = first; i <= last; i++)
		at += sprintf(at, "%u\n", i);
	if (strcmp(wanted, shown->out) != 0)
		cr_assert(eq(str, shown->out, wanted));
	free(wanted);
}

static void three_files(void)
{
	reader_append_lines("x.2", 1000, 1000);
	reader_compress("x.2", "x.2.gz", "{\"lastTime\":\"2026-01-01T00:33:19.000000000Z\"}");
	reader_append_lines("x.1", 2000, 1000);
	reader_append_lines("x", 3000, 1000);
}

Test(reader_whole, shows_all_files_in_order)
{
	_cleanup_shown_ struct shown shown = { 0 };

	three_files();
	shown = SHOW(reader_request("x"));
	is_range(&shown, 1000, 3999);
	cr_assert(eq(u64, shown.damage.lines, 0));
}

Test(reader_whole, keeps_the_streams_apart)
{
	_cleanup_shown_ struct shown shown = { 0 }, only = { 0 };
	struct log_request *request;

	reader_appendf(
		"x",
		"{\"log\":\"out\\n\",\"stream\":\"stdout\"}\n{\"log\":\"err\\n\",\"stream\":\"stderr\"}\n");
	request = reader_request("x");
	shown = SHOW(request);
	cr_assert(eq(str, shown.out, "out\n"));
	cr_assert(eq(str, shown.err, "err\n"));
	request->filter.streams[LOG_STDOUT] = false;
	only = SHOW(request);
	cr_assert(eq(str, only.out, ""));
	cr_assert(eq(str, only.err, "err\n"));
}

Test(reader_whole, any_number_of_last_lines_is_exact_over_all_files)
{
	static const unsigned int counts[] = { 0,    1,    2,    10,   999,  1000, 1001,
					       1999, 2000, 2001, 2500, 3000, 3001, 100000 };
	struct log_request *request;

	three_files();
	request = reader_request("x");
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		_cleanup_shown_ struct shown shown = { 0 };

		request->lines = counts[i];
		shown = SHOW(request);
		is_range(&shown, counts[i] > 3000 ? 1000 : 4000 - counts[i], 3999);
	}
}

Test(reader_whole, since_and_until_bound_it_and_both_belong_to_it)
{
	static const unsigned int bounds[][2] = { { 0, 9999 },    { 1000, 1000 }, { 1500, 1510 },
						  { 1999, 2000 }, { 2000, 2999 }, { 2999, 3000 },
						  { 3999, 3999 }, { 3990, 9999 } };
	struct log_request *request;

	three_files();
	request = reader_request("x");
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		unsigned int first = bounds[i][0] < 1000 ? 1000 : bounds[i][0],
			     last = bounds[i][1] > 3999 ? 3999 : bounds[i][1];
		_cleanup_shown_ struct shown shown = { 0 }, tail = { 0 };

		request->filter.since_ns = reader_time(bounds[i][0]);
		request->filter.until_ns = reader_time(bounds[i][1]);
		request->lines = LOG_SEEK_ALL;
		shown = SHOW(request);
		is_range(&shown, first, last);
		/* the last lines of these, not these of the last lines */
		request->lines = 3;
		tail = SHOW(request);
		is_range(&tail, last - first < 3 ? first : last - 2, last);
	}
}

Test(reader_whole, files_that_end_too_early_are_not_read)
{
	_cleanup_shown_ struct shown shown = { 0 };
	struct log_request *request;

	three_files();
	/* If it were read, it would be reported as damaged. */
	cr_assert(eq(int, truncate(reader_path("x.2.gz"), 200), 0));
	request = reader_request("x");
	request->filter.since_ns = reader_time(2100);
	shown = SHOW(request);
	is_range(&shown, 2100, 3999);
	cr_assert(eq(u64, shown.damage.lines, 0));
}

Test(reader_whole, damage_is_counted_and_the_rest_is_shown)
{
	_cleanup_shown_ struct shown shown = { 0 };

	three_files();
	cr_assert(eq(int, truncate(reader_path("x.2.gz"), 200), 0));
	reader_appendf("x", "{\"log\":\"to\n\n\n");
	reader_append("x", "\0\0\0\0\n", 5);
	reader_append_lines("x", 4000, 1);
	shown = SHOW(reader_request("x"));
	cr_assert(eq(int, shown.result, 0));
	cr_assert(strstr(shown.out, "\n2000\n") && strstr(shown.out, "\n3999\n4000\n"));
	cr_assert(eq(u64, shown.damage.lines, 5));
	cr_assert(eq(str, shown.damage.file, "x.2.gz"));
	cr_assert(shown.damage.files);
}

Test(reader_whole, a_torn_end_counts_once_its_writer_is_gone)
{
	_cleanup_shown_ struct shown fresh = { 0 }, old = { 0 };
	const struct timespec then[] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	reader_append_lines("x", 0, 1);
	reader_appendf("x", "{\"log\":\"beg");
	fresh = SHOW(reader_request("x"));
	cr_assert(fresh.damage.lines == 0);
	cr_assert(eq(int, utimensat(-1, reader_path("x"), then, 0), 0));
	old = SHOW(reader_request("x"));
	is_range(&old, 0, 0);
	cr_assert(eq(u64, old.damage.lines, 1));
	cr_assert(eq(u64, old.damage.offset, 72));
}

Test(reader_whole, pieces_become_one_line_again)
{
	_cleanup_shown_ struct shown shown = { 0 }, tail = { 0 };
	struct log_request *request;

	reader_appendf("x.1",
		       "{\"log\":\"first\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:01Z\"}\n"
		       "{\"log\":\"aaa \",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:02Z\"}\n"
		       "{\"log\":\"err \",\"stream\":\"stderr\",\"time\":\"2026-01-01T00:00:03Z\"}\n");
	reader_appendf("x", "{\"log\":\"bbb \",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:02Z\"}\n"
			    "{\"log\":\"or\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-01T00:00:04Z\"}\n"
			    "{\"log\":\"ccc\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:02Z\"}\n");
	request = reader_request("x");
	shown = SHOW(request, .timestamps = true);
	cr_assert(eq(str, shown.out,
		     "2026-01-01T00:00:01.000000000Z first\n2026-01-01T00:00:02.000000000Z aaa bbb ccc\n"));
	cr_assert(eq(str, shown.err, "2026-01-01T00:00:03.000000000Z err or\n"));
	/* the last line begins in the file before, and with the one before it in between */
	request->lines = 1;
	tail = SHOW(request);
	cr_assert(eq(str, tail.out, "aaa bbb ccc\n"));
	cr_assert(eq(str, tail.err, ""));
}

Test(reader_whole, a_line_without_an_end_stays_without_one)
{
	_cleanup_shown_ struct shown shown = { 0 }, tail = { 0 };
	struct log_request *request;

	reader_append_lines("x", 5, 1);
	reader_appendf("x", "{\"log\":\"no end\",\"stream\":\"stdout\"}\n");
	request = reader_request("x");
	shown = SHOW(request);
	cr_assert(eq(str, shown.out, "5\nno end"));
	request->lines = 1;
	tail = SHOW(request);
	cr_assert(eq(str, tail.out, "no end"));
}

Test(reader_whole, patterns_match_whole_lines_only)
{
	_cleanup_shown_ struct shown shown = { 0 }, anchored = { 0 }, tail = { 0 }, json = { 0 };
	struct log_request *request;
	regex_t pattern;

	reader_append_lines("x.1", 0, 2000);
	reader_compress("x.1", "x.1.gz", NULL);
	reader_append_lines("x", 2000, 2000);
	reader_appendf(
		"x",
		"{\"log\":\"nee\",\"stream\":\"stdout\"}\n{\"log\":\"dle\\u0000end\\n\",\"stream\":\"stdout\"}\n"
		"{\"log\":\"end of no needle\\n\",\"stream\":\"stderr\"}\n");
	request = reader_request("x");
	cr_assert(eq(int, regcomp(&pattern, "end$", REG_EXTENDED), 0));
	shown = SHOW(request, .pattern = &pattern);
	cr_assert(eq(sz, shown.out_size, 11));
	cr_assert(eq(int, memcmp(shown.out, "needle\0end\n", 11), 0));
	cr_assert(eq(str, shown.err, ""));
	json = SHOW(request, .pattern = &pattern, .json = true);
	cr_assert(eq(
		str, json.out,
		"{\"log\":\"nee\",\"stream\":\"stdout\"}\n{\"log\":\"dle\\u0000end\\n\",\"stream\":\"stdout\"}\n"));
	regfree(&pattern);

	cr_assert(eq(int, regcomp(&pattern, "^(1|3)99[0-9]$", REG_EXTENDED), 0));
	anchored = SHOW(request, .pattern = &pattern);
	cr_assert(eq(sz, anchored.out_size, 100));
	request->lines = 12;
	tail = SHOW(request, .pattern = &pattern);
	cr_assert(eq(str, tail.out,
		     "1998\n1999\n3990\n3991\n3992\n3993\n3994\n3995\n3996\n3997\n3998\n3999\n"));
	regfree(&pattern);
}

Test(reader_whole, attributes_and_times_stand_before_a_line_as_docker_has_them)
{
	_cleanup_shown_ struct shown shown = { 0 };

	reader_appendf(
		"x",
		"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"attrs\":{\"k\":\"v\",\"l\":\"w\"},\"time\":\"2026-01-01T02:00:01.5+02:00\"}\n"
		"{\"log\":\"b\\n\",\"stream\":\"stdout\"}\n");
	shown = SHOW(reader_request("x"), .timestamps = true, .details = true);
	cr_assert(eq(str, shown.out,
		     "2026-01-01T00:00:01.500000000Z k=v,l=w a\n0001-01-01T00:00:00.000000000Z  b\n"));
}

Test(reader_whole, json_is_the_file_itself)
{
	_cleanup_shown_ struct shown shown = { 0 };

	reader_appendf(
		"x",
		"{\"log\":\"a\\n\",\"stream\":\"stderr\",\"new\":[1]}\n2026-01-01T00:00:01Z stdout P half \"\n");
	shown = SHOW(reader_request("x"), .json = true);
	cr_assert(eq(str, shown.out,
		     "{\"log\":\"a\\n\",\"stream\":\"stderr\",\"new\":[1]}\n"
		     "{\"log\":\"half \\\"\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:01Z\"}\n"));
	cr_assert(eq(str, shown.err, ""));
}

/* 100 MB of one line in pieces of 16 KiB, in memory for some MB. */
Test(reader_whole, a_line_of_any_length_passes_in_bounded_memory)
{
	enum { PIECE = 16384, PIECES = 400 };
	char *entry = malloc(PIECE + 100);
	struct log_request *request;
	regex_t pattern;

	cr_assert(entry != NULL);
	strcpy(entry, "{\"log\":\"");
	memset(entry + 8, 'x', PIECE);
	strcpy(entry + 8 + PIECE, "\",\"stream\":\"stdout\"}\n");
	reader_appendf("x", "{\"log\":\"begin \",\"stream\":\"stdout\"}\n");
	for (int i = 0; i < PIECES; i++)
		reader_append("x", entry, strlen(entry));
	reader_appendf(
		"x",
		"{\"log\":\" end\\n\",\"stream\":\"stdout\"}\n{\"log\":\"next\\n\",\"stream\":\"stdout\"}\n");
	request = reader_request("x");
	for (int i = 0; i < 3; i++) {
		static const char *const patterns[] = { "^begin xx", "zzz|^next", NULL };
		_cleanup_shown_ struct shown shown = { 0 };

		if (patterns[i])
			cr_assert(eq(int, regcomp(&pattern, patterns[i], REG_EXTENDED), 0));
		shown = SHOW(request, .pattern = patterns[i] ? &pattern : NULL);
		cr_assert(eq(sz, shown.out_size, (i != 1 ? 6 + PIECE * PIECES + 5 : 0) + (i != 0 ? 5 : 0)));
		cr_assert(eq(u64, shown.damage.lines, 0));
		if (patterns[i])
			regfree(&pattern);
	}
	free(entry);
}

Test(reader_whole, a_missing_log_is_said_to_be_missing)
{
	_cleanup_shown_ struct shown shown = SHOW(reader_request("none"));

	cr_assert(eq(int, shown.result, -ENOENT));
	cr_assert(strstr(shown.error.msg, "/none") != NULL);
}

Test(reader_whole, an_empty_log_is_no_mistake)
{
	_cleanup_shown_ struct shown shown = { 0 };
	struct log_request *request;

	reader_append("x", "", 0);
	request = reader_request("x");
	request->lines = 5;
	request->filter.since_ns = reader_time(5);
	shown = SHOW(request);
	cr_assert(eq(int, shown.result, 0));
	cr_assert(eq(str, shown.out, ""));
}
