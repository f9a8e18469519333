/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/rotation.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/logs/log_fixture.h"

TestSuite(rotation, .init = fixture_init, .fini = fixture_fini);

/* An entry of "line N\n" has 76 or more bytes: with this limit each file gets exactly one. */
enum { ONE_ENTRY = 10 };

static void put_line(struct feeder *f, int number)
{
	char line[32];

	snprintf(line, sizeof(line), "line %d\n", number);
	cr_assert(gt(long, feeder_puts(f, LOG_STDOUT, line), 0), "%s", f->err.msg);
}

static void wait_for_compressor(struct feeder *f)
{
	while (log_writer_compressing(f->writer) >= 0) {
		struct pollfd wait = { .fd = log_writer_compressing(f->writer), .events = POLLIN };

		cr_assert(eq(int, poll(&wait, 1, 30000), 1));
		log_writer_reap(f->writer);
	}
}

static void expect_line(const char *suffix, int number)
{
	char expected[128], *text = slurp_without_times(log_path(suffix));

	snprintf(expected, sizeof(expected),
		 "{\"log\":\"line %d\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n", number);
	cr_assert(ne(ptr, text, NULL), "no file \"%s\"", suffix);
	cr_expect(eq(str, text, expected), "in \"%s\"", suffix);
	free(text);
}

struct order {
	int next[2]; /* of each stream */
};

static void check_order(const struct entry *entry, void *arg)
{
	struct order *order = arg;
	int stream, number;

	cr_assert(entry != NULL);
	stream = str_equal(entry->stream, "stderr");
	cr_assert(eq(int, sscanf(entry->log, "line %d\n", &number), 1));
	cr_assert(eq(int, number, order->next[stream]));
	order->next[stream]++;
}

static int files_in_dir(void)
{
	DIR *dir = opendir(fixture_dir);
	struct dirent *entry;
	int n = 0;

	cr_assert(dir != NULL);
	while ((entry = readdir(dir)))
		n += !str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..");
	closedir(dir);
	return n;
}

Test(rotation, begins_a_new_file_before_the_entry_behind_the_limit)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 3));
	put_line(&f, 1);
	cr_expect(not(exists(log_path(".1")))); /* not when the limit is crossed */
	put_line(&f, 2);
	expect_line("", 2);
	expect_line(".1", 1);
	feeder_close(&f);
}

Test(rotation, keeps_as_many_files_as_allowed)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 3));
	for (int i = 1; i <= 7; i++)
		put_line(&f, i);
	expect_line("", 7);
	expect_line(".1", 6);
	expect_line(".2", 5);
	cr_expect(eq(int, files_in_dir(), 3));
	feeder_close(&f);
}

Test(rotation, starts_anew_when_only_one_file_is_allowed)
{
	struct feeder f;

	for (unsigned int max_files = 0; max_files <= 1; max_files++) {
		feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = max_files,
					       .compress = true));
		for (int i = 1; i <= 3; i++)
			put_line(&f, i);
		expect_line("", 3);
		cr_expect(eq(int, files_in_dir(), 1));
		feeder_close(&f);
	}
}

Test(rotation, splits_one_read_over_several_files)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 5));
	feeder_puts(&f, LOG_STDOUT, "line 1\nline 2\nline 3\nline 4\n");
	expect_line("", 4);
	expect_line(".1", 3);
	expect_line(".2", 2);
	expect_line(".3", 1);
	feeder_close(&f);
}

Test(rotation, counts_what_an_existing_log_holds)
{
	struct feeder f;

	for (int i = 1; i <= 3; i++) {
		feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 3));
		put_line(&f, i);
		feeder_close(&f);
	}
	expect_line("", 3);
	expect_line(".1", 2);
	expect_line(".2", 1);
}

Test(rotation, gives_the_new_file_mode_0640)
{
	struct feeder f;
	struct stat st;

	umask(022);
	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 2, .compress = true));
	put_line(&f, 1);
	put_line(&f, 2);
	wait_for_compressor(&f);
	cr_assert(zero(int, stat(fixture_log, &st)));
	cr_expect(eq(uint, st.st_mode & 07777, 0640));
	cr_assert(zero(int, stat(log_path(".1.gz"), &st)));
	cr_expect(eq(uint, st.st_mode & 07777, 0640));
	feeder_close(&f);
}

/* --- compression ------------------------------------------------------------------- */

Test(rotation, compresses_the_older_files)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 4, .compress = true));
	for (int i = 1; i <= 7; i++) {
		put_line(&f, i);
		wait_for_compressor(&f);
	}
	expect_line("", 7);
	expect_line(".1.gz", 6);
	expect_line(".2.gz", 5);
	expect_line(".3.gz", 4);
	cr_expect(eq(int, files_in_dir(), 4));
	feeder_close(&f);
}

