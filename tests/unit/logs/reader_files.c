/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_set.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/log_seek.h"
#include "launcher/logs/log_time.h"
#include "tests/unit/logs/reader_fixture.h"

TestSuite(reader_files, .init = reader_init, .fini = reader_fini);

static struct log_set set_of(const char *name)
{
	struct log_set set;

	cr_assert(eq(int, log_set_init(&set, reader_path(name), false, NULL), 0));
	return set;
}

Test(reader_files, are_listed_the_youngest_first)
{
	static const char *const names[] = { "x",          "x.1",          "x.2.gz", "x.3.gz", "x.3",
					     "x.10.gz",    "x.01",         "x.y",    "xx",     "x.1.gz.part",
					     ".x.gz.part", "x.4294967296", "x.0" };
	static const struct {
		unsigned int number;
		bool gzipped;
	} wanted[] = {
		{ 0, false }, { 1, false }, { 2, true }, { 3, false }, { 10, true },
	};
	struct log_set set = set_of("x");
	struct log_slot *slots;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		reader_append(names[i], "", 0);
	cr_assert(eq(int, log_set_list(&set, &slots, &n, NULL), 0));
	cr_assert(eq(sz, n, ARRAY_SIZE(wanted)));
	for (size_t i = 0; i < n; i++)
		cr_assert(slots[i].number == wanted[i].number && slots[i].gzipped == wanted[i].gzipped, "%zu",
			  i);
	free(slots);
}

Test(reader_files, are_none_where_the_directory_is_missing)
{
	struct log_set set = set_of("missing/x");
	struct log_slot *slots;
	size_t n = 7;

	cr_assert(eq(int, log_set_list(&set, &slots, &n, NULL), 0));
	cr_assert(eq(sz, n, 0));
}

Test(reader_files, are_not_opened_when_they_moved_or_are_no_files)
{
	struct log_set set = set_of("x");
	struct error err = { 0 };
	struct log_slot *slots;
	size_t n;

	reader_append("x", "", 0);
	reader_append("x.1", "", 0);
	cr_assert(eq(int, log_set_list(&set, &slots, &n, NULL), 0));
	cr_assert(eq(int, rename(reader_path("x"), reader_path("x.1")), 0));
	cr_assert(eq(int, log_set_open(&set, &slots[0], &err), -ESTALE));
	reader_append("x", "", 0);
	cr_assert(eq(int, log_set_open(&set, &slots[0], &err), -ESTALE));
	cr_assert(eq(int, log_set_open(&set, &slots[1], &err), -ESTALE));
	free(slots);

	unlink(reader_path("x"));
	cr_assert(eq(int, mkfifo(reader_path("x"), 0600), 0));
	cr_assert(eq(int, log_set_list(&set, &slots, &n, NULL), 0));
	cr_assert(eq(int, log_set_open(&set, &slots[0], &err), -EINVAL));
	cr_assert(strstr(err.msg, "not a regular file") != NULL, "%s", err.msg);
	free(slots);

	unlink(reader_path("x"));
	cr_assert(eq(int, symlink("/etc/passwd", reader_path("x")), 0));
	cr_assert(eq(int, log_set_list(&set, &slots, &n, NULL), 0));
	cr_assert(eq(int, log_set_open(&set, &slots[0], &err), -ELOOP));
	free(slots);
}

Test(reader_files, a_named_link_leads_to_the_directory_of_its_target)
{
	struct log_set set;

	cr_assert(eq(int, mkdir(reader_path("pod"), 0700), 0));
	reader_append("pod/0.log", "", 0);
	cr_assert(eq(int, symlink("pod/0.log", reader_path("link.log")), 0));
	cr_assert(eq(int, log_set_init(&set, reader_path("link.log"), true, NULL), 0));
	cr_assert(eq(str, set.name, "0.log"));
	cr_assert(strstr(set.dir, "/pod") != NULL);
	unlink(reader_path("pod/0.log"));
	rmdir(reader_path("pod"));
	cr_assert(eq(int, log_set_init(&set, reader_path("link.log"), true, NULL), -ENOENT));
}

