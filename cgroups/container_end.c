/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stopping an OCI container's group: for a while (freeze), or for good (kill and remove). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/container.h"
#include "cgroups/container_path.h"
#include "cgroups/text.h"

enum { FREEZE_MS = 10000, REMOVE_TRIES = 5, EVENTS_MAX_BYTES = 512 };

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int read_frozen(int events_fd)
{
	char text[EVENTS_MAX_BYTES];
	ssize_t size = pread(events_fd, text, sizeof(text) - 1, 0);

	if (size < 0)
		return -errno;
	text[size] = '\0';
	return strstr(text, "frozen 1") != NULL;
}

int cgroup_container_frozen(int fd)
{
	_cleanup_fd_ int events_fd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return events_fd < 0 ? -errno : read_frozen(events_fd);
}

/* cgroup.events wakes poll() with POLLPRI on a change (cgroups(7)). */
static int wait_frozen(int events_fd, bool frozen)
{
	const int64_t deadline_ms = now_ms() + FREEZE_MS;

	for (;;) {
		struct pollfd poll_fd = { .fd = events_fd, .events = POLLPRI };
		int64_t left_ms = deadline_ms - now_ms();
		int r = read_frozen(events_fd);

		if (r < 0 || r == frozen)
			return r < 0 ? r : 0;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&poll_fd, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
}

int cgroup_container_freeze(int fd, bool frozen, struct error *err)
{
	_cleanup_fd_ int events_fd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (events_fd < 0)
		return error_set(err, errno, "open cgroup.events of the container's cgroup");
	r = fd_write_file(fd, "cgroup.freeze", frozen ? "1" : "0");
	if (r < 0)
		return error_set(err, -r, "write %d to cgroup.freeze of the container's cgroup", frozen);
	r = wait_frozen(events_fd, frozen);
	if (r == 0)
		return 0;
	error_set(err, -r, "wait until the container's cgroup is %s", frozen ? "frozen" : "thawed");
	if (r == -ETIMEDOUT && frozen) {
		/* Half a container frozen is worse than none. */
		if (fd_write_file(fd, "cgroup.freeze", "0") < 0)
			return r;
		return error_remedy(err,
				    "a process in there hangs in the kernel (state D); it goes on as before");
	}
	if (r == -ETIMEDOUT)
		return error_remedy(err, "a group above it is frozen: thaw that one");
	return r;
}

/* Where cgroup.kill is missing or refuses (a threaded group): one by one, until no new ones turn up. */
static void kill_each(int fd)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	pid_t *pids;
	size_t n;

	for (int i = 0; arena && i < REMOVE_TRIES; i++) {
		if (cgroup_container_procs(fd, arena, &pids, &n, NULL) < 0 || n == 0)
			return;
		for (size_t j = 0; j < n; j++)
			kill(pids[j], SIGKILL);
	}
}

static int kill_and_remove(int parent_fd, const char *name)
{
	int r = -EBUSY;

	/* A process may be forked into it between the kill and the removal. */
	for (int i = 0; i < REMOVE_TRIES && r == -EBUSY; i++) {
		_cleanup_fd_ int fd =
			openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return errno == ENOENT ? 0 : -errno;
		if (cgroup_kill(fd) < 0)
			kill_each(fd);
		r = cgroup_remove(parent_fd, name);
	}
	return r;
}

int cgroup_container_remove(const struct cgroup_container *group, struct error *err)
{
	_cleanup_fd_ int mount_fd = -1, parent_fd = -1;
	char parent[CGROUP_PATH_MAX];
	const char *name;
	int r;

	if (group->path[0] == '\0')
		return 0;
	snprintf(parent, sizeof(parent), "%s", group->path);
	name = strrchr(group->path, '/') + 1;
	parent[name - 1 - group->path] = '\0';
	if (group->path[0] != '/' || *name == '\0')
		return error_set(err, EINVAL, "remove the cgroup \"%.200s\"", group->path);
	mount_fd = open(group->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount_fd < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "open %s", group->mount);
	parent_fd = sys_openat2(mount_fd, parent[0] ? parent + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
				RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (parent_fd < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "open the cgroup %s", parent);
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		r = 0;
	else
		r = errno == EBUSY ? kill_and_remove(parent_fd, name) : -errno;
	if (r < 0)
		return error_set(err, -r, "remove the container's cgroup %s", group->path);
	/* What stands above was made for us only where the engine left the place to us. */
	if (str_equal(parent, CONTAINER_PATH_BASE))
		unlinkat(mount_fd, parent + 1, AT_REMOVEDIR);
	return 0;
}