Test(rotation, keeps_the_time_of_the_last_entry_in_the_header)
{
	const struct spec_pair misleading = { "time", "2016" };
	char expected[64], raw[128], *text;
	struct feeder f;
	FILE *file;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 4, .compress = true,
				       .attrs = { .items = &misleading, .n = 1 }));
	put_line(&f, 1);
	text = slurp(fixture_log, NULL);
	snprintf(expected, sizeof(expected), "{\"lastTime\":\"%.30s\"}", strstr(text, ",\"time\":\"") + 9);
	free(text);
	put_line(&f, 2);
	feeder_close(&f); /* waits */
	file = fopen(log_path(".1.gz"), "re");
	cr_assert(file != NULL);
	cr_assert(gt(sz, fread(raw, 1, sizeof(raw), file), 64));
	fclose(file);
	cr_expect(zero(int, memcmp(raw + 12, expected, strlen(expected))));
}

static void signal_compressor(struct feeder *f, int number)
{
	cr_assert(zero(long,
		       syscall(SYS_pidfd_send_signal, log_writer_compressing(f->writer), number, NULL, 0)));
}

/* 1.2 MB of lines that take a compressor long enough to be stopped. */
static void fill(struct feeder *f, int *number)
{
	char line[4000];

	for (int i = 0; i < 300; i++) {
		for (size_t j = 0; j < sizeof(line); j++)
			line[j] = (char)('a' + rand() % 26);
		line[sprintf(line, "line %d", (*number)++)] = ' ';
		line[sizeof(line) - 1] = '\n';
		cr_assert(gt(long, feeder_put(f, LOG_STDOUT, line, sizeof(line)), 0));
	}
}

Test(rotation, takes_a_running_compression_along)
{
	struct order order = { .next = { 0, 0 } };
	struct feeder f;
	int number = 0;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = 1000000, .max_files = 5, .compress = true));
	fill(&f, &number);
	signal_compressor(&f, SIGSTOP);
	fill(&f, &number);
	fill(&f, &number);
	cr_expect(exists(log_path(".3")));
	cr_expect(not(exists(log_path(".1.gz"))));
	signal_compressor(&f, SIGCONT);
	wait_for_compressor(&f);
	cr_expect(exists(log_path(".1.gz")));
	cr_expect(exists(log_path(".2.gz")));
	cr_expect(exists(log_path(".3.gz")));
	cr_expect(eq(int, files_in_dir(), 4));
	feeder_close(&f);
	cr_assert(zero(sz, visit_entries(check_order, &order)));
	cr_expect(eq(int, order.next[0], number));
}

Test(rotation, ends_the_compression_of_a_file_that_goes)
{
	struct feeder f;
	int number = 0;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = 1000000, .max_files = 3, .compress = true));
	fill(&f, &number);
	signal_compressor(&f, SIGSTOP);
	fill(&f, &number);
	cr_expect(exists(log_path(".2")));
	fill(&f, &number); /* takes the number of the stopped one: a new child on the new .1 */
	cr_expect(ge(int, log_writer_compressing(f.writer), 0));
	wait_for_compressor(&f);
	cr_expect(exists(log_path(".1.gz")));
	cr_expect(exists(log_path(".2.gz")));
	cr_expect(eq(int, files_in_dir(), 3));
	feeder_close(&f);
}

Test(rotation, takes_up_what_a_killed_supervisor_left_plain)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 5));
	for (int i = 1; i <= 3; i++)
		put_line(&f, i);
	feeder_close(&f);
	spill(log_path("-unrelated"), "");
	snprintf(f.err.msg, sizeof(f.err.msg), "%s/.log.gz.part", fixture_dir);
	spill(f.err.msg, "half a file");

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 5, .compress = true));
	put_line(&f, 4);
	wait_for_compressor(&f);
	expect_line(".1.gz", 3);
	expect_line(".2.gz", 2);
	expect_line(".3.gz", 1);
	cr_expect(eq(int, files_in_dir(), 5));
	feeder_close(&f);
}

Test(rotation, fills_a_number_that_a_killed_supervisor_left_free)
{
	struct feeder f;

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 4));
	for (int i = 1; i <= 4; i++)
		put_line(&f, i);
	/* killed between the shift and the rename of the log itself */
	cr_assert(zero(int, unlink(log_path(".1"))));
	put_line(&f, 5);
	expect_line("", 5);
	expect_line(".1", 4);
	expect_line(".2", 2);
	expect_line(".3", 1); /* would be gone had all moved on */
	feeder_close(&f);
}

/* --- attacks ------------------------------------------------------------------------ */

static void expect_canary(const char *path)
{
	char *text = slurp(path, NULL);

	cr_expect(eq(str, text, STR("alive")));
	free(text);
}

Test(rotation, neither_follows_nor_compresses_a_link_among_the_old_files)
{
	struct feeder f;
	struct stat st;
	char canary[128];

	strcpy(canary, log_path("-canary"));
	spill(canary, "alive");
	cr_assert(zero(int, symlink(canary, log_path(".1"))));
	cr_assert(zero(int, symlink(canary, log_path(".1.gz"))));
	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 3, .compress = true));
	for (int i = 1; i <= 2; i++) {
		put_line(&f, i);
		wait_for_compressor(&f);
	}
	expect_line(".1.gz", 1);
	cr_assert(zero(int, lstat(log_path(".2"), &st)));
	cr_expect(eq(uint, st.st_mode & S_IFMT, S_IFLNK));
	expect_canary(canary);
	for (int i = 3; i <= 6; i++)
		put_line(&f, i);
	wait_for_compressor(&f);
	feeder_close(&f);
	expect_canary(canary);
}

