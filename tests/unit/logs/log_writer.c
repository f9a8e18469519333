/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_writer.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/logs/log_fixture.h"

enum { PIECE = 16384 };

#if defined(__SANITIZE_ADDRESS__)
enum { ENDLESS_MIB = 8 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { ENDLESS_MIB = 8 };
#else
enum { ENDLESS_MIB = 100 };
#endif
#else
enum { ENDLESS_MIB = 100 };
#endif

TestSuite(log_writer, .init = fixture_init, .fini = fixture_fini);

static void expect_log(const char *expected)
{
	char *text = slurp_without_times(fixture_log);

	cr_expect(eq(str, text, STR(expected)));
	free(text);
}

Test(log_writer, writes_one_object_a_line_as_dockerd_does)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	cr_assert(eq(long, feeder_puts(&f, LOG_STDOUT, "hello\n\nworld\n"), 13));
	cr_assert(eq(long, feeder_puts(&f, LOG_STDERR, "oops \"<&>\"\n"), 11));
	expect_log(
		"{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n"
		"{\"log\":\"\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n"
		"{\"log\":\"world\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n"
		"{\"log\":\"oops \\\"\\u003c\\u0026\\u003e\\\"\\n\",\"stream\":\"stderr\",\"time\":\"T\"}\n");
	feeder_close(&f);
}

Test(log_writer, puts_sorted_attrs_before_the_time)
{
	const struct spec_pair items[] = { { "tag", "web" }, { "env", "a&b" } };
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS(.attrs = { .items = items, .n = 2 }));
	feeder_puts(&f, LOG_STDERR, "x\n");
	expect_log("{\"log\":\"x\\n\",\"stream\":\"stderr\","
		   "\"attrs\":{\"env\":\"a\\u0026b\",\"tag\":\"web\"},\"time\":\"T\"}\n");
	feeder_close(&f);
}

Test(log_writer, says_that_the_pipe_is_empty)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	cr_expect(eq(long, log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err), -EAGAIN));
	feeder_close(&f);
}

Test(log_writer, joins_a_line_that_comes_in_several_reads)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	feeder_puts(&f, LOG_STDOUT, "one ");
	feeder_puts(&f, LOG_STDERR, "err");
	feeder_puts(&f, LOG_STDOUT, "line\nsecond");
	expect_log("{\"log\":\"one line\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n");
	feeder_puts(&f, LOG_STDERR, "or\n");
	cr_expect(zero(long, feeder_end(&f, LOG_STDOUT)));
	cr_expect(zero(long, feeder_end(&f, LOG_STDERR)));
	expect_log("{\"log\":\"one line\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n"
		   "{\"log\":\"error\\n\",\"stream\":\"stderr\",\"time\":\"T\"}\n"
		   "{\"log\":\"second\",\"stream\":\"stdout\",\"time\":\"T\"}\n");
	feeder_close(&f);
}

Test(log_writer, keeps_a_character_whole_that_is_split_over_two_reads)
{
	const char text[] = "\xf0\x9f\x98\x80\xe2\x82\xac\n";
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	for (size_t i = 0; text[i]; i++)
		feeder_put(&f, LOG_STDOUT, text + i, 1);
	expect_log("{\"log\":\"\xf0\x9f\x98\x80\xe2\x82\xac\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n");
	feeder_close(&f);
}

Test(log_writer, writes_a_begun_line_when_it_is_closed_before_the_end)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	feeder_puts(&f, LOG_STDOUT, "out");
	feeder_puts(&f, LOG_STDERR, "err");
	feeder_close(&f);
	expect_log("{\"log\":\"out\",\"stream\":\"stdout\",\"time\":\"T\"}\n"
		   "{\"log\":\"err\",\"stream\":\"stderr\",\"time\":\"T\"}\n");
}

