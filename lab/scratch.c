/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

enum { TRIES_MAX = 20 };

/* Only ours, only unlocked ones, and never through a link. */
static void sweep(const char *parent, const char *prefix, const char *file)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_fd_ int fd = -1;
		struct stat st;

		if (!str_starts(entry->d_name, prefix))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
		    flock(fd, LOCK_EX | LOCK_NB) < 0)
			continue;
		if (file)
			unlinkat(fd, file, 0);
		unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

/* Return: 0 with *ret; 1: another call's sweep was faster than our lock; -errno with *err. */
static int lock(const char *path, int *ret, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open %s", path);
	if (st.st_uid != geteuid())
		return error_set(err, EPERM, "use %s, which another user has put there", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0) {
		rmdir(path);
		return 1;
	}
	*ret = take_fd(&fd);
	return 0;
}

int scratch_make(const char *parent, const char *prefix, const char *file, char *ret, size_t size,
		 int *ret_lock, struct error *err)
{
	int r = 1;

	*ret_lock = -1;
	sweep(parent, prefix, file);
	for (int i = 0; r == 1 && i < TRIES_MAX; i++) {
		if ((size_t)snprintf(ret, size, "%s/%sXXXXXX", parent, prefix) >= size)
			r = error_set(err, ENAMETOOLONG, "make a directory in %s", parent);
		else if (!mkdtemp(ret))
			r = error_set(err, errno, "make a directory in %s", parent);
		else
			r = lock(ret, ret_lock, err);
	}
	if (r == 1)
		r = error_set(err, EAGAIN, "make a directory in %s", parent);
	if (r < 0)
		ret[0] = '\0';
	return r;
}