Test(rotation, does_not_compress_a_hard_link_to_a_foreign_file)
{
	struct feeder f;
	char canary[128];

	strcpy(canary, log_path("-canary"));
	spill(canary, "alive");
	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 4, .compress = true));
	put_line(&f, 1);
	cr_assert(zero(int, link(canary, log_path(".1"))));
	put_line(&f, 2);
	wait_for_compressor(&f);
	cr_expect(not(exists(log_path(".2.gz"))));
	expect_line(".1.gz", 1);
	expect_canary(canary);
	feeder_close(&f);
}

Test(rotation, does_not_write_through_a_link_in_place_of_the_half_file)
{
	char part[128], canary[128];
	struct feeder f;

	strcpy(canary, log_path("-canary"));
	spill(canary, "alive");
	snprintf(part, sizeof(part), "%s/.log.gz.part", fixture_dir);
	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 3, .compress = true));
	cr_assert(zero(int, symlink(canary, part)));
	put_line(&f, 1);
	put_line(&f, 2);
	wait_for_compressor(&f);
	expect_canary(canary);
	expect_line(".1", 1); /* plain, but there */
	feeder_close(&f);
}

Test(rotation, does_not_write_through_a_link_that_takes_the_place_of_the_log)
{
	struct feeder f;
	char canary[128];

	strcpy(canary, log_path("-canary"));
	spill(canary, "alive");
	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 3));
	put_line(&f, 1);
	cr_assert(zero(int, unlink(fixture_log)));
	cr_assert(zero(int, symlink(canary, fixture_log)));
	put_line(&f, 2);
	expect_line("", 2);
	expect_canary(canary);
	feeder_close(&f);
}

Test(rotation, waits_with_the_output_when_an_old_file_cannot_go)
{
	struct feeder f;
	char line[] = "line 3\n";

	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = ONE_ENTRY, .max_files = 2));
	put_line(&f, 1);
	cr_assert(zero(int, mkdir(log_path(".1"), 0700)));
	cr_expect(eq(long, feeder_puts(&f, LOG_STDOUT, "line 2\n"), -EISDIR));
	cr_expect(eq(str, f.err.msg, STR("remove old log log.1")));
	cr_expect(log_writer_blocked(f.writer));
	cr_expect(eq(long, feeder_put(&f, LOG_STDOUT, line, strlen(line)), -EISDIR));
	cr_assert(zero(int, rmdir(log_path(".1"))));
	cr_expect(eq(long, log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err), 7));
	expect_line("", 3);
	expect_line(".1", 2);
	feeder_close(&f);
}

/* --- order and bounds --------------------------------------------------------------- */

Test(rotation, keeps_the_order_within_each_stream_and_loses_nothing)
{
	struct order order = { .next = { 0, 0 } };
	int sent[2] = { 0, 0 };
	bool many;
	struct feeder f;

	srand(11);
	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = 5000, .max_files = 500, .compress = true));
	for (int i = 0; i < 400; i++) {
		int stream = rand() % 2, lines = rand() % 50;
		char text[2000], *end = text;

		for (int j = 0; j < lines; j++)
			end += sprintf(end, "line %d\n", sent[stream]++);
		/* cut somewhere, so that lines are joined across reads and files */
		feeder_put(&f, (enum log_stream)stream, text, (size_t)(end - text) / 2);
		feeder_put(&f, (enum log_stream)stream, text + (end - text) / 2,
			   (size_t)(end - text - (end - text) / 2));
		log_writer_reap(f.writer);
	}
	feeder_close(&f);
	cr_assert(zero(sz, visit_entries(check_order, &order)));
	cr_expect(eq(int, order.next[0], sent[0]));
	cr_expect(eq(int, order.next[1], sent[1]));
	many = exists(log_path(".100")) || exists(log_path(".100.gz"));
	cr_expect(many, "it took fewer rotations than expected");
}

static long bytes_in_dir(void)
{
	DIR *dir = opendir(fixture_dir);
	struct dirent *entry;
	long bytes = 0;

	cr_assert(dir != NULL);
	while ((entry = readdir(dir))) {
		struct stat st;

		if (entry->d_type == DT_REG && fstatat(dirfd(dir), entry->d_name, &st, 0) == 0)
			bytes += st.st_size;
	}
	closedir(dir);
	return bytes;
}

Test(rotation, bounds_a_flood_on_the_disk)
{
	static char block[65536];
	struct feeder f;

	memset(block, 'y', sizeof(block));
	for (size_t i = 99; i < sizeof(block); i += 100)
		block[i] = '\n';
	feeder_open(&f, FEEDER_OPTIONS(.max_size_bytes = 1 << 20, .max_files = 3, .compress = true));
	for (int i = 0; i < 400; i++) {
		feeder_put(&f, LOG_STDOUT, block, sizeof(block));
		cr_assert(le(long, bytes_in_dir(), 4 << 20));
	}
	feeder_close(&f);
}
