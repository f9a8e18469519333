/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Building mounts the only way kapsel does it: detached, with their flags set before
 * anybody can see them, then attached to a descriptor (open_tree(2), fsopen(2),
 * mount_setattr(2), move_mount(2)). No function here takes a path inside a container.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

struct error;

/**
 * mounts_clone() - a detached copy of the mount at @path on the host, with @attributes set
 * @recursive:  with the mounts below it; the attributes then apply to all of them
 * @attributes: MOUNT_ATTR_* to set
 *
 * Return: an fd of the detached tree, or -errno.
 */
int mounts_clone(const char *path, bool recursive, uint64_t attributes) _must_check_;

struct mounts_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

/**
 * mounts_new() - a new detached file system
 * @type:       "tmpfs", "proc"
 * @options:    up to a NULL key
 * @attributes: MOUNT_ATTR_*
 *
 * Return: an fd of the detached mount, or -errno.
 */
int mounts_new(const char *type, const struct mounts_option *options, uint64_t attributes) _must_check_;

/** mounts_attach() - attach a detached tree to the place that @target_fd stands for. 0 or -errno. */
int mounts_attach(int tree_fd, int target_fd) _must_check_;

/** mounts_restrict() - set more attributes on a mount of ours. 0 or -errno. */
int mounts_restrict(int tree_fd, bool recursive, uint64_t attributes) _must_check_;

/**
 * mounts_copy() - a detached copy of a mount as it is: flags and propagation are those of the original
 * @path: "" with a @dirfd that stands for the place itself
 *
 * Return: an fd of the detached tree, or -errno; -EINVAL also for a mount that may not be uncovered.
 */
int mounts_copy(int dirfd, const char *path, bool recursive) _must_check_;

/* mount_setattr(2) in the kernel's own words; 0: left as it is. */
struct mounts_change {
	uint64_t set, clear;  /* MOUNT_ATTR_* */
	uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE */
};

/** mounts_alter() - change a mount, and with @recursive all below it. 0 or -errno (EPERM for a locked flag).
 */
int mounts_alter(int tree_fd, bool recursive, const struct mounts_change *change) _must_check_;

/**
 * mounts_idmap() - show the files of a detached tree with the ids that @userns_fd maps them to
 *
 * Return: 0; -EINVAL when a file system of it can't be id-mapped; -EPERM without rights over it; -errno.
 */
int mounts_idmap(int tree_fd, bool recursive, int userns_fd) _must_check_;
