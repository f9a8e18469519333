/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/notify_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/state.h"
#include "launcher/service/foreign.h"

#define DIRECTORY "notify"
#define NAME      "notify.sock"
#define VARIABLE  "NOTIFY_SOCKET"

enum { BARRIER_MS = 5000, MESSAGES_AT_ONCE = 64 };

/* An absolute path, or '@' for the abstract namespace: sd_notify(3). */
static bool is_address(const char *text)
{
	struct sockaddr_un address;

	return (*text == '/' || *text == '@') && text[1] && strlen(text) < sizeof(address.sun_path);
}

static bool config_has_its_own(const struct oci *oci)
{
	for (size_t i = 0; i < oci->process.env.n; i++)
		if (str_starts(oci->process.env.items[i], VARIABLE "="))
			return true;
	for (size_t i = 0; i < oci->n_mounts; i++) {
		const char *place = oci->mounts[i].destination;
		size_t length = strlen(NOTIFY_SOCKET_PLACE);

		if (str_starts(place, NOTIFY_SOCKET_PLACE) && (place[length] == '\0' || place[length] == '/'))
			return true;
	}
	return false;
}

/* Read-only: the workload writes to the socket, not to the directory. */
static int add_mount(struct oci *oci, const char *source, struct arena *arena)
{
	struct oci_mount *mounts = arena_array(arena, oci->n_mounts + 1, sizeof(*mounts));

	if (!mounts || !source)
		return -ENOMEM;
	if (oci->n_mounts > 0)
		memcpy(mounts, oci->mounts, oci->n_mounts * sizeof(*mounts));
	mounts[oci->n_mounts] = (struct oci_mount){
		.destination = NOTIFY_SOCKET_PLACE,
		.type = "bind",
		.source = source,
		.flags = { .bind = true,
			   .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				       MOUNT_ATTR_NOEXEC,
			   .super_set = MS_RDONLY,
			   .data = "" },
	};
	oci->mounts = mounts;
	oci->n_mounts++;
	return 0;
}

static int add_variable(struct oci *oci, struct arena *arena)
{
	struct spec_strings *env = &oci->process.env;
	const char **items = arena_array(arena, env->n + 2, sizeof(*items)); /* NULL at the end */

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < env->n; i++)
		items[i] = env->items[i];
	items[env->n] = VARIABLE "=" NOTIFY_SOCKET_PLACE "/" NAME;
	env->items = items;
	env->n++;
	return 0;
}

int notify_socket_prepare(struct oci *oci, struct oci_state *state, int state_fd, const char *root,
			  struct arena *arena, struct error *err)
{
	const char *manager = getenv(VARIABLE);
	int r;

	if (!manager || !*manager || config_has_its_own(oci))
		return 0;
	if (!is_address(manager)) {
		error_set(err, EINVAL, "use the " VARIABLE " \"%.100s\": it is no address of a unix socket",
			  manager);
		return error_remedy(err, "take it out of the environment if nobody listens there");
	}
	/* The state directory is its owner's alone; this one must be passable for whoever the workload is. */
	if (mkdirat(state_fd, DIRECTORY, 0755) < 0 || fchmodat(state_fd, DIRECTORY, 0755, 0) < 0)
		return error_set(err, errno, "make the directory of the notify socket");
	r = add_mount(oci, arena_printf(arena, "%s/%s/" DIRECTORY, root, state->id), arena);
	if (r == 0)
		r = add_variable(oci, arena);
	state->notify_socket = r == 0 ? arena_strdup(arena, manager) : NULL;
	return state->notify_socket ? 0 : error_set(err, ENOMEM, "give the container a notify socket");
}

/*
 * The environment of this very call: engines that start a created container have none, and must not be
 * kept waiting by it.
 */
bool notify_socket_wanted(const struct oci_state *state)
{
	const char *manager = getenv(VARIABLE);

	return state->notify_socket && manager && is_address(manager);
}

/* The directory's own path may be longer than a socket's address. */
static struct sockaddr_un own_address(int dir_fd)
{
	struct sockaddr_un ret = { .sun_family = AF_UNIX };

	snprintf(ret.sun_path, sizeof(ret.sun_path), "/proc/self/fd/%d/" NAME, dir_fd);
	return ret;
}