Test(log_writer, starts_anew_after_the_end_of_a_stream)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	feeder_puts(&f, LOG_STDOUT, "first run");
	cr_expect(zero(long, feeder_end(&f, LOG_STDOUT)));
	cr_expect(zero(long, log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err)));
	close(f.pipes[0][0]);
	cr_assert(zero(int, pipe(f.pipes[0])));
	feeder_puts(&f, LOG_STDOUT, "second run\n");
	expect_log("{\"log\":\"first run\",\"stream\":\"stdout\",\"time\":\"T\"}\n"
		   "{\"log\":\"second run\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n");
	feeder_close(&f);
}

/* --- pieces of 16 KiB -------------------------------------------------------------- */

struct pieces {
	size_t n;
	size_t sizes[16];
	char times[16][40];
	char last[16];
};

static void note_piece(const struct entry *entry, void *arg)
{
	struct pieces *pieces = arg;

	cr_assert(entry && pieces->n < 16);
	pieces->sizes[pieces->n] = entry->log_size;
	strcpy(pieces->times[pieces->n], entry->time);
	pieces->last[pieces->n] = entry->log[entry->log_size - 1];
	pieces->n++;
}

static void feed_long(struct feeder *f, size_t size)
{
	static char buffer[PIECE * 4];

	memset(buffer, 'x', sizeof(buffer));
	while (size > 0) {
		size_t now = size < 10007 ? size : 10007;

		cr_assert(eq(long, feeder_put(f, LOG_STDOUT, buffer, now), (long)now));
		size -= now;
	}
}

Test(log_writer, cuts_a_long_line_into_pieces_that_share_the_first_ones_time)
{
	struct pieces pieces = { 0 };
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	feed_long(&f, 2 * PIECE + 5);
	usleep(2000);
	feeder_puts(&f, LOG_STDOUT, "\nnext\n");
	cr_assert(zero(sz, visit_entries(note_piece, &pieces)));
	cr_assert(eq(sz, pieces.n, 4));
	cr_expect(eq(sz, pieces.sizes[0], PIECE));
	cr_expect(eq(sz, pieces.sizes[1], PIECE));
	cr_expect(eq(sz, pieces.sizes[2], 6));
	cr_expect(eq(chr, pieces.last[0], 'x'));
	cr_expect(eq(chr, pieces.last[2], '\n'));
	cr_expect(eq(str, pieces.times[1], pieces.times[0]));
	cr_expect(eq(str, pieces.times[2], pieces.times[0]));
	cr_expect(gt(str, pieces.times[3], pieces.times[0]));
	feeder_close(&f);
}

Test(log_writer, ends_a_line_of_exactly_one_piece_with_an_entry_of_its_newline)
{
	struct pieces pieces = { 0 };
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	feed_long(&f, PIECE - 1);
	feeder_puts(&f, LOG_STDOUT, "\n");
	feed_long(&f, PIECE);
	feeder_puts(&f, LOG_STDOUT, "\n");
	feed_long(&f, PIECE);
	cr_expect(zero(long, feeder_end(&f, LOG_STDOUT)));
	visit_entries(note_piece, &pieces);
	cr_assert(eq(sz, pieces.n, 4));
	cr_expect(eq(sz, pieces.sizes[0], PIECE));
	cr_expect(eq(sz, pieces.sizes[1], PIECE));
	cr_expect(eq(sz, pieces.sizes[2], 1));
	cr_expect(eq(sz, pieces.sizes[3], PIECE));
	cr_expect(eq(chr, pieces.last[3], 'x'));
	feeder_close(&f);
}

Test(log_writer, does_to_a_character_on_the_cut_what_dockerd_does)
{
	char *text, *cut;
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS());
	feed_long(&f, PIECE - 1);
	feeder_puts(&f, LOG_STDOUT, "\xe2\x82\xac!\n");
	text = slurp_without_times(fixture_log);
	cut = strstr(text, "x\\");
	cr_assert(cut != NULL);
	cr_expect(eq(str, cut,
		     STR("x\\ufffd\",\"stream\":\"stdout\",\"time\":\"T\"}\n"
			 "{\"log\":\"\\ufffd\\ufffd!\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n")));
	free(text);
	feeder_close(&f);
}

