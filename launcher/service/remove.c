/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "launcher/logs/log_set.h"
#include "launcher/service/record.h"

enum { RETRY_MS = 20 };

/* --- the lock ---------------------------------------------------------------- */

static void sleep_ms(unsigned int ms)
{
	struct timespec left = { .tv_nsec = (long)ms * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static int lock(int dir, const char *name, unsigned int wait_ms, struct error *err)
{
	for (;;) {
		if (flock(dir, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return error_set(err, errno, "lock the state of %s", name);
		if (wait_ms < RETRY_MS)
			break;
		wait_ms -= RETRY_MS;
		sleep_ms(RETRY_MS);
	}
	error_set(err, EBUSY, "remove %s: it is supervised, or just being started", name);
	error_remedy(err, "kapsel rm --force %s stops it first", name);
	return -EBUSY;
}

/* Between our open and our lock the name may have gone, and come back as somebody else's. */
static bool is_still_called(int run_dir, const char *name, int dir)
{
	struct stat ours, named;

	return fstat(dir, &ours) == 0 && fstatat(run_dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* --- what a lost one left ------------------------------------------------------ */

static bool is_cgroup(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/*
 * The path stands in a file that only we can write, and nevertheless names a group to be killed: it must be
 * one of a cgroup file system, below another, and called as the service is.
 */
static int end_cgroup(const struct record *record, struct error *err)
{
	char parent_path[RECORD_PATH_MAX];
	_cleanup_fd_ int parent = -1, group = -1;
	char *slash;
	int r;

	snprintf(parent_path, sizeof(parent_path), "%s", record->cgroup);
	slash = strrchr(parent_path, '/');
	if (parent_path[0] != '/' || slash == parent_path || !str_equal(slash + 1, record->name))
		return error_set(err, EINVAL, "end the cgroup of %s: its path \"%s\" is none", record->name,
				 record->cgroup);
	*slash = '\0';
	parent = open(parent_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent >= 0)
		group = openat(parent, record->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "open the cgroup %s", record->cgroup);
	if (!is_cgroup(parent) || !is_cgroup(group))
		return error_set(err, EINVAL, "end the cgroup %s: it is none", record->cgroup);
	r = cgroup_populated(group) != 0 ? cgroup_kill(group) : 0;
	if (r == 0)
		r = cgroup_remove(parent, record->name);
	return r < 0 ? error_set(err, -r, "end the cgroup %s", record->cgroup) : 0;
}

/* --- files -------------------------------------------------------------------- */

/* "a/b/web/web-json.log": the directory web, if nothing is left in it. */
static void remove_empty_parent(const char *path, const char *name)
{
	char parent[PATH_MAX], *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (!slash)
		return;
	*slash = '\0';
	slash = strrchr(parent, '/');
	if (slash && str_equal(slash + 1, name))
		rmdir(parent); /* which refuses one that is not empty */
}

static int remove_log(const char *path, const char *name, struct error *err)
{
	struct log_slot *slots = NULL;
	struct log_set set;
	_cleanup_fd_ int dir = -1;
	size_t n = 0;
	int r;

	if (path[0] == '\0')
		return 0;
	r = log_set_init(&set, path, false, err);
	if (r == 0)
		r = log_set_list(&set, &slots, &n, err);
	if (r < 0)
		return r;
	dir = open(set.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; dir >= 0 && r == 0 && i < n; i++) {
		char file[NAME_MAX + 32];

		log_set_file_name(&set, &slots[i], file, sizeof(file));
		if (unlinkat(dir, file, 0) < 0 && errno != ENOENT)
			r = error_set(err, errno, "remove %s/%s", set.dir, file);
	}
	free(slots);
	if (r == 0)
		remove_empty_parent(path, name);
	return r;
}

static int remove_files(int dir, const char *name, struct error *err)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;

	if (!list) {
		r = error_set(err, errno, "list the state of %s", name);
		fd_close(&copy);
		return r;
	}
	while (r == 0 &&
	       (entry = readdir(list))) { /* NOLINT(concurrency-mt-unsafe): one thread, one stream */
		if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
			continue;
		if (unlinkat(dir, entry->d_name, 0) < 0 && errno != ENOENT)
			r = error_set(err, errno, "remove the state of %s: %s", name, entry->d_name);
	}
	closedir(list);
	return r;
}

/* The directory is locked. The name goes last: while it is there, another try finds what is left. */
static int remove_locked(int run_dir, int dir, const char *name, const struct remove_options *options,
			 struct error *err)
{
	struct record record;
	int r = record_read(dir, &record, err);

	/* With the lock in our hand nobody lives behind a record that can not be read. */
	if (r < 0 && r != -ENOENT && r != -EINVAL)
		return r;
	if (r == 0 && record_alive(&record)) {
		error_set(err, EBUSY, "remove %s: its supervisor lives (process %d)", name,
			  (int)record.supervisor.pid);
		return -EBUSY;
	}
	if (r == 0 && record.status == RECORD_LOST && record.cgroup[0] && end_cgroup(&record, err) < 0)
		return -err->code;
	if (r == 0 && options->logs &&
	    (remove_log(record.log_path, name, err) < 0 || remove_log(record.events_path, name, err) < 0))
		return -err->code;
	r = remove_files(dir, name, err);
	if (r == 0 && unlinkat(run_dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = error_set(err, errno, "remove the state of %s", name);
	return r;
}

int remove_service(const char *run_dir, const char *name, const struct remove_options *options,
		   struct error *err)
{
	_cleanup_fd_ int dir = record_open(run_dir, name, err), parent = -1;
	int r;

	if (dir < 0)
		return dir;
	parent = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return error_set(err, errno, "open the state directory");
	r = lock(dir, name, options->wait_ms, err);
	if (r < 0)
		return r;
	if (!is_still_called(parent, name, dir))
		return error_set(err, ENOENT, "remove %s: it is gone already", name);
	return remove_locked(parent, dir, name, options, err);
}