static int last_time(const char *name, bool gzipped, int64_t *ret)
{
	_cleanup_fd_ int fd = open(reader_path(name), O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return log_set_last_time(fd, gzipped, ret);
}

Test(reader_files, tell_when_they_end)
{
	int64_t ns;

	reader_append_lines("x", 0, 100);
	reader_appendf("x", "torn {\n\nmore");
	cr_assert(eq(int, last_time("x", false, &ns), 0));
	cr_assert(eq(i64, ns, reader_time(99)));
	reader_compress("x", "x.gz", "{\"lastTime\":\"2026-01-01T00:01:39.000000000Z\"}");
	cr_assert(eq(int, last_time("x.gz", true, &ns), 0));
	cr_assert(eq(i64, ns, reader_time(99)));
	reader_append_lines("y", 0, 1);
	reader_compress("y", "y.gz", NULL);
	cr_assert(eq(int, last_time("y.gz", true, &ns), -ENODATA));
	reader_append("z", "\x1f\x8b\x08\x04zzzzzz\xff\xff short", 18);
	cr_assert(eq(int, last_time("z", true, &ns), -ENODATA));
	reader_append("empty", "", 0);
	cr_assert(eq(int, last_time("empty", false, &ns), -ENODATA));
	cr_assert(eq(int, last_time("empty", true, &ns), -ENODATA));
}

Test(reader_files, a_time_is_found_by_halves)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	for (unsigned int i = 0; i < 20; i++)
		reader_append_lines("x", i * 1000, 1000);
	fd = open(reader_path("x"), O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && fstat(fd, &st) == 0);
	for (unsigned int second = 0; second < 20010; second += 667) {
		char text[200] = "";
		uint64_t offset;

		cr_assert(eq(int, log_seek_time(fd, (uint64_t)st.st_size, reader_time(second), &offset), 0));
		cr_assert(gt(int, (int)pread(fd, text, sizeof(text) - 1, (off_t)offset), 0));
		cr_assert(str_starts(text, "{\"log\":\""), "%u: not at a line's begin", second);
		cr_assert(le(u32, (unsigned int)atoi(text + 8), second));
		/* and not too far away: at most what is read rather than searched */
		cr_assert(second < 3000 || (unsigned int)atoi(text + 8) + 2600 > second, "%u at %s", second,
			  text);
	}
}

Test(reader_files, the_last_lines_are_found_from_the_end)
{
	const struct log_filter all = { LOG_TIME_MIN, LOG_TIME_MAX, { true, true } };
	struct log_set set = set_of("x");
	struct log_start start;
	struct stat st;

	for (unsigned int i = 0; i < 30; i++)
		reader_append_lines("x", i * 1000, 1000);
	cr_assert(eq(int, stat(reader_path("x"), &st), 0));
	cr_assert(eq(int, log_seek_start(&set, &all, 10, &start, NULL), 0));
	cr_assert(start.found && start.slot.number == 0);
	cr_assert(eq(u64, (uint64_t)st.st_size - start.offset, 10 * 76 + start.skip * 76));
	cr_assert(le(u64, start.skip, 1));
	cr_assert(eq(int, log_seek_start(&set, &all, 0, &start, NULL), 0));
	cr_assert(start.offset == (uint64_t)st.st_size && start.skip == 0);
}

Test(reader_files, of_no_log_nothing_is_found)
{
	const struct log_filter all = { LOG_TIME_MIN, LOG_TIME_MAX, { true, true } };
	struct log_set set = set_of("x");
	struct log_start start;

	cr_assert(eq(int, log_seek_start(&set, &all, 10, &start, NULL), 0));
	cr_assert(not(start.found));
	cr_assert(eq(int, log_seek_start(&set, &all, LOG_SEEK_ALL, &start, NULL), 0));
	cr_assert(not(start.found));
}
