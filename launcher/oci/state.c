/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

enum { LOCK_PAUSE_NS = 2 * 1000 * 1000 };

int oci_state_check_id(const char *id, struct error *err)
{
	size_t length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-");

	/* With a dash in front, whoever passes it on without "--" passes an option. */
	if (length == 0 || id[length] || length > NAME_MAX || id[0] == '-' || str_equal(id, ".") ||
	    str_equal(id, "..")) {
		error_set(err, EINVAL, "invalid container id \"%.80s\"", id);
		error_remedy(err,
			     "use 1 to %d of the characters A-Z a-z 0-9 _ + . -, the first one no \"-\", and "
			     "not \".\" or \"..\"",
			     NAME_MAX);
		return -EINVAL;
	}
	return 0;
}

static const char *own_runtime_directory(struct arena *arena)
{
	char *path = arena_printf(arena, "/run/user/%u", (unsigned int)geteuid());
	struct stat st;

	if (!path || lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return NULL;
	return path;
}

const char *oci_state_default_root(struct arena *arena, bool rootless, struct error *err)
{
	const char *base = "/run", *path;

	if (rootless) {
		base = getenv("XDG_RUNTIME_DIR");
		/* A relative one is to be ignored, says the XDG base directory specification. */
		if (!base || base[0] != '/')
			base = geteuid() == 0 ? "/run" : own_runtime_directory(arena);
		if (!base) {
			error_set(err, ENOENT, "no directory for the state of containers");
			error_remedy(err, "set XDG_RUNTIME_DIR or give --root DIR");
			return NULL;
		}
	}
	path = arena_printf(arena, "%s/kapsel-oci", base);
	if (!path)
		error_set(err, ENOMEM, "name the directory for state");
	return path;
}

/* Whether nobody but the caller and root can put something else into its place, or into it. */
static bool is_own(const struct stat *st)
{
	return (st->st_uid == geteuid() || st->st_uid == 0) &&
	       (!(st->st_mode & (S_IWGRP | S_IWOTH)) || (st->st_mode & S_ISVTX));
}

static int refuse_root(const char *path, struct error *err)
{
	error_set(err, EPERM, "others can change the state directory %s", path);
	error_remedy(err, "use a directory of your own, that others can't write to");
	return -EPERM;
}

/* Whether nobody else can put anything into this open directory: what stands there is believed. */
static int check_directory(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at the state directory %s", path);
	return is_own(&st) ? 0 : refuse_root(path, err);
}

/*
 * Somebody else's link, or one in a directory where others can exchange it, would choose whose state is
 * believed (CVE-2015-1331). /var/run is root's link in a directory of root's.
 */
static int open_linked_root(const char *path, struct error *err)
{
	const char *name = strrchr(path, '/') + 1;
	_cleanup_fd_ int parent_fd = -1, fd = -1;
	struct stat parent, st;
	char above[PATH_MAX];

	snprintf(above, sizeof(above), "%.*s", (int)(name - path), path);
	parent_fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent_fd < 0 || fstat(parent_fd, &parent) < 0 ||
	    fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "open the state directory %s", path);
	/* The mode of a link says nothing: all have 0777. */
	st.st_mode &= (mode_t) ~(S_IWGRP | S_IWOTH);
	if (!is_own(&parent) || !is_own(&st))
		return refuse_root(path, err);
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "open the state directory %s", path) : take_fd(&fd);
}

int oci_state_open_root(const struct oci_state_root *root, struct error *err)
{
	_cleanup_fd_ int fd = open(root->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR)) {
		fd = open_linked_root(root->path, err);
		if (fd < 0)
			return fd;
	}
	if (fd < 0)
		return error_set(err, errno, "open the state directory %s", root->path);
	r = check_directory(fd, root->path, err);
	return r < 0 ? r : take_fd(&fd);
}

