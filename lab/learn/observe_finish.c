/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_finish.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "lab/learn/observation.h"

/* Where a descriptor is, as a path; the mount may be attached nowhere any more. */
static bool path_of(int fd, char *ret, size_t size)
{
	char link[FD_PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, size - 1);
	if (n <= 0)
		return false;
	ret[n] = '\0';
	return ret[0] == '/';
}

/* @path with the links in its directory resolved; for a program, in the whole of it. */
static bool resolve(int root_fd, const char *path, bool whole, char *ret, size_t size)
{
	char directory[PATH_MAX], top[PATH_MAX], real[PATH_MAX];
	const char *name = strrchr(path, '/'), *inside = real;
	_cleanup_fd_ int fd = -1;

	snprintf(directory, sizeof(directory), "%.*s", whole ? INT_MAX : (int)(name - path), path);
	if (directory[0] == '\0')
		return false;
	fd = path_open_in_root(root_fd, directory, O_PATH);
	if (fd < 0 || !path_of(fd, real, sizeof(real)) || !path_of(root_fd, top, sizeof(top)))
		return false;
	if (top[1] != '\0' && str_starts(real, top))
		inside = real + strlen(top);
	snprintf(ret, size, "%s%s", str_equal(inside, "/") ? "" : inside, whole ? "" : name);
	return ret[0] == '/';
}

static bool is_program(int root_fd, const char *path)
{
	_cleanup_fd_ int fd = path_open_in_root(root_fd, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

void observe_finish(struct observation *observation, int root_fd)
{
	const unsigned int named = ACCESS_WRITE | ACCESS_CREATE | ACCESS_EXEC;
	size_t n = observation->n_paths;
	char real[PATH_MAX];

	for (size_t i = 0; root_fd >= 0 && i < n; i++) {
		struct observed_path *path = &observation->paths[i], *to;
		struct observed_path copy = *path;
		unsigned int access = path->access & named;

		if ((access & ACCESS_EXEC) && !is_program(root_fd, path->path))
			access &= ~(unsigned int)ACCESS_EXEC;
		path->access = (path->access & ~named) | access;
		if (access == 0 || !resolve(root_fd, path->path, access & ACCESS_EXEC, real, sizeof(real)) ||
		    str_equal(real, path->path))
			continue;
		path->access &= ~named;
		to = observation_path(observation, real, access, copy.comm); /* may move the array */
		if (to && copy.size_bytes > to->size_bytes)
			to->size_bytes = copy.size_bytes;
	}
}
