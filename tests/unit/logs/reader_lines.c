/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_lines.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/logs/reader_fixture.h"

TestSuite(reader_lines, .init = reader_init, .fini = reader_fini);

static struct log_lines *open_lines(const char *name, bool gzipped)
{
	struct log_lines *lines = NULL;
	int fd = open(reader_path(name), O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0);
	cr_assert(eq(int, log_lines_open(fd, gzipped, &lines, NULL), 0));
	return lines;
}

static void append_filled(const char *name, char byte, size_t size)
{
	char *text = malloc(size);

	cr_assert(text != NULL);
	memset(text, byte, size);
	reader_append(name, text, size);
	free(text);
}

Test(reader_lines, tells_each_line_and_where_it_begins)
{
	struct log_line line;
	struct log_lines *lines;

	reader_appendf("l", "one\n\nthree\nrest");
	lines = open_lines("l", false);
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_LINE));
	cr_assert(line.size == 3 && memcmp(line.text, "one", 3) == 0 && line.offset == 0);
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_LINE));
	cr_assert(line.size == 0 && line.offset == 4);
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_LINE));
	cr_assert(line.size == 5 && line.offset == 5);
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_END));
	cr_assert(eq(sz, log_lines_rest(lines), 4));
	log_lines_free(lines);
}

Test(reader_lines, goes_on_when_the_file_has_grown)
{
	struct log_line line;
	struct log_lines *lines;

	reader_appendf("l", "ha");
	lines = open_lines("l", false);
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_END));
	reader_appendf("l", "lf\nx\n");
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_LINE));
	cr_assert(line.size == 4 && memcmp(line.text, "half", 4) == 0);
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_LINE));
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_END));
	log_lines_free(lines);
}

Test(reader_lines, passes_over_a_line_that_never_ends)
{
	struct log_line line;
	struct log_lines *lines;

	reader_appendf("l", "a\n");
	for (int i = 0; i < 5; i++)
		append_filled("l", 'x', 1000000);
	reader_appendf("l", "\nb\n");
	lines = open_lines("l", false);
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_LINE));
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_OVERLONG));
	cr_assert(eq(u64, line.offset, 2));
	cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_LINE));
	cr_assert(line.size == 1 && line.text[0] == 'b' && line.offset == 5000003);
	log_lines_free(lines);
}

/* Lines of all lengths around the sizes of buffers, forwards and backwards the same. */
Test(reader_lines, is_the_same_forwards_and_backwards)
{
	_cleanup_log_lines_back_ struct log_lines_back *back = NULL;
	struct {
		uint64_t offset;
		size_t size;
		int kind;
	} seen[2000];
	struct log_lines *lines;
	struct log_line line;
	size_t n = 0;
	int r;

	srandom(7);
	for (int i = 0; i < 300; i++) {
		size_t size = (size_t)random() % (i % 50 == 0 ? 700000 : i % 7 == 0 ? 70000 : 300);

		append_filled("l", (char)('a' + i % 26), size);
		reader_appendf("l", "\n");
	}
	append_filled("l", 'Z', 1500000);
	reader_appendf("l", "\nlast\nrest");
	lines = open_lines("l", false);
	while ((r = log_lines_next(lines, &line)) > 0) {
		cr_assert(lt(sz, n, ARRAY_SIZE(seen)));
		seen[n].offset = line.offset;
		seen[n].size = line.size;
		seen[n++].kind = r;
	}
	cr_assert(eq(int, r, 0));
	cr_assert(eq(sz, n, 302));
	cr_assert(eq(int, log_lines_back_open(log_lines_fd(lines), &back, NULL), 0));
	while ((r = log_lines_back_next(back, &line)) > 0) {
		cr_assert(gt(sz, n, 0));
		n--;
		cr_assert(eq(u64, line.offset, seen[n].offset), "line %zu", n);
		cr_assert(eq(int, r, seen[n].kind), "line %zu", n);
		if (r == LOG_LINES_LINE)
			cr_assert(eq(sz, line.size, seen[n].size), "line %zu", n);
	}
	cr_assert(eq(int, r, 0));
	cr_assert(eq(sz, n, 0));
	log_lines_free(lines);
}

Test(reader_lines, an_empty_file_and_one_without_a_newline_have_no_line)
{
	static const char *const texts[] = { "", "no newline" };

	for (size_t i = 0; i < 2; i++) {
		_cleanup_log_lines_back_ struct log_lines_back *back = NULL;
		struct log_lines *lines;
		struct log_line line;

		unlink(reader_path("l"));
		reader_append("l", texts[i], strlen(texts[i]));
		lines = open_lines("l", false);
		cr_assert(eq(int, log_lines_next(lines, &line), LOG_LINES_END));
		cr_assert(eq(int, log_lines_back_open(log_lines_fd(lines), &back, NULL), 0));
		cr_assert(eq(u64, log_lines_back_end(back), 0));
		cr_assert(eq(int, log_lines_back_next(back, &line), LOG_LINES_END));
		log_lines_free(lines);
	}
}

Test(reader_lines, reads_gzipped_files_and_notices_damage)
{
	struct log_lines *lines;
	struct log_line line;
	int fd, n = 0, r;

	for (int i = 0; i < 5000; i++)
		reader_appendf("l", "line %d %ld\n", i, random());
	reader_compress("l", "l.gz", NULL);
	lines = open_lines("l.gz", true);
	while ((r = log_lines_next(lines, &line)) > 0)
		n++;
	cr_assert(eq(int, r, LOG_LINES_END));
	cr_assert(eq(int, n, 5000));
	log_lines_free(lines);

	cr_assert(eq(int, truncate(reader_path("l.gz"), 20000), 0));
	lines = open_lines("l.gz", true);
	while ((r = log_lines_next(lines, &line)) > 0)
		;
	cr_assert(eq(int, r, -EBADMSG));
	log_lines_free(lines);

	fd = open(reader_path("l.gz"), O_WRONLY | O_CLOEXEC);
	cr_assert(eq(long, (long)pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 5000), 8));
	close(fd);
	lines = open_lines("l.gz", true);
	while ((r = log_lines_next(lines, &line)) > 0)
		;
	cr_assert(eq(int, r, -EBADMSG));
	log_lines_free(lines);
}
