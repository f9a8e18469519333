/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making a group: the parents down to it with their controllers, the group itself,
 * its settings. What a failed attempt has made is removed again.
 */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/controllers.h"

/* @path: relative; "" is @dirfd itself. Return: fd or -errno. */
static int open_group(int dirfd, const char *path)
{
	int fd = sys_openat2(dirfd, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);

	return fd < 0 ? -errno : fd;
}

static int open_mount(const struct cgroup_place *place, struct error *err)
{
	_cleanup_fd_ int fd = open(place->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return error_set(err, errno, "open %s", place->mount);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return error_set(err, EMEDIUMTYPE, "open %s: it isn't the cgroup2 file system", place->mount);
	return take_fd(&fd);
}

static int refuse_mkdir(int errnum, const char *above, const char *name, struct error *err)
{
	error_set(err, errnum, "make the cgroup %s%s%s", above, above[1] && name[0] ? "/" : "", name);
	switch (errnum) {
	case EACCES:
	case EPERM:
		return error_remedy(err, "start as root, or with "
					 "\"systemd-run --user --scope -p Delegate=yes kapsel ...\"");
	case EROFS:
		return error_remedy(err, "mount the cgroup2 file system writable in here");
	case EAGAIN:
		return error_remedy(err, "raise cgroup.max.descendants or cgroup.max.depth of a group above");
	default:
		return -errnum;
	}
}

/* Remove the empty groups from @path upwards, as long as the path is no shorter than @made_length. */
static void unmake_parents(int mount_fd, const char *parent, size_t made_length)
{
	char path[CGROUP_PATH_MAX];

	if (made_length == 0)
		return;
	snprintf(path, sizeof(path), "%s", parent);
	while (strlen(path) >= made_length && unlinkat(mount_fd, path + 1, AT_REMOVEDIR) == 0)
		*strrchr(path, '/') = '\0';
}

/*
 * From the top down to the parent: make what is missing, switch the controllers on.
 * @made_length: set to the length of the first path that had to be made
 */
static int make_parents(int mount_fd, const struct cgroup_place *place, unsigned int controllers,
			size_t *made_length, struct error *err)
{
	const char *parent = place->parent;
	size_t length = place->top[1] ? strlen(place->top) : 0;

	for (;;) {
		char path[CGROUP_PATH_MAX];
		_cleanup_fd_ int fd = -1;
		int r;

		snprintf(path, sizeof(path), "/%.*s", length ? (int)length - 1 : 0, parent + 1);
		fd = open_group(mount_fd, path + 1);
		if (fd == -ENOENT) {
			if (mkdirat(mount_fd, path + 1, 0755) == 0) {
				if (*made_length == 0)
					*made_length = length;
			} else if (errno != EEXIST) {
				return refuse_mkdir(errno, path, "", err);
			}
			fd = open_group(mount_fd, path + 1);
		}
		if (fd < 0)
			return error_set(err, -fd, "open the cgroup %s", path);
		r = controllers_enable(fd, path, place, controllers, err);
		if (r < 0)
			return r;
		if (parent[length] == '\0' || parent[1] == '\0')
			return take_fd(&fd);
		length += 1 + strcspn(parent + length + 1, "/");
	}
}

/* The usual case costs one open and one read: the parent is there and hands down what is needed. */
static int open_parent(int mount_fd, const struct cgroup_place *place, unsigned int controllers,
		       size_t *made_length, struct error *err)
{
	_cleanup_fd_ int fd = open_group(mount_fd, place->parent + 1);
	unsigned int enabled = 0;

	if (fd >= 0 && (controllers == 0 || (controllers_read(fd, "cgroup.subtree_control", &enabled) == 0 &&
					     !(controllers & ~enabled))))
		return take_fd(&fd);
	return make_parents(mount_fd, place, controllers, made_length, err);
}

static int make_group(int parent_fd, const struct cgroup_place *place, const char *name, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	int r = mkdirat(parent_fd, name, 0755);

	if (r < 0 && errno == EEXIST) {
		/* Left by a run that was killed. Its settings aren't ours: start from a new one. */
		fd = open_group(parent_fd, name);
		if (fd >= 0 && cgroup_populated(fd) == 1) {
			error_set(err, EBUSY, "make the cgroup %s: it exists and holds processes", name);
			return error_remedy(err, "stop what runs in there, or choose another name");
		}
		fd_close(&fd);
		r = cgroup_remove(parent_fd, name);
		if (r < 0)
			return error_set(err, -r, "remove the left over cgroup %s", name);
		r = mkdirat(parent_fd, name, 0755);
	}
	if (r < 0)
		return refuse_mkdir(errno, place->parent, name, err);
	fd = open_group(parent_fd, name);
	if (fd < 0) {
		unlinkat(parent_fd, name, AT_REMOVEDIR);
		return error_set(err, -fd, "open the cgroup %s", name);
	}
	return take_fd(&fd);
}

int cgroup_create(const struct cgroup_place *place, const char *name, unsigned int controllers, int *ret_fd,
		  int *ret_parent_fd, struct error *err)
{
	_cleanup_fd_ int mount_fd = -1, parent_fd = -1;
	size_t made_length = 0;
	int fd;

	if (name[0] == '\0' || strlen(name) > NAME_MAX || strchr(name, '/') || str_equal(name, ".") ||
	    str_equal(name, ".."))
		return error_set(err, EINVAL, "make a cgroup with the name \"%.64s\"", name);
	if (!place->found) {
		error_set(err, EOPNOTSUPP, "find a place for a cgroup: %s", place->reason);
		return error_remedy(err, "%s", place->remedy);
	}
	mount_fd = open_mount(place, err);
	if (mount_fd < 0)
		return mount_fd;
	parent_fd = open_parent(mount_fd, place, controllers, &made_length, err);
	fd = parent_fd < 0 ? parent_fd : make_group(parent_fd, place, name, err);
	if (fd < 0) {
		unmake_parents(mount_fd, place->parent, made_length);
		return fd;
	}
	*ret_fd = fd;
	*ret_parent_fd = take_fd(&parent_fd);
	return 0;
}

static bool has_swap(void)
{
	struct sysinfo info;

	return sysinfo(&info) < 0 || info.totalswap > 0;
}

static int refuse_setting(const struct cgroup_setting *setting, int errnum, struct error *err)
{
	error_set(err, errnum, "write \"%s\" to %s%s%s%s", setting->value, setting->file,
		  setting->key ? " (" : "", setting->key ? setting->key : "", setting->key ? ")" : "");
	if (setting->optional && errnum == ENOENT)
		return error_remedy(
			err,
			"this kernel can't limit swap: switch swap off (swapoff -a), or set \"%s\": "
			"\"unlimited\"",
			setting->key);
	switch (setting->controller) {
	case CGROUP_IO:
		return error_remedy(err, "limits.io takes whole disks, not partitions or loop-backed paths");
	case CGROUP_CPUSET:
		return error_remedy(err, "limits.cpus: see /sys/devices/system/cpu/possible");
	default:
		return -errnum;
	}
}

int cgroup_apply(int fd, const struct cgroup_limits *limits, struct error *err)
{
	for (size_t i = 0; i < limits->n; i++) {
		const struct cgroup_setting *setting = &limits->items[i];
		int r = fd_write_file(fd, setting->file, setting->value);

		if (r == -ENOENT && setting->optional && !has_swap())
			continue;
		if (r < 0)
			return refuse_setting(setting, -r, err);
	}
	return 0;
}
