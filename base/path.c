/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

/* openat2 answers EAGAIN when a rename races with the lookup: retried, but not for ever. */
enum { RACE_RETRIES = 128 };

/* As many as the kernel follows (path_resolution(7)). */
enum { LINKS_MAX = 40 };

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

/* A lookup that makes what is missing. Every step opens from the root: a rename meanwhile can't lead out. */
struct walk {
	int rootfd;
	char done[PATH_MAX]; /* what was found or made, free of links; "": the root itself */
	char rest[PATH_MAX];
	unsigned int links;
};

static void go_up(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

static int go_down(char *path, size_t size, const char *name)
{
	size_t used = strlen(path), length = strlen(name);

	if (used + (used > 0) + length + 1 > size)
		return -ENAMETOOLONG;
	if (used > 0)
		path[used++] = '/';
	memcpy(path + used, name, length + 1);
	return 0;
}

/* Return: 1 with the next component in @name, 0 at the end, or -ENAMETOOLONG. */
static int next_name(char *rest, char name[NAME_MAX + 1])
{
	size_t skip = strspn(rest, "/"), length = strcspn(rest + skip, "/");

	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, rest + skip, length);
	name[length] = '\0';
	skip += length;
	skip += strspn(rest + skip, "/");
	memmove(rest, rest + skip, strlen(rest + skip) + 1);
	return length > 0;
}

static int follow(struct walk *walk, int link_fd)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(link_fd, "", text, sizeof(text) - 1);
	size_t rest = strlen(walk->rest);
	struct statfs fs;

	if (length < 0 || fstatfs(link_fd, &fs) < 0)
		return -errno;
	/* On procfs the text of a link is not where it leads: that would be a magic link. */
	if (fs.f_type == PROC_SUPER_MAGIC || ++walk->links > LINKS_MAX)
		return -ELOOP;
	if (length == 0 || (size_t)length + 1 + rest >= sizeof(walk->rest))
		return length == 0 ? -ENOENT : -ENAMETOOLONG;
	text[length] = '\0';
	if (text[0] == '/')
		walk->done[0] = '\0';
	memmove(walk->rest + length + 1, walk->rest, rest + 1);
	memcpy(walk->rest, text, (size_t)length);
	walk->rest[length] = '/';
	return 0;
}

/* Open one component, made if it is missing; a link itself is opened, not its target. */
static int open_or_make(int parent, const char *name, bool file, unsigned int mode)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent, name, flags), made = -1;

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	if (file)
		made = openat(parent, name, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (file ? made < 0 && errno != EEXIST : mkdirat(parent, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd_close(&made);
	fd = openat(parent, name, flags);
	return fd < 0 ? -errno : fd;
}

/* One component. Return: 0 to go on, 1 when *ret_fd is the file at the end, -errno. */
static int walk_step(struct walk *walk, const char *name, bool file, unsigned int mode, int *ret_fd)
{
	_cleanup_fd_ int parent = -1, fd = -1;
	bool last = walk->rest[0] == '\0';
	struct stat st;

	if (str_equal(name, "."))
		return 0;
	if (str_equal(name, "..")) {
		go_up(walk->done);
		return 0;
	}
	parent = path_open_plain(walk->rootfd, walk->done[0] ? walk->done : ".", O_PATH | O_DIRECTORY);
	if (parent < 0)
		return parent;
	fd = open_or_make(parent, name, last && file, mode);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow(walk, fd);
	if (!S_ISDIR(st.st_mode)) {
		if (!last || !file)
			return -ENOTDIR;
		*ret_fd = take_fd(&fd);
		return 1;
	}
	return go_down(walk->done, sizeof(walk->done), name);
}

static int make_in_root(int rootfd, const char *path, bool file, unsigned int mode)
{
	struct walk walk = { .rootfd = rootfd };
	char name[NAME_MAX + 1];
	int fd = -1, r;

	r = path_open_in_root(rootfd, path, O_PATH | (file ? 0 : O_DIRECTORY));
	if (r != -ENOENT)
		return r;
	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	memcpy(walk.rest, path, strlen(path) + 1);
	while ((r = next_name(walk.rest, name)) > 0) {
		r = walk_step(&walk, name, file, mode, &fd);
		if (r != 0)
			return r < 0 ? r : fd;
	}
	return r < 0 ? r : path_open_plain(rootfd, walk.done[0] ? walk.done : ".", O_PATH | O_DIRECTORY);
}

int path_make_in_root(int rootfd, const char *path, unsigned int mode)
{
	return make_in_root(rootfd, path, false, mode);
}

int path_make_file_in_root(int rootfd, const char *path, unsigned int mode)
{
	return make_in_root(rootfd, path, true, mode);
}

int path_normalise(const char *path, char *ret, size_t size)
{
	char name[NAME_MAX + 1];

	ret[0] = '\0';
	while (*path) {
		size_t skip = strspn(path, "/"), length = strcspn(path + skip, "/");
		int r;

		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path + skip, length);
		name[length] = '\0';
		path += skip + length;
		if (str_equal(name, "..")) {
			go_up(ret);
		} else if (length > 0 && !str_equal(name, ".")) {
			r = go_down(ret, size - 1, name);
			if (r < 0)
				return r;
		}
	}
	memmove(ret + 1, ret, strlen(ret) + 1);
	ret[0] = '/';
	return 0;
}
