/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fd.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "scratch.h"

enum { LARGE = 1 << 20, BITE = 777 };

static char pattern(size_t at)
{
	return (char)(at * 31 + at / 251);
}

/* Reads in small bites and judges: 0 when exactly the pattern came. */
static int read_slowly(int fd)
{
	size_t at = 0;
	char bite[BITE];
	ssize_t got;

	while ((got = read(fd, bite, sizeof(bite))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			if (bite[i] != pattern(at++))
				return 1;
		/* For some while the writer finds the pipe full, and no byte written is EINTR. */
		if (at < 100 * BITE)
			usleep(2000);
	}
	return at == LARGE ? 0 : 2;
}

static void interrupt(int signal)
{
	(void)signal;
}

/* No SA_RESTART and a timer: write() is cut short in the middle, or ends with EINTR, many times. */
Test(fd, writes_all_to_a_slow_reader_in_spite_of_signals, .timeout = 60)
{
	const struct sigaction action = { .sa_handler = interrupt };
	const struct itimerval often = { .it_interval.tv_usec = 300, .it_value.tv_usec = 300 }, never = { 0 };
	static char data[LARGE];
	int ends[2], status, r;
	pid_t pid;

	for (size_t i = 0; i < LARGE; i++)
		data[i] = pattern(i);
	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		close(ends[1]);
		_exit(read_slowly(ends[0]));
	}
	close(ends[0]);
	cr_assert(zero(int, sigaction(SIGALRM, &action, NULL)));
	cr_assert(zero(int, setitimer(ITIMER_REAL, &often, NULL)));
	r = fd_write_all(ends[1], data, LARGE);
	setitimer(ITIMER_REAL, &never, NULL);
	close(ends[1]);
	cr_assert(zero(int, r));
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(zero(int, status));
}

Test(fd, forwards_what_ends_a_write)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	cr_assert(eq(int, fd_write_all(ends[0], "x", 1), -EBADF), "not open for writing");
	close(ends[0]);
	cr_assert(eq(int, fd_write_all(ends[1], "x", 1), -EPIPE));
	cr_assert(zero(int, fd_write_all(ends[1], "", 0)), "nothing to write");
	close(ends[1]);
	cr_assert(eq(int, fd_write_all(-1, "x", 1), -EBADF));
}

Test(fd, reads_a_file_whole_and_terminates_it)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char buffer[8];

	scratch_file(&scratch, "file", "abc\n");
	scratch_file(&scratch, "empty", "");
	memset(buffer, '#', sizeof(buffer));
	cr_assert(eq(long, fd_read_file(scratch.fd, "file", buffer, sizeof(buffer)), 4));
	cr_assert(eq(str, buffer, "abc\n"));
	cr_assert(zero(long, fd_read_file(scratch.fd, "empty", buffer, sizeof(buffer))));
	cr_assert(eq(str, buffer, ""));
}

/* stat(2) says that they are empty. */
Test(fd, reads_virtual_files)
{
	char buffer[64];

	cr_assert(eq(long, fd_read_file(AT_FDCWD, "/proc/sys/kernel/ostype", buffer, sizeof(buffer)), 6));
	cr_assert(eq(str, buffer, "Linux\n"));
}

Test(fd, refuses_a_file_that_does_not_fit_with_its_nul)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char buffer[6] = "#####";

	scratch_file(&scratch, "file", "abcd");
	cr_assert(eq(long, fd_read_file(scratch.fd, "file", buffer, 5), 4));
	cr_assert(eq(str, buffer, "abcd"));
	for (size_t size = 0; size <= 4; size++)
		cr_assert(eq(long, fd_read_file(scratch.fd, "file", buffer, size), -EFBIG), "%zu bytes",
			  size);
	cr_assert(eq(chr, buffer[5], '\0'));
	cr_assert(eq(long, fd_read_file(AT_FDCWD, "/dev/zero", buffer, sizeof(buffer)), -EFBIG));
}

Test(fd, reads_and_writes_no_link_and_no_directory, .timeout = 10)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char buffer[64];

	scratch_file(&scratch, "file", "abc");
	scratch_link(&scratch, "link", "file");
	scratch_link(&scratch, "dangling", "nothing");
	scratch_dir(&scratch, "dir");
	cr_assert(eq(long, fd_read_file(scratch.fd, "link", buffer, sizeof(buffer)), -ELOOP));
	cr_assert(eq(long, fd_read_file(scratch.fd, "dangling", buffer, sizeof(buffer)), -ELOOP));
	cr_assert(eq(long, fd_read_file(scratch.fd, "dir", buffer, sizeof(buffer)), -EISDIR));
	cr_assert(eq(long, fd_read_file(scratch.fd, "nothing", buffer, sizeof(buffer)), -ENOENT));
	cr_assert(eq(long, fd_read_file(-1, "file", buffer, sizeof(buffer)), -EBADF));
	cr_assert(eq(int, fd_write_file(scratch.fd, "link", "x"), -ELOOP));
	cr_assert(eq(int, fd_write_file(scratch.fd, "dangling", "x"), -ELOOP));
	cr_assert(eq(int, fd_write_file(scratch.fd, "dir", "x"), -EISDIR));
	cr_assert(eq(int, fd_write_file(scratch.fd, "nothing", "x"), -ENOENT), "it creates no file");
	cr_assert(eq(long, fd_read_file(scratch.fd, "file", buffer, sizeof(buffer)), 3));
	cr_assert(eq(str, buffer, "abc"), "written to through no link");
}

/* A FIFO in the file's place would otherwise hold the launcher for ever. */
Test(fd, does_not_wait_for_the_other_end_of_a_fifo, .timeout = 10)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char buffer[64];

	cr_assert(zero(int, mkfifoat(scratch.fd, "fifo", 0600)));
	cr_assert(le(long, fd_read_file(scratch.fd, "fifo", buffer, sizeof(buffer)), 0));
}

Test(fd, writes_settings_and_forwards_the_kernels_refusal)
{
	char buffer[64];

	cr_assert(zero(int, fd_write_file(AT_FDCWD, "/proc/thread-self/comm", "kapsel-test")));
	cr_assert(eq(long, fd_read_file(AT_FDCWD, "/proc/thread-self/comm", buffer, sizeof(buffer)), 12));
	cr_assert(eq(str, buffer, "kapsel-test\n"));
	cr_assert(eq(int, fd_write_file(AT_FDCWD, "/proc/thread-self/oom_score_adj", "9999"), -EINVAL));
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

Test(fd, closes_what_leaves_its_scope_and_not_what_was_taken)
{
	int closed, taken;

	{
		_cleanup_fd_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_fd_ int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_fd_ int none = -1;

		cr_assert(fd >= 0 && other >= 0 && none == -1);
		closed = fd;
		taken = take_fd(&other);
		cr_assert(eq(int, other, -1));
	}
	cr_assert(not(is_open(closed)));
	cr_assert(is_open(taken));
	fd_close(&taken);
	cr_assert(eq(int, taken, -1));
}
