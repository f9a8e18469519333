/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create and start are two programs, hours apart perhaps. Between them init waits in accept(2) on a socket
 * that only who may enter the state directory can reach. The connection is also init's way to say why the
 * workload could not be executed: it closes with execve, or brings a struct message before.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/processes/processes.h"
#include "launcher/processes/processes.h"

#define GATE_NAME "start"

/* The directory's own path may be longer than a socket's address. */
static struct sockaddr_un address(int state_fd)
{
	struct sockaddr_un ret = { .sun_family = AF_UNIX };

	snprintf(ret.sun_path, sizeof(ret.sun_path), "/proc/self/fd/%d/" GATE_NAME, state_fd);
	return ret;
}

int oci_gate_make(int state_fd, struct error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	const struct sockaddr_un at = address(state_fd);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1) < 0)
		return error_set(err, errno, "create the socket for start in the state directory");
	return take_fd(&fd);
}

int oci_wire_hear(int sock, int (*on_listener)(int fd, const void *arg, struct error *err), const void *arg,
		  struct error *err)
{
	struct message message;

	for (;;) {
		_cleanup_fd_ int received = -1;
		ssize_t got = fd_receive(sock, &message, sizeof(message), &received, 1);
		int r;

		if (got == 0 || got == -ECONNRESET)
			return 0;
		if (got < 0)
			return error_set(err, (int)-got, "hear from the container's process");
		if ((size_t)got == sizeof(message) && message.type == MESSAGE_LISTENER && received >= 0) {
			r = on_listener(received, arg, err);
			if (r < 0)
				return r;
			continue;
		}
		if ((size_t)got != sizeof(message) || message.type != MESSAGE_FAILED)
			return error_set(err, EPROTO, "understand the container's process");
		return wire_take(&message.error, err);
	}
}

int oci_gate_open(int state_fd, int (*on_listener)(int fd, const void *arg, struct error *err),
		  const void *arg, struct error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	const struct sockaddr_un at = address(state_fd);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0) {
		if (errno == ECONNREFUSED || errno == ENOENT)
			return error_set(err, errno, "cannot start a container that has stopped");
		return error_set(err, errno, "reach the container's process");
	}
	unlinkat(state_fd, GATE_NAME, 0);
	return oci_wire_hear(fd, on_listener, arg, err);
}
