/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All processes of a container, also those that it moved into groups of its own. The tree is
 * the payload's work and may be deeper than a stack or a descriptor table, so it is walked
 * without recursion and with one descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "cgroups/children.h"
#include "cgroups/container.h"

enum { WALK_TRIES = 5, CHUNK_BYTES = 4096, FIRST_ITEMS = 64, PID_MAX = 1 << 22 };

struct walk {
	int fd;
	off_t *offsets; /* where to go on in each directory above */
	size_t depth, max_depth;
	pid_t *pids;
	size_t n, max;
};

static int grow(void **items, size_t *max, size_t size)
{
	size_t more = *max ? *max * 2 : FIRST_ITEMS;
	void *bigger = reallocarray(*items, more, size);

	if (!bigger)
		return -ENOMEM;
	*items = bigger;
	*max = more;
	return 0;
}

/* 0 stands for a process that isn't in our pid namespace: it has no number here. */
static int add_pid(struct walk *walk, pid_t pid)
{
	int r;

	if (pid == 0)
		return 0;
	if (walk->n == walk->max) {
		r = grow((void **)&walk->pids, &walk->max, sizeof(*walk->pids));
		if (r < 0)
			return r;
	}
	walk->pids[walk->n++] = pid;
	return 0;
}

/* In a threaded group the file can't be read (EOPNOTSUPP); the processes stand in the group above. */
static int add_procs(struct walk *walk)
{
	_cleanup_fd_ int fd = openat(walk->fd, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char chunk[CHUNK_BYTES];
	pid_t pid = -1;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t size = read(fd, chunk, sizeof(chunk));

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return errno == EOPNOTSUPP ? 0 : -errno;
		if (size == 0)
			return 0;
		for (ssize_t i = 0; i < size; i++) {
			if (chunk[i] >= '0' && chunk[i] <= '9') {
				/* Not a pid: PID_MAX_LIMIT is 2^22 (proc(5), pid_max). */
				if (pid > PID_MAX)
					return -EBADMSG;
				pid = (pid < 0 ? 0 : pid * 10) + (chunk[i] - '0');
			} else if (pid >= 0) {
				int r = add_pid(walk, pid);

				if (r < 0)
					return r;
				pid = -1;
			}
		}
	}
}

static int change_to(struct walk *walk, const char *name)
{
	int fd = openat(walk->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(walk->fd);
	walk->fd = fd;
	return 0;
}

static int go_down(struct walk *walk, const char *name, off_t offset)
{
	int r;

	if (walk->depth == walk->max_depth) {
		r = grow((void **)&walk->offsets, &walk->max_depth, sizeof(*walk->offsets));
		if (r < 0)
			return r;
	}
	r = change_to(walk, name);
	if (r < 0) /* gone in between: the next one */
		return r == -ENOENT && lseek(walk->fd, offset, SEEK_SET) >= 0 ? 0 : r;
	walk->offsets[walk->depth++] = offset;
	r = add_procs(walk);
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

/* The position of a directory of cgroupfs is a hash of the name: it stays right while others come and go. */
static int go_up(struct walk *walk)
{
	int r = change_to(walk, "..");

	if (r < 0)
		return r;
	return lseek(walk->fd, walk->offsets[--walk->depth], SEEK_SET) < 0 ? -errno : 0;
}

static int walk_all(struct walk *walk)
{
	char name[PATH_MAX];
	int r = add_procs(walk);

	while (r >= 0) {
		off_t offset = 0;

		r = children_next(walk->fd, name, &offset);
		if (r == 0 && walk->depth == 0)
			return 0;
		if (r >= 0)
			r = r == 1 ? go_down(walk, name, offset) : go_up(walk);
	}
	return r;
}

static int by_number(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A process that was moved while we walked may have been seen twice. */
static size_t sort_unique(pid_t *pids, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(pids, n, sizeof(*pids), by_number);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || pids[kept - 1] != pids[i])
			pids[kept++] = pids[i];
	return kept;
}

int cgroup_container_procs(int fd, struct arena *arena, pid_t **ret, size_t *ret_n, struct error *err)
{
	struct walk walk = { .fd = -1 };
	int r = -EAGAIN;

	/* A group that is removed under our feet leads nowhere: from the top again. */
	for (int i = 0; i < WALK_TRIES && r < 0; i++) {
		fd_close(&walk.fd);
		walk.depth = walk.n = 0;
		walk.fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = walk.fd < 0 ? -errno : walk_all(&walk);
		if (r != -ENOENT && r != -ENODEV)
			break;
	}
	if ((r == -ENOENT || r == -ENODEV) && walk.depth == 0)
		r = 0; /* the group itself is gone, and only an empty one can go */
	fd_close(&walk.fd);
	free(walk.offsets);
	if (r == 0) {
		size_t n = sort_unique(walk.pids, walk.n);
		pid_t *copy = arena_array(arena, n ? n : 1, sizeof(*copy));

		if (copy && n > 0)
			memcpy(copy, walk.pids, n * sizeof(*copy));
		*ret = copy ? copy : *ret;
		*ret_n = copy ? n : *ret_n;
		r = copy ? 0 : -ENOMEM;
	}
	free(walk.pids);
	return r < 0 ? error_set(err, -r, "list the processes of the container's cgroup") : 0;
}
