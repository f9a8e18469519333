/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of a group: kill, count, remove. Called by processes that hold little and
 * may not allocate, so everything is on the stack and bounded.
 */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/children.h"
#include "cgroups/text.h"

enum { WAIT_MS = 2000, EVENTS_MAX_BYTES = 512, STAT_MAX_BYTES = 4096 };

int cgroup_kill(int fd)
{
	return fd_write_file(fd, "cgroup.kill", "1");
}

/* The number behind "@name " at the beginning of a line; 0 without such a line. */
static uint64_t find_count(const char *text, const char *name)
{
	const size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		uint64_t value = 0;

		line += *line == '\n';
		if (strncmp(line, name, length) != 0 || line[length] != ' ')
			continue;
		for (const char *digit = line + length + 1; *digit >= '0' && *digit <= '9'; digit++)
			value = value * 10 + (uint64_t)(*digit - '0');
		return value;
	}
	return 0;
}

void cgroup_end_read(int fd, struct cgroup_end *ret)
{
	struct cgroup_end end = { .memory_max_bytes = UINT64_MAX };
	char text[STAT_MAX_BYTES];

	text_read(fd, "memory.events", text, sizeof(text));
	end.oom_kills = find_count(text, "oom_kill");
	text_read(fd, "memory.peak", text, sizeof(text)); /* since 5.19 */
	if (str_to_u64(text, &end.memory_peak_bytes) < 0)
		end.memory_peak_bytes = 0;
	text_read(fd, "memory.max", text, sizeof(text));
	if (str_to_u64(text, &end.memory_max_bytes) < 0)
		end.memory_max_bytes = UINT64_MAX;
	text_read(fd, "pids.events", text, sizeof(text));
	end.pids_max_hits = find_count(text, "max");
	text_read(fd, "cpu.stat", text, sizeof(text));
	end.cpu_usage_us = find_count(text, "usage_usec");
	end.cpu_throttled = find_count(text, "nr_throttled");
	*ret = end;
}

static int read_populated(int events_fd)
{
	char text[EVENTS_MAX_BYTES];
	ssize_t size = pread(events_fd, text, sizeof(text) - 1, 0);

	if (size < 0)
		return -errno;
	text[size] = '\0';
	return find_count(text, "populated") > 0;
}

static int open_events(int fd)
{
	int events_fd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return events_fd < 0 ? -errno : events_fd;
}

int cgroup_populated(int fd)
{
	_cleanup_fd_ int events_fd = open_events(fd);

	return events_fd < 0 ? events_fd : read_populated(events_fd);
}

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* cgroup.events wakes poll() with POLLPRI on a change (cgroups(7)). */
static int wait_empty(int fd, int64_t deadline_ms)
{
	_cleanup_fd_ int events_fd = open_events(fd);

	if (events_fd < 0)
		return events_fd;
	for (;;) {
		struct pollfd poll_fd = { .fd = events_fd, .events = POLLPRI };
		int64_t left_ms = deadline_ms - now_ms();
		int r = read_populated(events_fd);

		if (r <= 0)
			return r;
		if (left_ms <= 0)
			return -EBUSY;
		if (poll(&poll_fd, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
}

/* Return: 1 and the name of any group below, 0 when there is none, -errno. */
static int find_child(int fd, char name[PATH_MAX])
{
	off_t ignored;

	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : children_next(fd, name, &ignored);
}

/*
 * Depth first, but without recursion and with one descriptor: a payload that owned
 * the tree may have made it deeper than a stack or a descriptor table.
 */
static int remove_children(int group_fd, int64_t deadline_ms)
{
	_cleanup_fd_ int fd = openat(group_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[PATH_MAX];
	size_t depth = 0;

	if (fd < 0)
		return -errno;
	while (now_ms() < deadline_ms) {
		const char *next = name;
		int r = find_child(fd, name), next_fd;

		if (r < 0)
			return r;
		if (r == 0 && depth == 0)
			return 0;
		if (r == 0)
			next = "..";
		else if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		else if (errno != EBUSY)
			return -errno;
		next_fd = openat(fd, next, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next_fd < 0)
			return -errno;
		close(fd);
		fd = next_fd;
		depth = r == 0 ? depth - 1 : depth + 1;
	}
	return -EBUSY;
}

int cgroup_remove(int parent_fd, const char *name)
{
	const int64_t deadline_ms = now_ms() + WAIT_MS;
	_cleanup_fd_ int fd = -1;
	int r;

	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return -errno;
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = wait_empty(fd, deadline_ms);
	if (r == 0)
		r = remove_children(fd, deadline_ms);
	if (r < 0 && r != -ENODEV && r != -ENOENT) /* gone in between is what was wanted */
		return r;
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}
