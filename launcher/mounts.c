/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "base/fd.h"
#include "base/sys.h"

static int set_attributes(int tree_fd, bool recursive, uint64_t attributes, uint64_t propagation)
{
	struct mount_attr attr = { .attr_set = attributes, .propagation = propagation };
	unsigned int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);

	return mount_setattr(tree_fd, "", flags, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

/*
 * A copy of a shared mount is its peer: what is mounted on it would appear on the host. systemd
 * makes "/" shared, so this is the normal case, and the copy leaves the peer group at once.
 */
int mounts_clone(const char *path, bool recursive, uint64_t attributes)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u);
	_cleanup_fd_ int fd = open_tree(AT_FDCWD, path, flags);
	int r;

	if (fd < 0)
		return -errno;
	r = set_attributes(fd, recursive, attributes, MS_PRIVATE);
	return r < 0 ? r : take_fd(&fd);
}

int mounts_new(const char *type, const struct mounts_option *options, uint64_t attributes)
{
	_cleanup_fd_ int context = fsopen(type, FSOPEN_CLOEXEC);
	int fd;

	if (context < 0)
		return -errno;
	for (; options && options->key; options++) {
		unsigned int kind = options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		if (fsconfig(context, kind, options->key, options->value, 0) < 0)
			return -errno;
	}
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(context, FSMOUNT_CLOEXEC, (unsigned int)attributes);
	return fd < 0 ? -errno : fd;
}

int mounts_attach(int tree_fd, int target_fd)
{
	if (move_mount(tree_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int mounts_restrict(int tree_fd, bool recursive, uint64_t attributes)
{
	return set_attributes(tree_fd, recursive, attributes, 0);
}

int mounts_copy(int dirfd, const char *path, bool recursive)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u) |
			     (path[0] ? 0u : AT_EMPTY_PATH);
	int fd = open_tree(dirfd, path, flags);

	return fd < 0 ? -errno : fd;
}

int mounts_alter(int tree_fd, bool recursive, const struct mounts_change *change)
{
	struct mount_attr attr = {
		.attr_set = change->set,
		.attr_clr = change->clear,
		.propagation = change->propagation,
	};
	unsigned int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);

	return mount_setattr(tree_fd, "", flags, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int mounts_idmap(int tree_fd, bool recursive, int userns_fd)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns_fd };
	unsigned int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);

	return mount_setattr(tree_fd, "", flags, &attr, sizeof(attr)) < 0 ? -errno : 0;
}