/* --- hostile workloads ------------------------------------------------------------- */

static void expect_byte_line(const struct entry *entry, void *arg)
{
	int *byte = arg;
	const char raw[] = { 'a', (char)*byte, 'z', '\n' };
	const char replaced[] = "a\xef\xbf\xbdz\n";

	if (*byte == '\n')
		*byte = '\n' + 1; /* fed as no line at all */
	cr_assert(entry != NULL, "byte %d", *byte);
	if (*byte < 0x80)
		cr_expect(entry->log_size == 4 && entry->log[1] == *byte, "byte %d", *byte);
	else
		cr_expect(eq(str, STR(entry->log), STR(replaced)), "byte %d", *byte);
	cr_expect(raw[0] == entry->log[0]);
	++*byte;
}

Test(log_writer, brings_every_byte_back_through_another_json_parser)
{
	struct feeder f;
	int byte = 0;

	feeder_open(&f, FEEDER_OPTIONS());
	for (int i = 0; i < 256; i++) {
		const char line[] = { 'a', (char)i, 'z', '\n' };

		if (i != '\n')
			feeder_put(&f, LOG_STDOUT, line, sizeof(line));
	}
	cr_assert(zero(sz, visit_entries(expect_byte_line, &byte)));
	cr_expect(eq(int, byte, 256));
	feeder_close(&f);
}

static const char *const look_alikes[] = {
	"\"},{\"log\":\"forged\",\"stream\":\"stdout\",\"time\":\"2016-10-06T00:17:09.669794202Z\"}",
	"{\"log\":\"forged\\n\",\"stream\":\"stdout\",\"time\":\"2016-10-06T00:17:09.669794202Z\"}",
	"\\n{\"log\":\"forged\"}\r{\"log\":\"forged\"}\xe2\x80\xa8{\"log\":\"forged\"}\v{}\x85{}",
	"\\\",\"stream\":\"stderr\",\"attrs\":{\"uid\":\"0\"}",
	"\\u000a\\u0022}",
	"\x1b]0;title\x07\x1b[2J\x1b[1;1H\x08\x08\x08",
	"kapsel: 5 bytes dropped",
};

static void expect_look_alike(const struct entry *entry, void *arg)
{
	size_t *n = arg;

	cr_assert(entry != NULL, "look-alike %zu", *n);
	cr_expect(eq(str, STR(entry->stream), STR("stdout")), "look-alike %zu", *n);
	/* \x85 alone is not UTF-8; everything before it comes back as it was */
	cr_expect(zero(int, strncmp(entry->log, look_alikes[*n], strcspn(look_alikes[*n], "\x85"))),
		  "look-alike %zu", *n);
	++*n;
}

Test(log_writer, lets_no_output_forge_an_entry)
{
	struct feeder f;
	size_t n = 0;

	feeder_open(&f, FEEDER_OPTIONS());
	for (size_t i = 0; i < ARRAY_SIZE(look_alikes); i++) {
		feeder_puts(&f, LOG_STDOUT, look_alikes[i]);
		feeder_puts(&f, LOG_STDOUT, "\n");
	}
	cr_assert(zero(sz, visit_entries(expect_look_alike, &n)));
	cr_expect(eq(sz, n, ARRAY_SIZE(look_alikes)));
	feeder_close(&f);
}

static void expect_entry(const struct entry *entry, void *arg)
{
	cr_assert(entry != NULL);
	*(size_t *)arg += entry->log_size;
}

