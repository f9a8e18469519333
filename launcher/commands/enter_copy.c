/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/enter_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"

/* What a pipe holds is copied in less; a descendant that keeps it open is not waited for. */
enum { REST_MS = 2000 };

_noreturn_ static void copy_all(int from, int to)
{
	char buffer[64 * 1024];

	for (;;) {
		ssize_t got = read(from, buffer, sizeof(buffer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || fd_write_all(to, buffer, (size_t)got) < 0)
			_exit(got != 0);
	}
}

int enter_copy_begin(int file, struct enter_copy *ret, struct error *err)
{
	struct stat st;
	int ends[2];

	*ret = (struct enter_copy){ .fd = -1 };
	if (fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe for the output");
	ret->pid = fork();
	if (ret->pid < 0) {
		int code = errno;

		close(ends[0]);
		close(ends[1]);
		ret->pid = 0;
		return error_set(err, code, "fork for the output");
	}
	if (ret->pid == 0) {
		close(ends[1]);
		copy_all(ends[0], file);
	}
	close(ends[0]);
	ret->fd = ends[1];
	return 0;
}

void enter_copy_handed_over(struct enter_copy *copy)
{
	fd_close(&copy->fd);
}

void enter_copy_end(struct enter_copy *copy)
{
	_cleanup_fd_ int pidfd = copy->pid > 0 ? pidfd_open(copy->pid, 0) : -1;
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	enter_copy_handed_over(copy);
	if (copy->pid <= 0)
		return;
	if (pidfd < 0 || poll(&ended, 1, REST_MS) == 0)
		kill(copy->pid, SIGKILL);
	while (waitpid(copy->pid, NULL, 0) < 0 && errno == EINTR)
		;
	copy->pid = 0;
}
