/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the group of an OCI container at a path that somebody else chose, and what is done
 * with its directory afterwards. The controllers are in container_controllers.c.
 */
#include "cgroups/container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/container_controllers.h"
#include "cgroups/mounts.h"
#include "cgroups/text.h"

enum { MAKE_TRIES = 20, EVENTS_MAX_BYTES = 512, DELEGATE_MAX_BYTES = 4096, OWN_MAX_BYTES = 8192 };

static int open_mount(const char *mount, struct error *err)
{
	_cleanup_fd_ int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return error_set(err, errno, "open %s", mount);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return error_set(err, EMEDIUMTYPE, "open %s: it isn't the cgroup2 file system", mount);
	return take_fd(&fd);
}

/* @path: relative to the group @dirfd and no way out of it. Return: fd or -errno. */
static int open_below(int dirfd, const char *path)
{
	int fd = sys_openat2(dirfd, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);

	return fd < 0 ? -errno : fd;
}

/* The length of the shortest path that we made: from there on it is ours to remove again. */
static void note_made(size_t *made_length, size_t length)
{
	if (*made_length == 0 || length < *made_length)
		*made_length = length;
}

static int make_above(int mount_fd, const char *path, size_t *made_length)
{
	char above[CGROUP_PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		const size_t length = (size_t)(slash - path);

		memcpy(above, path, length);
		above[length] = '\0';
		if (mkdirat(mount_fd, above + 1, 0755) == 0)
			note_made(made_length, length);
		else if (errno != EEXIST)
			return -errno;
	}
	return 0;
}

/*
 * The group and what is missing above it. Another container's end may remove an empty group above
 * while we look, so a missing one is made again.
 * Return: 0, 1 if the group was there already, -errno.
 */
