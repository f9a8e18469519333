/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_file.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/logs/log_fixture.h"

TestSuite(log_file, .init = fixture_init, .fini = fixture_fini);

static struct error err;

/* Opens a log below the test's directory; the result of open_writer(). */
static int open_below(const char *below)
{
	struct log_writer *writer = NULL;
	char path[512];
	int r;

	snprintf(path, sizeof(path), "%s/%s", fixture_dir, below);
	memset(&err, 0, sizeof(err));
	r = open_writer(FEEDER_OPTIONS(.path = path), &writer, &err);
	cr_expect(eq(int, r == 0, writer != NULL));
	close_writer(writer);
	return r;
}

static const char *below(const char *name)
{
	static char path[2][160];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", fixture_dir, name);
	return path[turn];
}

static unsigned int mode_of(const char *name)
{
	struct stat st;

	cr_assert(zero(int, lstat(below(name), &st)));
	return st.st_mode & 07777;
}

Test(log_file, creates_the_file_0640_in_two_directories_0750)
{
	umask(022);
	cr_assert(zero(int, open_below("kapsel/web/web-json.log")), "%s", err.msg);
	cr_expect(eq(uint, mode_of("kapsel"), 0750));
	cr_expect(eq(uint, mode_of("kapsel/web"), 0750));
	cr_expect(eq(uint, mode_of("kapsel/web/web-json.log"), 0640));
	cr_expect(zero(int, open_below("kapsel//web/web-json.log")));
}

Test(log_file, creates_no_third_directory)
{
	cr_expect(eq(int, open_below("a/b/c/log"), -ENOENT));
	cr_expect(ne(str, err.remedy, STR("")));
	cr_expect(not(exists(below("a"))));
}

Test(log_file, refuses_a_path_that_is_relative_or_goes_back)
{
	const char *const paths[] = { "log",         "./log",      "",        "/", "/tmp/",
				      "/tmp/../log", "/tmp/./log", "/tmp/..", "//" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct log_writer *writer = NULL;

		cr_expect(eq(int, open_writer(FEEDER_OPTIONS(.path = paths[i]), &writer, &err), -EINVAL),
			  "path \"%s\"", paths[i]);
		cr_expect(zero(ptr, writer));
	}
}

Test(log_file, refuses_a_name_that_leaves_no_room_for_the_suffixes)
{
	char name[252];

	memset(name, 'n', sizeof(name));
	name[250] = '\0';
	cr_expect(eq(int, open_below(name), -ENAMETOOLONG));
	name[200] = '\0';
	cr_expect(zero(int, open_below(name)));
}

Test(log_file, does_not_follow_a_log_that_is_a_symbolic_link)
{
	char *text;

	spill(below("canary"), "alive");
	cr_assert(zero(int, symlink("canary", below("log"))));
	cr_expect(eq(int, open_below("log"), -ELOOP));
	text = slurp(below("canary"), NULL);
	cr_expect(eq(str, text, STR("alive")));
	free(text);
}

Test(log_file, does_not_create_what_a_dangling_link_points_to)
{
	cr_assert(zero(int, symlink("victim", below("log"))));
	cr_expect(eq(int, open_below("log"), -ELOOP));
	cr_expect(not(exists(below("victim"))));
}

Test(log_file, does_not_write_to_a_file_with_a_second_name)
{
	spill(below("canary"), "alive");
	cr_assert(zero(int, link(below("canary"), below("log"))));
	cr_expect(eq(int, open_below("log"), -EMLINK));
}

Test(log_file, does_not_hang_on_a_fifo)
{
	cr_assert(zero(int, mkfifo(below("log"), 0600)));
	cr_expect(eq(int, open_below("log"), -EINVAL));
}

Test(log_file, refuses_a_directory_in_place_of_the_log)
{
	cr_assert(zero(int, mkdir(below("log"), 0700)));
	cr_expect(eq(int, open_below("log"), -EISDIR));
}

Test(log_file, refuses_a_link_in_either_of_the_last_two_directories)
{
	cr_assert(zero(int, mkdir(below("real"), 0700)));
	cr_assert(zero(int, mkdir(below("real/sub"), 0700)));
	cr_assert(zero(int, symlink("real", below("link"))));
	cr_expect(eq(int, open_below("link/log"), -ELOOP));
	cr_expect(eq(int, open_below("link/sub/log"), -ELOOP));
	cr_expect(eq(int, open_below("link/new/log"), -ELOOP));
	cr_expect(not(exists(below("real/log"))));
	cr_expect(not(exists(below("real/new"))));
	cr_expect(not(exists(below("real/sub/log"))));
}

Test(log_file, says_which_directory_is_a_link)
{
	cr_assert(zero(int, symlink("/tmp", below("link"))));
	open_below("link/log");
	cr_expect(ne(ptr, strstr(err.msg, "\"link\""), NULL));
	cr_expect(ne(ptr, strstr(err.msg, "symbolic link"), NULL));
}

Test(log_file, refuses_a_file_in_place_of_a_directory)
{
	spill(below("file"), "");
	cr_expect(eq(int, open_below("file/log"), -ENOTDIR));
}

Test(log_file, refuses_a_directory_that_everybody_may_change)
{
	cr_assert(zero(int, mkdir(below("open"), 0700)));
	cr_assert(zero(int, chmod(below("open"), 0777)));
	cr_expect(eq(int, open_below("open/log"), -EPERM));
	cr_assert(zero(int, chmod(below("open"), 01777)));
	cr_expect(zero(int, open_below("open/log")));
}

Test(log_file, refuses_a_log_of_another_user)
{
	if (geteuid() != 0)
		cr_skip_test("only root can give a file away");
	spill(below("log"), "");
	cr_assert(zero(int, chown(below("log"), 65534, 65534)));
	cr_expect(eq(int, open_below("log"), -EPERM));
	cr_expect(ne(str, err.remedy, STR("")));
}
