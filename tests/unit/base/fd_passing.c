/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fd_send() and fd_receive(). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/fd.h"

enum { PASSED_MAX = 8 };

static void pair(int type, int ret[2])
{
	cr_assert(zero(int, socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ret)));
}

static void close_both(int ends[2])
{
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

static bool same_file(int a, int b)
{
	struct stat one, two;

	return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_ino == two.st_ino &&
	       one.st_dev == two.st_dev;
}

/* Whether nobody holds the other end any more. Counts no descriptors: other threads have some. */
static bool is_last_end(int read_end)
{
	struct pollfd end = { .fd = read_end, .events = POLLIN };

	return poll(&end, 1, 0) == 1 && (end.revents & POLLHUP);
}

Test(fd_passing, carries_a_message_with_its_descriptors)
{
	int sock[2], ends[2], got[4];
	char text[16] = "";

	pair(SOCK_SEQPACKET, sock);
	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	cr_assert(zero(int, fd_send(sock[0], "hello", 5, ends, 2)));
	cr_assert(eq(long, fd_receive(sock[1], text, sizeof(text), got, 4), 5));
	cr_assert(eq(str, text, "hello"));
	for (int i = 0; i < 2; i++) {
		cr_assert(same_file(got[i], ends[i]), "descriptor %d", i);
		cr_assert(eq(int, fcntl(got[i], F_GETFD), FD_CLOEXEC), "descriptor %d", i);
		cr_assert(eq(int, fcntl(ends[i], F_GETFD), FD_CLOEXEC), "the sender keeps its own");
	}
	cr_assert(eq(int, got[2], -1));
	cr_assert(eq(int, got[3], -1));
	close_both(got);
	close_both(ends);
	close_both(sock);
}

Test(fd_passing, carries_a_message_without_descriptors)
{
	int sock[2], got[1] = { 99 };
	char text[16] = "";

	pair(SOCK_SEQPACKET, sock);
	cr_assert(zero(int, fd_send(sock[0], "hello", 5, NULL, 0)));
	cr_assert(eq(long, fd_receive(sock[1], text, sizeof(text), got, 1), 5));
	cr_assert(eq(str, text, "hello"));
	cr_assert(eq(int, got[0], -1));
	close_both(sock);
}

Test(fd_passing, carries_eight_descriptors_and_refuses_nine)
{
	int sock[2], fds[PASSED_MAX + 1], got[PASSED_MAX];
	char byte;

	pair(SOCK_SEQPACKET, sock);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = sock[0];
	cr_assert(eq(int, fd_send(sock[0], "x", 1, fds, PASSED_MAX + 1), -EINVAL));
	cr_assert(zero(int, fd_send(sock[0], "x", 1, fds, PASSED_MAX)));
	cr_assert(eq(long, fd_receive(sock[1], &byte, 1, got, PASSED_MAX), 1));
	for (size_t i = 0; i < PASSED_MAX; i++) {
		cr_assert(ge(int, got[i], 0), "descriptor %zu", i);
		close(got[i]);
	}
	close_both(sock);
}

Test(fd_passing, says_when_the_other_side_is_gone)
{
	int sock[2], got[2] = { 99, 99 };
	char byte;

	pair(SOCK_SEQPACKET, sock);
	fd_close(&sock[0]);
	cr_assert(zero(long, fd_receive(sock[1], &byte, 1, got, 2)));
	cr_assert(eq(int, got[0], -1));
	cr_assert(eq(int, got[1], -1));
	cr_assert(eq(int, fd_send(sock[1], "x", 1, NULL, 0), -EPIPE));
	fd_close(&sock[1]);
	/* On a stream SIGPIPE would end this process, unless who started the tests ignores it. */
	signal(SIGPIPE, SIG_DFL);
	pair(SOCK_STREAM, sock);
	fd_close(&sock[0]);
	cr_assert(eq(int, fd_send(sock[1], "x", 1, NULL, 0), -EPIPE));
	cr_assert(eq(long, fd_receive(-1, &byte, 1, got, 2), -EBADF));
	cr_assert(eq(int, fd_send(-1, "x", 1, NULL, 0), -EBADF));
	close_both(sock);
}

Test(fd_passing, forwards_the_errno_of_a_descriptor_that_is_not_open)
{
	int sock[2], closed = -1;

	pair(SOCK_SEQPACKET, sock);
	cr_assert(eq(int, fd_send(sock[0], "x", 1, &closed, 1), -EBADF));
	close_both(sock);
}

/* A sender that passes more than was agreed on must not fill the receiver's table. */
Test(fd_passing, closes_descriptors_beyond_those_expected)
{
	int sock[2], ends[2], fds[3], got[1];
	char byte;

	pair(SOCK_SEQPACKET, sock);
	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	fds[0] = fds[1] = fds[2] = ends[1];
	cr_assert(zero(int, fd_send(sock[0], "x", 1, fds, 3)));
	fd_close(&ends[1]);
	cr_assert(eq(long, fd_receive(sock[1], &byte, 1, got, 1), 1));
	cr_assert(same_file(got[0], ends[0]));
	cr_assert(not(is_last_end(ends[0])));
	fd_close(&got[0]);
	cr_assert(is_last_end(ends[0]), "two more stayed open");
	close_both(ends);
	close_both(sock);
}

Test(fd_passing, refuses_a_message_that_was_cut)
{
	int sock[2], ends[2], got[1];
	char text[4];

	pair(SOCK_SEQPACKET, sock);
	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	cr_assert(zero(int, fd_send(sock[0], "hello", 5, &ends[1], 1)));
	fd_close(&ends[1]);
	cr_assert(eq(long, fd_receive(sock[1], text, sizeof(text), got, 1), -EMSGSIZE));
	fd_close(&got[0]);
	cr_assert(is_last_end(ends[0]), "nothing beside ret_fds stayed open");
	cr_assert(zero(int, fd_send(sock[0], "four", 4, NULL, 0)));
	cr_assert(eq(long, fd_receive(sock[1], text, sizeof(text), got, 1), 4), "the next one is whole");
	close_both(ends);
	close_both(sock);
}

/* As a hostile sender would: past fd_send(), with more descriptors than the receiver has room for. */
static void send_many(int sock, int fd, size_t n)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 64)];
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(sizeof(int) * n),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int) * n);
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &fd, sizeof(fd));
	cr_assert(eq(long, sendmsg(sock, &msg, MSG_NOSIGNAL), 1));
}

Test(fd_passing, refuses_more_descriptors_than_can_be_passed)
{
	int sock[2], ends[2], got[2];
	char byte;

	pair(SOCK_SEQPACKET, sock);
	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	send_many(sock[0], ends[1], 40);
	fd_close(&ends[1]);
	cr_assert(eq(long, fd_receive(sock[1], &byte, 1, got, 2), -EMSGSIZE));
	close_both(got);
	cr_assert(is_last_end(ends[0]), "nothing beside ret_fds stayed open");
	close_both(ends);
	close_both(sock);
}

Test(fd_passing, reads_a_stream_to_its_end)
{
	int sock[2], ends[2], got[1];
	char text[16];

	pair(SOCK_STREAM, sock);
	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	cr_assert(zero(int, fd_send(sock[0], "abc", 3, &ends[0], 1)));
	fd_close(&sock[0]);
	cr_assert(eq(long, fd_receive(sock[1], text, sizeof(text), got, 1), 3));
	cr_assert(same_file(got[0], ends[0]));
	fd_close(&got[0]);
	cr_assert(zero(long, fd_receive(sock[1], text, sizeof(text), got, 1)));
	cr_assert(eq(int, got[0], -1));
	close_both(ends);
	close_both(sock);
}