static int make_path(int mount_fd, const char *path, size_t *made_length)
{
	for (int i = 0; i < MAKE_TRIES; i++) {
		int r;

		if (mkdirat(mount_fd, path + 1, 0755) == 0) {
			note_made(made_length, strlen(path));
			return 0;
		}
		if (errno != ENOENT)
			return errno == EEXIST ? 1 : -errno;
		r = make_above(mount_fd, path, made_length);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

static void unmake_path(int mount_fd, const char *made, size_t made_length)
{
	char path[CGROUP_PATH_MAX];

	if (made_length == 0)
		return;
	snprintf(path, sizeof(path), "%s", made);
	while (strlen(path) >= made_length && unlinkat(mount_fd, path + 1, AT_REMOVEDIR) == 0)
		*strrchr(path, '/') = '\0';
}

static int refuse_make(int errnum, const char *path, struct error *err)
{
	error_set(err, errnum, "make the cgroup %s", path);
	switch (errnum) {
	case EACCES:
	case EPERM:
		return error_remedy(
			err, "start as root, or give a linux.cgroupsPath below a group that is "
			     "delegated to the caller (\"systemd-run --user --scope -p Delegate=yes\")");
	case EROFS:
		return error_remedy(err, "mount the cgroup2 file system writable in here");
	case EAGAIN:
		return error_remedy(err, "raise cgroup.max.descendants or cgroup.max.depth of a group above");
	default:
		return -errnum;
	}
}

/* What a process started in there would meet. Holds for a new group, too: a group above may be frozen. */
static int check_state(int fd, const char *path, struct error *err)
{
	char text[EVENTS_MAX_BYTES], type[32];
	ssize_t size = text_read(fd, "cgroup.events", text, sizeof(text));

	if (size < 0)
		return error_set(err, (int)-size, "read cgroup.events of %s", path);
	if (strstr(text, "populated 1")) {
		error_set(err, EBUSY, "container's cgroup %s is not empty", path);
		return error_remedy(err, "stop what runs in there, or give another linux.cgroupsPath");
	}
	if (strstr(text, "frozen 1")) {
		error_set(err, EBUSY, "container's cgroup %s is frozen", path);
		return error_remedy(err,
				    "write 0 to cgroup.freeze of it or of the group above that is frozen");
	}
	size = text_read(fd, "cgroup.type", type, sizeof(type));
	if (size >= 0 && !str_equal(type, "domain") && !str_equal(type, "domain threaded")) {
		error_set(err, EOPNOTSUPP,
			  "container's cgroup %s is of the type \"%s\", which holds no process", path, type);
		return error_remedy(err,
				    "a group above is threaded, or holds processes itself while it hands "
				    "controllers down: give a linux.cgroupsPath outside of it");
	}
	return 0;
}

static int refuse_disabled(unsigned int needed, struct error *err)
{
	char keys[CONTAINER_KEYS_MAX];

	container_controllers_keys(needed, keys, sizeof(keys));
	error_set(err, EOPNOTSUPP, "%s: the container has no cgroup that could hold these limits", keys);
	return error_remedy(err, "start as root, with --systemd-cgroup, or below a delegated group "
				 "(\"systemd-run --user --scope -p Delegate=yes\"); or ask for no limits");
}

int cgroup_container_create(const struct cgroup_container *group, unsigned int needed, int *ret_fd,
			    struct error *err)
{
	_cleanup_fd_ int mount_fd = -1, fd = -1;
	size_t made_length = 0;
	int r;

	if (group->path[0] == '\0') {
		if (needed != 0)
			return refuse_disabled(needed, err);
		*ret_fd = -1;
		return 0;
	}
	mount_fd = open_mount(group->mount, err);
	if (mount_fd < 0)
		return mount_fd;
	r = make_path(mount_fd, group->path, &made_length);
	if (r < 0) {
		unmake_path(mount_fd, group->path, made_length);
		return refuse_make(-r, group->path, err);
	}
	fd = open_below(mount_fd, group->path + 1);
	if (fd < 0)
		r = error_set(err, -fd, "open the cgroup %s", group->path);
	else
		r = check_state(fd, group->path, err);
	if (r == 0)
		r = container_controllers_enable(mount_fd, group->path, fd, needed, err);
	if (r < 0) {
		unmake_path(mount_fd, group->path, made_length);
		return r;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int cgroup_container_open(const struct cgroup_container *group)
{
	_cleanup_fd_ int mount_fd = -1;

	if (group->path[0] == '\0')
		return -ENOENT;
	mount_fd = open_mount(group->mount, NULL);
	return mount_fd < 0 ? mount_fd : open_below(mount_fd, group->path + 1);
}

/* The container's own part of where @pid is; "" if it is in the group itself, or elsewhere. */
static void find_sub(const struct cgroup_container *group, pid_t pid, char ret[CGROUP_PATH_MAX])
{
	char file[32], text[OWN_MAX_BYTES];
	const size_t length = strlen(group->path);
	struct mounts_own own;

	ret[0] = '\0';
	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	if (text_read(AT_FDCWD, file, text, sizeof(text)) < 0 || mounts_parse_own(text, &own) < 0 || !own.v2)
		return;
	if (strncmp(own.path, group->path, length) == 0 && own.path[length] == '/')
		snprintf(ret, CGROUP_PATH_MAX, "%s", own.path + length + 1);
}

int cgroup_container_open_of(const struct cgroup_container *group, pid_t pid)
{
	_cleanup_fd_ int fd = cgroup_container_open(group);
	char sub[CGROUP_PATH_MAX];

	if (fd < 0)
		return fd;
	find_sub(group, pid, sub);
	return sub[0] ? open_below(fd, sub) : take_fd(&fd);
}

int cgroup_container_enter(int fd, const char *sub, pid_t pid, struct error *err)
{
	_cleanup_fd_ int sub_fd = -1;
	char text[16];
	int r;

	while (sub && *sub == '/')
		sub++;
	sub_fd = open_below(fd, sub ? sub : "");
	if (sub_fd < 0) {
		error_set(err, -sub_fd, "open the cgroup \"%.200s\" below that of the container",
			  sub ? sub : "");
		return error_remedy(err, "name a group that exists, relative to the container's");
	}
	snprintf(text, sizeof(text), "%d", (int)pid);
	r = fd_write_file(sub_fd, "cgroup.procs", text);
	if (r == 0)
		return 0;
	error_set(err, -r, "move process %d into the cgroup \"%.200s\" of the container", (int)pid,
		  sub ? sub : "");
	if (r == -EBUSY)
		return error_remedy(err, "the group hands controllers down, so only groups below it can hold "
					 "processes: name one with --cgroup");
	return r;
}

static int give(int fd, const char *file, uid_t uid, struct error *err)
{
	if (fchownat(fd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
		return error_set(err, errno, "give %s of the cgroup to user %u", file, (unsigned int)uid);
	return 0;
}

int cgroup_container_delegate(int fd, uid_t uid, struct error *err)
{
	/* The list is of 4.18; what a kernel without it delegates. */
	char text[DELEGATE_MAX_BYTES], *save = NULL;
	int r;

	if (text_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "cgroup.procs\ncgroup.threads\ncgroup.subtree_control");
	r = give(fd, ".", uid, err);
	for (char *file = strtok_r(text, "\n", &save); file && r == 0; file = strtok_r(NULL, "\n", &save))
		if (!strchr(file, '/'))
			r = give(fd, file, uid, err);
	return r;
}