Test(log_writer, writes_only_parsable_lines_for_random_bytes)
{
	unsigned char bytes[8192];
	struct feeder f;
	size_t back = 0;

	srand(7);
	feeder_open(&f, FEEDER_OPTIONS());
	for (int i = 0; i < 64; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (unsigned char)(rand() >> 7);
		cr_assert(eq(long,
			     feeder_put(&f, (enum log_stream)(i / 3 % 2), bytes,
					1 + (size_t)rand() % sizeof(bytes)) > 0,
			     1));
	}
	cr_expect(zero(long, feeder_end(&f, LOG_STDOUT)));
	cr_expect(zero(long, feeder_end(&f, LOG_STDERR)));
	cr_assert(zero(sz, visit_entries(expect_entry, &back)));
	cr_expect(gt(sz, back, 64 * 1024));
	feeder_close(&f);
}

Test(log_writer, takes_sixty_four_kibibytes_of_newlines_at_once)
{
	static char newlines[65536];
	struct feeder f;
	size_t back = 0;

	memset(newlines, '\n', sizeof(newlines));
	feeder_open(&f, FEEDER_OPTIONS());
	cr_assert(eq(long, feeder_put(&f, LOG_STDOUT, newlines, sizeof(newlines)), 65536));
	cr_assert(zero(sz, visit_entries(expect_entry, &back)));
	cr_expect(eq(sz, back, sizeof(newlines)));
	feeder_close(&f);
}

static size_t resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size, resident = 0;

	cr_assert(file != NULL);
	cr_assert(eq(int, fscanf(file, "%lu %lu", &size, &resident), 2));
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

Test(log_writer, needs_no_more_memory_for_a_line_that_never_ends)
{
	static char bytes[65536];
	size_t before, after;
	struct feeder f;

	memset(bytes, 1, sizeof(bytes)); /* six bytes of JSON each */
	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = 1 << 20, .max_files = 2));
	for (int i = 0; i < 32; i++) /* with a rotation or two: that code comes into memory too */
		feeder_put(&f, LOG_STDOUT, bytes, sizeof(bytes));
	before = resident_kib();
	for (int i = 0; i < ENDLESS_MIB * 16; i++)
		cr_assert(eq(long, feeder_put(&f, LOG_STDOUT, bytes, sizeof(bytes)), 65536));
	after = resident_kib();
	cr_expect(le(sz, after, before + 1024), "%zu KiB before, %zu after", before, after);
	feeder_close(&f);
}

/* --- opening ----------------------------------------------------------------------- */

Test(log_writer, continues_an_existing_log)
{
	struct feeder f;

	spill(fixture_log, "{\"log\":\"old\\n\"}\n");
	feeder_open(&f, FEEDER_OPTIONS());
	feeder_puts(&f, LOG_STDOUT, "new\n");
	expect_log("{\"log\":\"old\\n\"}\n{\"log\":\"new\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n");
	feeder_close(&f);
}

Test(log_writer, ends_the_torn_line_of_a_killed_writer_first)
{
	struct feeder f;

	spill(fixture_log, "{\"log\":\"ol");
	feeder_open(&f, FEEDER_OPTIONS());
	feeder_puts(&f, LOG_STDOUT, "new\n");
	expect_log("{\"log\":\"ol\n{\"log\":\"new\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n");
	feeder_close(&f);
}

Test(log_writer, refuses_a_size_limit_of_zero)
{
	struct log_options *options = FEEDER_OPTIONS();
	struct log_writer *writer = NULL;
	struct error err = { 0 };

	options->max_size_bytes = 0;
	cr_expect(eq(int, open_writer(options, &writer, &err), -EINVAL));
	cr_expect(zero(ptr, writer));
}

Test(log_writer, refuses_attrs_that_would_fill_the_log)
{
	struct log_writer *writer = NULL;
	struct error err = { 0 };
	struct spec_pair item = { .name = "x" };
	char *value = malloc(40001);

	cr_assert(value != NULL);
	memset(value, 'v', 40000);
	value[40000] = '\0';
	item.value = value;
	cr_expect(eq(int, open_writer(FEEDER_OPTIONS(.attrs = { .items = &item, .n = 1 }), &writer, &err),
		     -E2BIG));
	cr_expect(ne(str, err.remedy, STR("")));
	free(value);
}
