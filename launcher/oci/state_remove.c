/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/state.h"

enum { DEPTH_MAX = 8 };

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static int empty(int fd, const char *keep, unsigned int depth, struct error *err);

static int remove_entry(int fd, const char *name, unsigned int depth, struct error *err)
{
	_cleanup_fd_ int inner = -1;
	int r;

	if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_set(err, errno, "remove %s", name);
	inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return error_set(err, errno, "open %s to empty it", name);
	r = depth > 0 ? empty(inner, NULL, depth - 1, err) : error_set(err, ELOOP, "empty %s", name);
	if (r < 0)
		return r;
	if (unlinkat(fd, name, AT_REMOVEDIR) < 0)
		return error_set(err, errno, "remove the directory %s", name);
	return 0;
}

/* @keep: an entry to leave alone, NULL: none */
static int empty(int fd, const char *keep, unsigned int depth, struct error *err)
{
	_cleanup_(close_directory) DIR *directory = NULL;
	_cleanup_fd_ int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	directory = copy < 0 ? NULL : fdopendir(copy);
	if (!directory)
		return error_set(err, errno, "list a directory of the state");
	copy = -1;
	for (const struct dirent *entry = readdir(directory); entry && r == 0; entry = readdir(directory))
		if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..") &&
		    !(keep && str_equal(entry->d_name, keep)))
			r = remove_entry(fd, entry->d_name, depth, err);
	return r;
}

/*
 * state.json goes last: whoever is killed in the middle leaves something that a second
 * delete still understands.
 */
int oci_state_remove(const struct oci_state_root *root, const char *id, struct error *err)
{
	_cleanup_fd_ int root_fd = -1, fd = oci_state_open(root, id, err);
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = empty(fd, "state.json", DEPTH_MAX, err);
	if (r < 0)
		return r;
	if (unlinkat(fd, "state.json", 0) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove %s/%s/state.json", root->path, id);
	root_fd = oci_state_open_root(root, err);
	if (root_fd < 0)
		return root_fd;
	if (unlinkat(root_fd, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove %s/%s", root->path, id);
	return 0;
}
