/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/source.h"

#include "reading.h"

static char directory[32];

static void enter(void)
{
	enter_directory(directory);
}

static void leave(void)
{
	leave_directory(directory);
}

TestSuite(source, .init = enter, .fini = leave);

static void expect(const char *path, const char *message)
{
	_cleanup_reading_ struct reading reading = read_file_with(path, NULL, true);

	cr_assert(eq(int, reading.result, -22));
	cr_assert(eq(sz, reading.findings.n, 1));
	cr_assert(same_text(reading.findings.items[0].message, message));
}

Test(source, reads_a_file_of_its_own_user)
{
	_cleanup_reading_ struct reading reading = { 0 };

	write_file("p.kapsel.jsonc", PROFILE(""));
	reading = read_file_with("p.kapsel.jsonc", NULL, true);
	cr_assert(eq(int, reading.result, 0));
	cr_assert(same_text(reading.spec->file, "p.kapsel.jsonc"));
}

Test(source, says_that_there_is_no_such_file)
{
	expect("none.kapsel.jsonc", "there is no profile \"none.kapsel.jsonc\"");
}

Test(source, refuses_a_symbolic_link)
{
	write_file("p.kapsel.jsonc", PROFILE(""));
	cr_assert(eq(int, symlink("p.kapsel.jsonc", "l.kapsel.jsonc"), 0));
	expect("l.kapsel.jsonc", "\"l.kapsel.jsonc\" is a symbolic link");
}

Test(source, does_not_wait_for_a_fifo)
{
	cr_assert(eq(int, mkfifo("f.kapsel.jsonc", 0600), 0));
	expect("f.kapsel.jsonc", "\"f.kapsel.jsonc\" is not a regular file");
}

Test(source, refuses_a_directory_and_a_device)
{
	cr_assert(eq(int, mkdir("d.kapsel.jsonc", 0700), 0));
	expect("d.kapsel.jsonc", "\"d.kapsel.jsonc\" is not a regular file");
	expect("/dev/zero", "\"/dev/zero\" is not a regular file");
}

Test(source, refuses_what_others_can_write)
{
	write_file("p.kapsel.jsonc", PROFILE(""));
	cr_assert(eq(int, chmod("p.kapsel.jsonc", 0664), 0));
	expect("p.kapsel.jsonc", "\"p.kapsel.jsonc\" can be written by others (mode 0664)");
	cr_assert(eq(int, chmod("p.kapsel.jsonc", 0646), 0));
	expect("p.kapsel.jsonc", "\"p.kapsel.jsonc\" can be written by others (mode 0646)");
}

Test(source, judges_the_owner)
{
	struct stat st = { .st_uid = getuid(), .st_mode = S_IFREG | 0644 };

	cr_assert(source_trusted(&st));
	st.st_uid = 0;
	cr_assert(source_trusted(&st));
	st.st_uid = getuid() + 12345;
	cr_assert(not(source_trusted(&st)));
}

Test(source, refuses_a_file_of_another_user)
{
	if (getuid() != 0)
		cr_skip_test("only root can give a file away");
	write_file("p.kapsel.jsonc", PROFILE(""));
	cr_assert(eq(int, chown("p.kapsel.jsonc", 4242, 0), 0));
	expect("p.kapsel.jsonc", "\"p.kapsel.jsonc\" belongs to user 4242, neither to root nor to you");
}

Test(source, trusts_anybody_when_not_asked_to_judge)
{
	_cleanup_reading_ struct reading reading = { 0 };

	write_file("p.kapsel.jsonc", PROFILE(""));
	cr_assert(eq(int, chmod("p.kapsel.jsonc", 0666), 0));
	reading = read_file_with("p.kapsel.jsonc", NULL, false);
	cr_assert(eq(int, reading.result, 0));
}

static void write_size(size_t size)
{
	char *text = malloc(size + 1);
	size_t length = strlen(PROFILE(""));

	memset(text, ' ', size);
	memcpy(text, PROFILE(""), length);
	text[size] = '\0';
	write_file("p.kapsel.jsonc", text);
	free(text);
}

Test(source, reads_one_mebibyte_but_not_a_byte_more)
{
	_cleanup_reading_ struct reading reading = { 0 };

	write_size(SOURCE_SIZE_MAX);
	reading = read_file_with("p.kapsel.jsonc", NULL, true);
	cr_assert(eq(int, reading.result, 0));
	write_size(SOURCE_SIZE_MAX + 1);
	expect("p.kapsel.jsonc", "\"p.kapsel.jsonc\" is larger than 1 MiB");
}

Test(source, refuses_a_file_that_is_longer_than_it_says)
{
	/* Files of procfs have no size: like one that grows between stat and read. */
	expect("/proc/self/status", "\"/proc/self/status\" grows while it is read");
}
