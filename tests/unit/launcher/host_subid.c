/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/subid.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"

Test(host_subid, finds_a_range_by_name_and_by_number)
{
	struct subid_range range;

	cr_assert(subid_parse_line("ada:100000:65536", "ada", 1000, &range));
	cr_assert(eq(u32, range.first, 100000));
	cr_assert(eq(u32, range.count, 65536));
	cr_assert(subid_parse_line("1000:200000:1", "ada", 1000, &range));
	cr_assert(eq(u32, range.first, 200000));
	cr_assert(subid_parse_line("1000:200000:1", "", 1000, &range));
}

Test(host_subid, takes_no_range_of_somebody_else)
{
	struct subid_range range;

	cr_assert(not(subid_parse_line("ada2:100000:65536", "ada", 1000, &range)));
	cr_assert(not(subid_parse_line("ad:100000:65536", "ada", 1000, &range)));
	cr_assert(not(subid_parse_line("10000:100000:65536", "ada", 1000, &range)));
	cr_assert(not(subid_parse_line(":100000:65536", "", 1000, &range)), "an empty name is not everybody");
}

Test(host_subid, refuses_malformed_lines_and_impossible_ranges)
{
	const char *const bad[] = { "",
				    "ada",
				    "ada:",
				    "ada:1",
				    "ada::1",
				    "ada:1:",
				    "ada:1:1:1",
				    "ada:-1:5",
				    "ada:1:+5",
				    "ada: 1:5",
				    "ada:1:5 ",
				    "ada:0x10:5",
				    "ada:100000:0",
				    "ada:4294967295:1",
				    "ada:4294967290:6",
				    "ada:1:4294967296",
				    "ada:99999999999999999999:1",
				    "#ada:1:1" };
	struct subid_range range = { 7, 7 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(not(subid_parse_line(bad[i], "ada", 1000, &range)), "\"%s\"", bad[i]);
	cr_assert(eq(u32, range.first, 7), "nothing is written on a refusal");
	cr_assert(subid_parse_line("ada:4294967290:5", "ada", 1000, &range));
}

static char path[] = "/tmp/kapsel-test-subid-XXXXXX";

static void write_file(const char *text)
{
	int fd;

	strcpy(path, "/tmp/kapsel-test-subid-XXXXXX");
	fd = mkstemp(path);
	cr_assert(ge(int, fd, 0));
	cr_assert(eq(long, write(fd, text, strlen(text)), (long)strlen(text)));
	close(fd);
}

Test(host_subid, reads_the_first_range_of_the_user)
{
	struct subid_range range;

	write_file("bob:1:1\nbroken\nada:0:0\nada:300000:65536\nada:400000:65536");
	cr_assert(zero(int, subid_read(path, "ada", 1000, &range)));
	cr_assert(eq(u32, range.first, 300000));
	cr_assert(zero(int, subid_read(path, "eve", 1003, &range)));
	cr_assert(zero(u32, range.count));
	unlink(path);
}

Test(host_subid, reads_a_last_line_without_newline)
{
	struct subid_range range;

	write_file("bob:1:1\nada:300000:10");
	cr_assert(zero(int, subid_read(path, "ada", 1000, &range)));
	cr_assert(eq(u32, range.count, 10));
	unlink(path);
}

Test(host_subid, passes_over_a_line_that_is_too_long_whole)
{
	struct subid_range range;
	char text[9000];

	memset(text, 'x', sizeof(text));
	/* The end of the long line looks like a line of ours, but isn't one. */
	strcpy(text + 5000, "ada:1:1\nada:500000:20\n");
	write_file(text);
	cr_assert(zero(int, subid_read(path, "ada", 1000, &range)));
	cr_assert(eq(u32, range.first, 500000));
	unlink(path);
}

Test(host_subid, does_not_wait_on_a_pipe_or_read_a_device)
{
	struct subid_range range;
	char name[SUBID_NAME_MAX];

	snprintf(path, sizeof(path), "/tmp/kapsel-test-fifo-%06d", getpid() % 1000000);
	cr_assert(zero(int, mkfifo(path, 0600)));
	cr_assert(eq(int, subid_read(path, "ada", 1000, &range), -EINVAL));
	cr_assert(eq(int, subid_user_name(path, 1000, name), -EINVAL));
	unlink(path);
	cr_assert(eq(int, subid_read("/dev/zero", "ada", 1000, &range), -EINVAL));
	cr_assert(eq(int, subid_read("/tmp", "ada", 1000, &range), -EINVAL));
	cr_assert(eq(int, subid_read("/no/such/file", "ada", 1000, &range), -ENOENT));
}

Test(host_subid, gives_up_on_a_file_without_end)
{
	struct subid_range range;

	write_file("bob:1:1\n");
	cr_assert(zero(int, truncate(path, 1LL << 32)));
	cr_assert(eq(int, subid_read(path, "ada", 1000, &range), -EFBIG));
	cr_assert(zero(u32, range.count));
	unlink(path);
}

Test(host_subid, finds_the_users_name)
{
	char name[SUBID_NAME_MAX];

	write_file(
		"root:x:0:0:root:/root:/bin/bash\nbad\n:x:1000::::\nada:x:1000:1000:Ada,,,:/home/ada:/bin/sh\n"
		"ada2:x:1000:1::/:/\n");
	cr_assert(zero(int, subid_user_name(path, 1000, name)));
	cr_assert(eq(str, name, "ada"));
	cr_assert(zero(int, subid_user_name(path, 0, name)));
	cr_assert(eq(str, name, "root"));
	cr_assert(eq(int, subid_user_name(path, 1, name), -ENOENT));
	cr_assert(eq(str, name, ""));
	unlink(path);
}
