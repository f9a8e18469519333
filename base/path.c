/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

/* openat2 answers EAGAIN when a rename races with the lookup: retried, but not for ever. */
enum { RACE_RETRIES = 128 };

static int open_how(int rootfd, const char *path, int flags, uint64_t resolve)
{
	for (int i = 0; i < RACE_RETRIES; i++) {
		int fd = sys_openat2(rootfd, path, (uint64_t)(flags | O_CLOEXEC), 0, resolve);

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

int path_open_in_root(int rootfd, const char *path, int flags)
{
	return open_how(rootfd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int path_open_plain(int rootfd, const char *path, int flags)
{
	return open_how(rootfd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

int path_make_dir(int dirfd, const char *name, unsigned int mode)
{
	int fd;

	if (name[0] == '\0' || strchr(name, '/') || str_equal(name, ".") || str_equal(name, ".."))
		return -EINVAL;
	if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int path_make_in(int dirfd, const char *path, unsigned int mode)
{
	_cleanup_fd_ int here = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[256];

	if (here < 0)
		return -errno;
	while (*path) {
		size_t length = strcspn(path, "/");
		int next;

		if (length == 0 || length >= sizeof(name))
			return length == 0 ? -EINVAL : -ENAMETOOLONG;
		memcpy(name, path, length);
		name[length] = '\0';
		next = path_make_dir(here, name, mode);
		if (next < 0)
			return next;
		fd_close(&here);
		here = next;
		path += length;
		if (*path == '/')
			path++;
	}
	return take_fd(&here);
}
