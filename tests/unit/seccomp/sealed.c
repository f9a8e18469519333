/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sealed.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"

enum { CHILD_FAILED = 99, TIMEOUT_MS = 20000 };

/* The child waits for a byte before it goes on: an exec would close the listener too early. */
static void child(const struct filter *filter, int (*body)(const void *arg), const void *arg, int socket)
{
	const struct sock_fprog program = { .len = (unsigned short)filter->n, .filter = filter->program };
	int listener;
	char go;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(CHILD_FAILED);
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				filter->notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &program);
	if (listener < 0 || write(socket, &listener, sizeof(listener)) != sizeof(listener) ||
	    read(socket, &go, 1) != 1)
		_exit(CHILD_FAILED);
	_exit(body(arg));
}

static void serve(struct notify *notify, int pidfd, struct sealed *ret)
{
	struct pollfd fds[] = { { .fd = notify ? notify_fd(notify) : -1, .events = POLLIN },
				{ .fd = pidfd, .events = POLLIN } };
	struct error err = { 0 };

	for (;;) {
		int n = poll(fds, 2, TIMEOUT_MS);

		if (n == 0)
			syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		cr_assert(gt(int, n, 0), "the child hangs");
		if (fds[0].revents & POLLIN) {
			int r = notify_handle(notify, &err);

			cr_assert(ge(int, r, 0), "%s", err.msg);
			if (r == NOTIFY_EXEC_WAITS)
				ret->exec_releases += notify_release_exec(notify, &err) == 1;
		} else if (fds[1].revents & POLLIN) {
			return;
		}
	}
}

void sealed_run(const struct spec *spec, const struct filter_options *options, int (*body)(const void *arg),
		const void *arg, struct sealed *ret)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_fd_ int pidfd = -1;
	struct notify *notify = NULL;
	struct error err = { 0 };
	struct filter filter;
	int sockets[2], listener = -1;
	pid_t pid;

	*ret = (struct sealed){ 0 };
	cr_assert(eq(int, filter_build(spec, options, arena, &filter, &err), 0), "%s", err.msg);
	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0)
		child(&filter, body, arg, sockets[1]);
	close(sockets[1]);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	cr_assert(ge(int, pidfd, 0));
	cr_assert(eq(sz, (size_t)read(sockets[0], &listener, sizeof(listener)), sizeof(listener)),
		  "the filter could not be loaded");
	if (filter.notify) {
		listener = (int)syscall(SYS_pidfd_getfd, pidfd, listener, 0);
		if (listener < 0 && errno == EPERM) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			cr_skip_test("this host keeps pidfd_getfd(2) from a parent");
		}
		cr_assert(ge(int, listener, 0), "%s", strerrorname_np(errno));
		notify = notify_new(listener, spec, &err);
		cr_assert(ne(ptr, notify, NULL), "%s", err.msg);
		if (options->exec_held)
			notify_expect_exec(notify, pid, options->exec_fd);
	}
	cr_assert(eq(sz, (size_t)write(sockets[0], "", 1), 1));
	close(sockets[0]);
	serve(notify, pidfd, ret);
	cr_assert(eq(int, waitpid(pid, &ret->status, 0), pid));
	if (notify)
		ret->denials = *notify_denials(notify);
	notify_free(notify);
}

int sealed_exit(const struct sealed *sealed)
{
	if (WIFSIGNALED(sealed->status))
		return 1000 + WTERMSIG(sealed->status);
	return WEXITSTATUS(sealed->status);
}

int sealed_errno(long value)
{
	return value == -1 ? errno : 0;
}
