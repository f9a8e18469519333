/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

enum {
	MADE_DIRECTORIES = 2,
	/* ".NAME.gz.part" and "NAME.4294967295.gz" must be file names as well */
	NAME_LIMIT = NAME_MAX - 14,
};

static int check_path(const char *path, struct error *err)
{
	const char *part = path;

	if (path[0] != '/')
		return error_set(err, EINVAL, "log path \"%s\" is not absolute", path);
	if (strlen(path) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "log path has more than %d bytes", PATH_MAX - 1);
	while (*part) {
		size_t length;

		part += strspn(part, "/");
		length = strcspn(part, "/");
		if (length == 0 || (length == 1 && part[0] == '.') ||
		    (length == 2 && str_starts(part, ".."))) {
			error_set(err, EINVAL,
				  "log path \"%s\" has an empty component, \".\" or \"..\" at its end", path);
			return error_remedy(err, "write the path of the log file itself, without detours");
		}
		part += length;
	}
	return 0;
}

/* Cut off the last component; returns it. What is left of "/x" is "". */
static char *cut_last(char *path)
{
	char *slash = strrchr(path, '/');
	char *name = slash + 1;

	while (slash > path && slash[-1] == '/')
		slash--;
	*slash = '\0';
	return name;
}

static int enter(int dirfd, const char *name, const char *path, struct error *err)
{
	int fd = path_make_dir(dirfd, name, 0750);
	struct stat st;

	if (fd >= 0)
		return fd;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) {
		error_set(err, ELOOP, "open directory \"%s\" of log %s: it is a symbolic link", name, path);
		return error_remedy(err, "write the path that the link leads to");
	}
	return error_set(err, -fd, "open or create directory \"%s\" of log %s", name, path);
}

/* Anybody who may rename in this directory can take the log away and feed the shippers a false one. */
static int check_dir(int dirfd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return error_set(err, errno, "look at the directory of log %s", path);
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)) {
		error_set(err, EPERM, "the directory of log %s can be written by everybody", path);
		return error_remedy(err, "take the right away: chmod o-w");
	}
	return 0;
}

int log_file_open_dir(const char *path, const char **ret_name, struct error *err)
{
	const char *parts[MADE_DIRECTORIES] = { NULL };
	_cleanup_fd_ int dirfd = -1;
	char base[PATH_MAX];
	int n = 0, r;

	r = check_path(path, err);
	if (r < 0)
		return r;
	memcpy(base, path, strlen(path) + 1);
	cut_last(base);
	while (n < MADE_DIRECTORIES && base[0])
		parts[n++] = cut_last(base);

	dirfd = open(base[0] ? base : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0) {
		error_set(err, errno, "open directory %s of log %s", base, path);
		return error_remedy(err, "create it: only the last two directories of a log path are made");
	}
	while (n-- > 0) {
		int next = enter(dirfd, parts[n], path, err);

		if (next < 0)
			return next;
		fd_close(&dirfd);
		dirfd = next;
	}
	r = check_dir(dirfd, path, err);
	if (r < 0)
		return r;
	if (strlen(strrchr(path, '/') + 1) > NAME_LIMIT)
		return error_set(err, ENAMETOOLONG, "log file's name has more than %d bytes", NAME_LIMIT);
	*ret_name = strrchr(path, '/') + 1;
	return take_fd(&dirfd);
}

int log_file_is_ours(int fd, const char *name, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at log file %s", name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "log file %s is not a regular file", name);
	if (st.st_uid != geteuid()) {
		error_set(err, EPERM, "log file %s belongs to user %u", name, st.st_uid);
		return error_remedy(err, "move it away, or chown it to user %u", geteuid());
	}
	if (st.st_nlink != 1) { /* another name: we would write into somebody's file */
		error_set(err, EMLINK, "log file %s has %lu names", name, (unsigned long)st.st_nlink);
		return error_remedy(err, "remove the other hard links, or move the file away");
	}
	return 0;
}

int log_file_open(int dirfd, const char *name, uint64_t *ret_size, struct error *err)
{
	/* O_NONBLOCK: a FIFO must not hold us; it means nothing to a regular file */
	_cleanup_fd_ int fd =
		openat(dirfd, name,
		       O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	off_t size;
	int r;

	if (fd < 0 && errno == ELOOP)
		return error_set(err, ELOOP, "open log file %s: it is a symbolic link", name);
	if (fd < 0)
		return error_set(err, errno, "open log file %s", name);
	r = log_file_is_ours(fd, name, err);
	if (r < 0)
		return r;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return error_set(err, errno, "find the end of log file %s", name);
	*ret_size = (uint64_t)size;
	return take_fd(&fd);
}
