/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_stdout.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *escaped(const char *text, size_t size)
{
	static char out[512];
	size_t used = 0;

	while (size > 0) {
		size_t length, taken = log_stdout_escape(text, size, out + used, &length);

		cr_assert(taken > 0 && taken <= size && length <= 16);
		used += length;
		text += taken;
		size -= taken;
	}
	out[used] = '\0';
	return out;
}
#define ESCAPED(literal) ((char *)(uintptr_t)escaped(literal, sizeof(literal) - 1))

Test(reader_terminal, gets_no_control_but_newline_and_tab)
{
	cr_assert(eq(str, ESCAPED("a\tb\n"), "a\tb\n"));
	cr_assert(eq(str, ESCAPED("\x1b[31m\x1b]0;x\x07\r\b\x7f\0"),
		     "\\x1b[31m\\x1b]0;x\\x07\\x0d\\x08\\x7f\\x00"));
	/* C1: CSI as one character, and as a raw byte */
	cr_assert(eq(str,
		     ESCAPED("\xc2\x9b"
			     "31m\x9b"),
		     "\\xc2\\x9b31m\\x9b"));
}

Test(reader_terminal, keeps_utf_8_but_what_turns_text_around)
{
	cr_assert(eq(str, ESCAPED("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0"),
		     "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0"));
	cr_assert(eq(str, ESCAPED("\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9"),
		     "\\xe2\\x80\\xaa\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x81\\xa9"));
	cr_assert(eq(str, ESCAPED("\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"),
		     "\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"));
	cr_assert(eq(str, ESCAPED("\xff\xe2\x80"), "\\xff\\xe2\\x80"));
}

Test(reader_terminal, a_pipe_gets_every_byte)
{
	static struct log_stdout out;
	unsigned char bytes[256], back[256];
	int fd = memfd_create("out", MFD_CLOEXEC);

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	cr_assert(ge(int, fd, 0));
	log_stdout_init(&out, fd);
	for (int i = 0; i < 1000; i++)
		log_stdout_put_text(&out, (char *)bytes, sizeof(bytes));
	cr_assert(eq(int, log_stdout_flush(&out), 0));
	cr_assert(eq(long, (long)lseek(fd, 0, SEEK_END), 256000));
	cr_assert(eq(long, (long)pread(fd, back, sizeof(back), 255744), 256));
	cr_assert(eq(int, memcmp(bytes, back, sizeof(back)), 0));
	close(fd);
}

Test(reader_terminal, after_a_failure_nothing_is_written)
{
	static struct log_stdout out;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	cr_assert(ge(int, fd, 0));
	log_stdout_init(&out, fd);
	log_stdout_put(&out, "x", 1);
	cr_assert(eq(int, log_stdout_flush(&out), -ENOSPC));
	log_stdout_put(&out, "y", 1);
	cr_assert(eq(int, log_stdout_flush(&out), -ENOSPC));
	close(fd);
}
