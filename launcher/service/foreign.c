/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/foreign.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

/* SCM_MAX_FD, and far longer than a copy needs, and than we need while it keeps something. */
enum { DESCRIPTORS_MAX = 253, COPY_MS = 1000, KEEP_MS = 10000 };

/* Room for the sender's credentials, too: one descriptor without a place would be closed by us after all. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
};

static bool close_passed(struct msghdr *msg)
{
	bool found = false;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS
				   ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int)
				   : 0;

		found = found || n > 0;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			close(fd);
		}
	}
	return found;
}

/* It stays in the queue, and so does a copy of each descriptor: what is closed here is not the last one. */
static ssize_t look(int sock, char *buffer, size_t size, bool *ret_carries)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { .iov_base = buffer, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t got = recvmsg(sock, &msg, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0)
		return -errno;
	*ret_carries = close_passed(&msg) || (msg.msg_flags & MSG_CTRUNC);
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : got;
}

/* A copy of us, with copies of our descriptors. No exit signal: a supervisor's SIGCHLD does not hear of it.
 */
static pid_t make_copy(int *ret_pidfd)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)ret_pidfd };

	return sys_clone3(&args);
}

/* Return: whether it has ended by itself and well. */
static bool end_copy(pid_t pid, int *pidfd)
{
	int status = 0;

	pidfd_send_signal(*pidfd, SIGKILL, NULL, 0);
	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
	fd_close(pidfd);
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* In the copy: makes room for as many as there can be, takes them, and ends. */
_noreturn_ static void take_and_end(int sock)
{
	union control control;
	struct msghdr msg = { .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	struct rlimit limit;

	if (dup2(sock, 0) < 0 || syscall(SYS_close_range, 1U, ~0U, 0U) < 0)
		_exit(EXIT_FAILURE);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	_exit(recvmsg(0, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Return: whether the datagram is out of the queue. */
static bool let_copy_take(int sock)
{
	struct pollfd ended = { .fd = -1, .events = POLLIN };
	pid_t pid = make_copy(&ended.fd);

	if (pid == 0)
		take_and_end(sock);
	if (pid < 0)
		return false;
	while (poll(&ended, 1, COPY_MS) < 0 && errno == EINTR)
		;
	return end_copy(pid, &ended.fd);
}

ssize_t foreign_receive(int sock, char *buffer, size_t size, bool *ret_carried)
{
	bool carries = false;
	ssize_t got = look(sock, buffer, size, &carries);

	*ret_carried = carries;
	if (got < 0 && got != -EMSGSIZE)
		return got;
	if (carries)
		return let_copy_take(sock) ? got : -EAGAIN;
	return recv(sock, NULL, 0, MSG_DONTWAIT) < 0 ? -errno : got;
}

/* In the copy: until it is ended. A supervisor that is killed meanwhile must not live on in it. */
_noreturn_ static void keep_and_end(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	poll(NULL, 0, KEEP_MS);
	_exit(EXIT_SUCCESS);
}

void foreign_close(int *fd)
{
	struct pollfd queue = { .fd = *fd, .events = POLLIN };
	const struct linger none = { .l_onoff = 0 };
	int pidfd = -1;
	pid_t pid = -1;

	if (*fd < 0)
		return;
	/* The workload has ended, and sets it no more; not so with what may wait in the queue. */
	(void)setsockopt(*fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	if (poll(&queue, 1, 0) == 1 && (queue.revents & POLLIN))
		pid = make_copy(&pidfd);
	if (pid == 0)
		keep_and_end();
	fd_close(fd);
	if (pid > 0)
		end_copy(pid, &pidfd);
}