int notify_socket_listen(int state_fd, struct error *err)
{
	_cleanup_fd_ int dir = openat(state_fd, DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const struct sockaddr_un address = own_address(dir);

	if (dir < 0 || sock < 0)
		return error_set(err, errno, "open the directory of the notify socket");
	if ((unlinkat(dir, NAME, 0) < 0 && errno != ENOENT) ||
	    bind(sock, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    /* Whoever the workload is may send; only it can reach the directory. */
	    fchmodat(dir, NAME, 0777, 0) < 0)
		return error_set(err, errno, "make the notify socket");
	return take_fd(&sock);
}

/*
 * Not MAINPID, whose number is of another pid namespace; not FDSTORE, NOTIFYACCESS and the like, which change
 * what the manager does for the unit.
 */
static bool is_harmless(const char *line, size_t length)
{
	static const char *const words[] = { "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1" };
	static const char *const values[] = { "STATUS=", "ERRNO=", "MONOTONIC_USEC=",
					      "EXTEND_TIMEOUT_USEC=" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (length == strlen(words[i]) && memcmp(line, words[i], length) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (length > strlen(values[i]) && memcmp(line, values[i], strlen(values[i])) == 0)
			return true;
	return false;
}

bool notify_socket_filter(const char *message, size_t size, pid_t pid,
			  char ret[NOTIFY_SOCKET_MESSAGE_MAX + 64])
{
	size_t used = 0;
	bool ready = false;

	for (size_t at = 0; at < size && size <= NOTIFY_SOCKET_MESSAGE_MAX;) {
		const char *line = message + at, *end = memchr(line, '\n', size - at);
		size_t length = end ? (size_t)(end - line) : size - at;

		if (!memchr(line, '\0', length) && is_harmless(line, length)) {
			ready = ready ||
				(length == strlen("READY=1") && memcmp(line, "READY=1", length) == 0);
			memcpy(ret + used, line, length);
			used += length;
			ret[used++] = '\n';
		}
		at += length + 1;
	}
	if (ready)
		used += (size_t)snprintf(ret + used, 32, "MAINPID=%d\n", (int)pid);
	ret[used] = '\0';
	return ready;
}

/* Return: 0 or -errno. @fd goes with it, -1: none. */
static int tell_manager(const char *text, int fd, struct error *err)
{
	const char *manager = getenv(VARIABLE);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size;
	int r;

	if (sock < 0 || !manager || !is_address(manager))
		return error_set(err, sock < 0 ? errno : EINVAL, "reach the service manager");
	memcpy(address.sun_path, manager, strlen(manager));
	/* An abstract name has no NUL at its end: its length counts. */
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(manager) + (*manager == '/'));
	if (*manager == '@')
		address.sun_path[0] = '\0';
	if (connect(sock, (const struct sockaddr *)&address, size) < 0)
		return error_set(err, errno, "reach the service manager at %s", manager);
	r = fd_send(sock, text, strlen(text), &fd, fd >= 0);
	return r < 0 ? error_set(err, -r, "tell the service manager at %s", manager) : 0;
}

int notify_socket_forward(int sock, pid_t pid, struct error *err)
{
	char message[NOTIFY_SOCKET_MESSAGE_MAX + 1], text[NOTIFY_SOCKET_MESSAGE_MAX + 64];
	bool ready = false, carried = false;

	/* A flood must not keep us: the rest is for the next call. */
	for (int i = 0; i < MESSAGES_AT_ONCE && !carried; i++) {
		/* What came along is closed, barriers included. */
		ssize_t got = foreign_receive(sock, message, sizeof(message), &carried);
		int r;

		if (got == -EMSGSIZE)
			continue;
		if (got == -EAGAIN || got == -EINTR)
			break;
		if (got < 0)
			return error_set(err, (int)-got, "read the container's notify socket");
		ready = notify_socket_filter(message, (size_t)got, pid, text) || ready;
		r = *text ? tell_manager(text, -1, err) : 0;
		if (r < 0)
			return r;
	}
	return ready;
}

/* The manager closes its end of the pipe when it has read all before; one that never does is not waited for.
 */
static int wait_until_read(struct error *err)
{
	_cleanup_fd_ int ours = -1, theirs = -1;
	int pipe_fds[2], r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	ours = pipe_fds[0];
	theirs = pipe_fds[1];
	r = tell_manager("BARRIER=1", theirs, err);
	fd_close(&theirs);
	if (r == 0)
		poll(&(struct pollfd){ .fd = ours }, 1, BARRIER_MS);
	return r;
}

int notify_socket_wait(int sock, int pidfd, pid_t pid, struct error *err)
{
	struct pollfd items[] = { { .fd = sock, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
	int r = 0;

	while (r == 0) {
		if (poll(items, ARRAY_SIZE(items), -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "wait until the container is ready");
		}
		if (items[0].revents)
			r = notify_socket_forward(sock, pid, err);
		else if (items[1].revents)
			return 0;
	}
	return r < 0 ? r : wait_until_read(err);
}

void notify_socket_close(int state_fd, int sock)
{
	if (sock < 0)
		return;
	close(sock);
	unlinkat(state_fd, DIRECTORY "/" NAME, 0);
}
