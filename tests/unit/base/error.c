/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

/* What error_print() writes. */
static void print(const struct error *err, char *buffer, size_t size)
{
	int ends[2];
	size_t used = 0;
	ssize_t got;

	cr_assert(zero(int, pipe(ends)));
	error_print(ends[1], err);
	close(ends[1]);
	while ((got = read(ends[0], buffer + used, size - 1 - used)) > 0)
		used += (size_t)got;
	close(ends[0]);
	buffer[used] = '\0';
}

Test(error, returns_the_negative_errno_and_keeps_the_message)
{
	struct error err = { 0 };

	cr_assert(eq(int, error_set(&err, ENOENT, "open %s", "/etc/x"), -ENOENT));
	cr_assert(eq(int, err.code, ENOENT));
	cr_assert(eq(str, err.msg, "open /etc/x"));
	cr_assert(eq(str, err.remedy, ""));
	cr_assert(eq(str, err.step, ""));
	cr_assert(zero(int, err.exit_status));
}

Test(error, never_reports_success)
{
	struct error err = { 0 };

	cr_assert(eq(int, error_set(&err, 0, "x"), -EINVAL));
	cr_assert(eq(int, err.code, EINVAL));
	cr_assert(eq(int, error_set(&err, -EPERM, "x"), -EINVAL));
	cr_assert(eq(int, error_set(&err, INT_MIN, "x"), -EINVAL));
	cr_assert(eq(int, error_set(NULL, 0, "x"), -EINVAL));
	err.code = 0;
	cr_assert(eq(int, error_remedy(&err, "x"), -EINVAL));
}

Test(error, keeps_only_the_return_value_when_nobody_wants_the_rest)
{
	cr_assert(eq(int, error_set(NULL, EACCES, "open %s", "x"), -EACCES));
	cr_assert(lt(int, error_remedy(NULL, "try %s", "again"), 0));
}

Test(error, ends_a_function_with_its_remedy)
{
	struct error err = { 0 };

	error_set(&err, EPERM, "create a namespace");
	cr_assert(eq(int, error_remedy(&err, "set %s = %d", "a.b", 1), -EPERM));
	cr_assert(eq(str, err.remedy, "set a.b = 1"));
	cr_assert(eq(str, err.msg, "create a namespace"));
}

Test(error, forgets_the_remedy_of_an_earlier_failure)
{
	struct error err = { 0 };

	error_set(&err, EPERM, "first");
	error_remedy(&err, "only for the first");
	error_set(&err, ENOENT, "second");
	cr_assert(eq(str, err.msg, "second"));
	cr_assert(eq(str, err.remedy, ""));
}

Test(error, cuts_what_does_not_fit)
{
	struct error err = { 0 };
	char endless[2000];

	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	error_set(&err, EIO, "%s", endless);
	error_remedy(&err, "%s", endless);
	cr_assert(eq(sz, strnlen(err.msg, sizeof(err.msg)), sizeof(err.msg) - 1));
	cr_assert(eq(sz, strnlen(err.remedy, sizeof(err.remedy)), sizeof(err.remedy) - 1));
	cr_assert(eq(int, err.code, EIO));
}

Test(error, crosses_a_pipe_in_one_piece)
{
	struct error sent = { 0 }, received;
	int ends[2];

	error_set(&sent, EBADE, "read back %s", "a mount");
	cr_assert(le(sz, sizeof(struct error), PIPE_BUF));
	cr_assert(zero(int, pipe(ends)));
	cr_assert(eq(long, write(ends[1], &sent, sizeof(sent)), (long)sizeof(sent)));
	cr_assert(eq(long, read(ends[0], &received, sizeof(received)), (long)sizeof(received)));
	cr_assert(eq(int, received.code, EBADE));
	cr_assert(eq(str, received.msg, "read back a mount"));
	close(ends[0]);
	close(ends[1]);
}

Test(error, names_errnos)
{
	cr_assert(eq(str, error_name(EPERM), "EPERM"));
	cr_assert(eq(str, error_name(EHWPOISON), "EHWPOISON"));
	cr_assert(eq(str, error_name(9999), "E?"));
	cr_assert(eq(str, error_name(-1), "E?"));
}

Test(error, prints_step_message_name_and_text)
{
	struct error err = { .step = "mount" };
	char text[4096];

	error_set(&err, ENOENT, "open /srv/data");
	print(&err, text, sizeof(text));
	cr_assert(eq(str, text, "kapsel: mount: open /srv/data: ENOENT (No such file or directory)\n"));
}

Test(error, prints_no_step_and_no_remedy_when_there_is_none)
{
	struct error err = { 0 };
	char text[4096];

	error_set(&err, EPERM, "start");
	print(&err, text, sizeof(text));
	cr_assert(eq(str, text, "kapsel: start: EPERM (Operation not permitted)\n"));
	error_remedy(&err, "ask root");
	print(&err, text, sizeof(text));
	cr_assert(eq(str, text, "kapsel: start: EPERM (Operation not permitted)\n  = help: ask root\n"));
}

Test(error, prints_errnos_that_nobody_knows)
{
	struct error err = { .code = 9999, .msg = "start" };
	char text[4096];

	print(&err, text, sizeof(text));
	cr_assert(eq(str, text, "kapsel: start: E? (unknown error)\n"));
}

/* A path in the message may come from an image: it must neither move the cursor nor forge a line. */
Test(error, escapes_control_bytes)
{
	struct error err = { 0 };
	char text[4096];

	error_set(&err, ENOENT, "open %s", "/a\x1b[2J\nkapsel: all is well\r\x7f\xc2\x9b\xff");
	error_remedy(&err, "look at %s", "\x1b]0;title\x07");
	print(&err, text, sizeof(text));
	cr_assert(eq(str, text,
		     "kapsel: open /a\\x1b[2J\\x0akapsel: all is well\\x0d\\x7f\\xc2\\x9b\\xff: ENOENT "
		     "(No such file or directory)\n  = help: look at \\x1b]0;title\\x07\n"));
}

Test(error, stays_two_lines_when_all_of_it_must_be_escaped)
{
	struct error err = { 0 };
	char bad[2000], text[4096];
	size_t lines = 0;

	memset(bad, '\n', sizeof(bad));
	bad[sizeof(bad) - 1] = '\0';
	error_set(&err, EIO, "%s", bad);
	error_remedy(&err, "%s", bad);
	print(&err, text, sizeof(text));
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	cr_assert(eq(sz, lines, 2));
	cr_assert(strstr(text, ": EIO (") != NULL);
}