/* mkdir -p. Only the default one gets the sticky bit: it keeps what cleans XDG_RUNTIME_DIR by age away. */
static int make_root(const struct oci_state_root *root, struct error *err)
{
	char path[PATH_MAX];

	if (strlen(root->path) >= sizeof(path))
		return error_set(err, ENAMETOOLONG, "make the state directory");
	strcpy(path, root->path);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0711) < 0 && errno != EEXIST)
			return error_set(err, errno, "make the directory %s", path);
		*slash = '/';
	}
	if (mkdir(path, root->given ? 0700 : 01700) < 0 && errno != EEXIST)
		return error_set(err, errno, "make the state directory %s", path);
	return 0;
}

static int open_made_root(const struct oci_state_root *root, struct error *err)
{
	int r, fd = oci_state_open_root(root, err);

	if (fd != -ENOENT)
		return fd;
	r = make_root(root, err);
	return r < 0 ? r : oci_state_open_root(root, err);
}

/* -ENOENT: somebody has removed the directory in the meantime. */
static int still_there(int dir_fd)
{
	struct stat st;

	if (fstat(dir_fd, &st) < 0)
		return -errno;
	return st.st_nlink > 0 ? 0 : -ENOENT;
}

int oci_state_create(const struct oci_state_root *root, const char *id, struct error *err)
{
	_cleanup_fd_ int root_fd = -1;
	int r = oci_state_check_id(id, err);

	if (r < 0)
		return r;
	root_fd = open_made_root(root, err);
	if (root_fd < 0)
		return root_fd;

	/* Between mkdir and flock a delete can take the new directory for a leftover and remove it. */
	for (;;) {
		_cleanup_fd_ int fd = -1;

		if (mkdirat(root_fd, id, 0700) < 0) {
			if (errno == EEXIST)
				return error_set(err, EEXIST,
						 "container with given ID already exists: \"%s\"", id);
			return error_set(err, errno, "make %s/%s", root->path, id);
		}
		fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0) {
			error_set(err, errno, "make %s/%s", root->path, id);
			unlinkat(root_fd, id, AT_REMOVEDIR);
			return -err->code;
		}
		if (flock(fd, LOCK_EX) < 0) {
			error_set(err, errno, "lock %s/%s", root->path, id);
			unlinkat(root_fd, id, AT_REMOVEDIR);
			return -err->code;
		}
		r = still_there(fd);
		if (r == 0)
			return take_fd(&fd);
		if (r != -ENOENT) {
			unlinkat(root_fd, id, AT_REMOVEDIR);
			return error_set(err, -r, "look at %s/%s", root->path, id);
		}
	}
}

static int does_not_exist(const char *id, struct error *err)
{
	return error_set(err, ENOENT, "container does not exist: \"%s\"", id);
}

int oci_state_open(const struct oci_state_root *root, const char *id, struct error *err)
{
	_cleanup_fd_ int root_fd = -1;
	int fd, r = oci_state_check_id(id, err);

	if (r < 0)
		return r;
	root_fd = oci_state_open_root(root, err);
	if (root_fd == -ENOENT)
		return does_not_exist(id, err);
	if (root_fd < 0)
		return root_fd;
	fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return does_not_exist(id, err);
	if (fd < 0)
		return error_set(err, errno, "open %s/%s", root->path, id);
	/* In a directory that others may write to (/tmp with its sticky bit), they may have put this one
	 * there. */
	r = check_directory(fd, id, err);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int oci_state_lock(int dir_fd, struct error *err)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	int64_t end = 0;

	while (flock(dir_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, errno, "lock the container's state");
		if (end == 0)
			end = now_ms() + OCI_STATE_LOCK_MS;
		if (now_ms() >= end)
			return error_set(err, EBUSY, "another command still works on the container");
		nanosleep(&pause, NULL);
	}
	if (still_there(dir_fd) < 0)
		return error_set(err, ENOENT, "container does not exist: it was deleted just now");
	return 0;
}

void oci_state_unlock(int dir_fd)
{
	flock(dir_fd, LOCK_UN);
}
