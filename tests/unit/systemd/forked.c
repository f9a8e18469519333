/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/systemd/forked.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "launcher/service/endpoint.h"
#include "launcher/service/sd_notify.h"

/* High enough for what must not be hit by descriptors 3 and up. */
enum { ASIDE = 200 };

static void child(forked_function *function, const int *fds, size_t n_fds, const char *names, int out)
{
	struct error err = { 0 };
	char number[16];
	int aside[8], r;

	for (size_t i = 0; i < n_fds; i++)
		aside[i] = fcntl(fds[i], F_DUPFD, ASIDE);
	for (size_t i = 0; i < n_fds; i++)
		dup2(aside[i], 3 + (int)i);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%zu", n_fds);
	setenv("LISTEN_FDS", number, 1);
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
	else
		unsetenv("LISTEN_FDNAMES");
	sd_notify_take();
	r = function(&err);
	err.code = -r;
	_exit(write(out, &err, sizeof(err)) != (ssize_t)sizeof(err));
}

int forked_run(forked_function *function, const int *fds, size_t n_fds, const char *names, struct error *err)
{
	int ends[2], status;
	pid_t pid;

	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	ends[1] = fcntl(ends[1], F_DUPFD_CLOEXEC, ASIDE);
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0)
		child(function, fds, n_fds, names, ends[1]);
	close(ends[1]);
	cr_assert(eq(int, (int)waitpid(pid, &status, 0), (int)pid));
	cr_assert(zero(int, status));
	cr_assert(eq(sz, (size_t)read(ends[0], err, sizeof(*err)), sizeof(*err)));
	close(ends[0]);
	return -err->code;
}

int forked_socket(const char *address, int type)
{
	struct sockaddr_storage to;
	socklen_t size = 0;
	int fd;

	if (endpoint_parse(address, &to, &size) < 0) { /* port 0: the kernel chooses */
		struct sockaddr_in *in = (struct sockaddr_in *)&to;

		to = (struct sockaddr_storage){ 0 };
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		size = sizeof(*in);
	}
	fd = socket(to.ss_family, type | SOCK_CLOEXEC, 0);
	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, bind(fd, (struct sockaddr *)&to, size)), "bind to %s: %s", address,
		  error_name(errno));
	if (type != SOCK_DGRAM)
		cr_assert(zero(int, listen(fd, 5)));
	return fd;
}

unsigned int forked_port(int fd)
{
	struct sockaddr_in in;
	socklen_t size = sizeof(in);

	cr_assert(zero(int, getsockname(fd, (struct sockaddr *)&in, &size)));
	return ntohs(in.sin_port);
}
