/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "tmpcopyup": what the image has in a directory is there in the tmpfs that covers it, too. The directory may
 * be one that another container writes: every name is opened once, as one component, and no link is followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/steps/mount_parts.h"

enum { DEPTH_MAX = 128, ENTRIES_BYTES = 4096, NAMES_BYTES = 4096, VALUE_BYTES = 4096 };

/* getdents64(2) */
struct entry {
	uint64_t ino;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static int copy_directory(int from, int to, unsigned int depth, struct error *err);

/* A value that the tmpfs can't hold (user.* before 6.6) or that we may not set is left out, as cp -a does. */
static void copy_attributes(int from, int to)
{
	char names[NAMES_BYTES], value[VALUE_BYTES];
	ssize_t size = flistxattr(from, names, sizeof(names));

	for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1) {
		ssize_t length = str_equal(name, "security.selinux")
					 ? -1
					 : fgetxattr(from, name, value, sizeof(value));

		if (length >= 0 && fsetxattr(to, name, value, (size_t)length, 0) < 0)
			continue;
	}
}

/* Owner before mode: chown(2) takes the setuid bit away. */
static int copy_metadata(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	copy_attributes(from, to);
	return futimens(to, times) < 0 ? -errno : 0;
}

static int copy_content(int from, int to)
{
	for (;;) {
		ssize_t sent = sendfile(to, from, NULL, 1 << 20);

		if (sent <= 0)
			return sent < 0 ? -errno : 0;
	}
}

static int copy_file(int dir, int to_dir, const char *name)
{
	_cleanup_fd_ int from = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_fd_ int to = -1;
	struct stat now;
	int r;

	if (from < 0 || fstat(from, &now) < 0)
		return -errno;
	if (!S_ISREG(now.st_mode))
		return -ESTALE; /* it was one a moment ago */
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_content(from, to);
	return r < 0 ? r : copy_metadata(from, to, &now);
}

static int copy_link(int dir, int to_dir, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	char text[PATH_MAX];
	ssize_t length = readlinkat(dir, name, text, sizeof(text) - 1);

	if (length < 0)
		return -errno;
	text[length] = '\0';
	if (symlinkat(text, to_dir, name) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* Sockets are nothing without who listens; a user namespace may make no devices. */
static int copy_node(int to_dir, const char *name, const struct stat *st)
{
	if (S_ISSOCK(st->st_mode))
		return 0;
	if (mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0)
		return errno == EPERM && !S_ISFIFO(st->st_mode) ? 0 : -errno;
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

static int copy_subdirectory(int dir, int to_dir, const char *name, unsigned int depth, struct error *err)
{
	_cleanup_fd_ int from = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int to = -1;

	if (from < 0 || mkdirat(to_dir, name, 0700) < 0)
		return error_set(err, errno, "copy the directory %s into the tmpfs", name);
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return error_set(err, errno, "copy the directory %s into the tmpfs", name);
	return copy_directory(from, to, depth + 1, err);
}

static int copy_entry(int dir, int to_dir, const char *name, unsigned int depth, struct error *err)
{
	struct stat st;
	int r;

	if (str_equal(name, ".") || str_equal(name, ".."))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "look at %s", name);
	if (S_ISDIR(st.st_mode))
		return copy_subdirectory(dir, to_dir, name, depth, err);
	if (S_ISREG(st.st_mode))
		r = copy_file(dir, to_dir, name);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(dir, to_dir, name, &st);
	else
		r = copy_node(to_dir, name, &st);
	if (r < 0)
		error_set(err, -r, "copy %s into the tmpfs", name);
	return r == -ENOSPC ? error_remedy(err, "the tmpfs is too small for what the image has there") : r;
}

static int copy_directory(int from, int to, unsigned int depth, struct error *err)
{
	_Alignas(struct entry) char entries[ENTRIES_BYTES];
	struct stat st;
	long got;
	int r;

	if (depth > DEPTH_MAX)
		return error_set(err, ELOOP, "copy into the tmpfs: more than %d directories deep", DEPTH_MAX);
	while ((got = syscall(SYS_getdents64, from, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < got;) {
			const struct entry *entry = (const void *)(entries + at);

			r = copy_entry(from, to, entry->name, depth, err);
			if (r < 0)
				return r;
			at += entry->length;
		}
	}
	if (got < 0)
		return error_set(err, errno, "list a directory for the tmpfs");
	if (fstat(from, &st) < 0)
		return error_set(err, errno, "look at a directory for the tmpfs");
	r = copy_metadata(from, to, &st);
	return r < 0 ? error_set(err, -r, "copy a directory's owner and mode into the tmpfs") : 0;
}

int copy_up_tree(int from, int to, struct error *err)
{
	_cleanup_fd_ int from_dir = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int to_dir = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (from_dir < 0 || to_dir < 0)
		return error_set(err, errno, "open the directory to be copied into the tmpfs");
	return copy_directory(from_dir, to_dir, 0, err);
}
