/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The parts of the "mounts" step, one topic a file: where a mount goes (mount_target.c), what a bind shows
 * (mount_source.c), new file systems (mount_new.c, mount_kernel.c for those of the kernel), copying an
 * image's directory into a tmpfs (copy_up.c), how a mount is told and proven (mount_words.c).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct error;
struct evidence;
struct mount_row;
struct oci_mount;
struct run;

enum { MOUNT_TEXT_MAX = 400 };

/** mount_words_text() - the mount for a message: "mount tmpfs on /dev (tmpfs, nosuid,mode=755)"; returns
 * @text. */
const char *mount_words_text(const struct oci_mount *mount, char text[MOUNT_TEXT_MAX]);

/**
 * mount_words_row() - the mount that a name inside the container leads to, by what the kernel shows
 *
 * The kernel lists a mount where it really is, so a name that goes through links of the image is looked up
 * through the process's root. Return: 1 with *ret, 0 when nothing is mounted there, -ENOENT when nothing is
 * there at all, -EACCES when only root may look, since the process hides itself.
 */
int mount_words_row(const struct evidence *evidence, const char *path, const struct mount_row **ret);

/** mount_words_check() - 0 when the row has the mount's type and flags, or -EBADE with *err filled. */
int mount_words_check(const struct oci_mount *mount, const struct mount_row *row, struct error *err);

/** mount_words_deferred() - Return: whether the mount becomes read-only only after all mount points are made.
 */
bool mount_words_deferred(const struct oci_mount *mount);

/** mount_words_cgroup() - Return: whether it is of type cgroup or cgroup2. */
bool mount_words_cgroup(const struct oci_mount *mount);

/**
 * mount_target_open() - resolve the destination inside the root, making what is missing
 * @tree_fd:   the tree to be mounted there, -1: a new file system of the mount's type; procfs may go to
 * /proc, and nothing else
 * @directory: whether that is a directory
 * @ret_mode:  permissions of what was there, -1: it had to be made
 *
 * Return: an O_PATH fd, or -errno with *err filled.
 */
int mount_target_open(const struct run *run, const struct oci_mount *mount, int tree_fd, bool directory,
		      int *ret_mode, struct error *err);

/** mount_source_prepare() - refuse what can't be; before clone3. 0 or -errno. */
int mount_source_prepare(const struct run *run, const struct oci_mount *mount, struct error *err);

/** mount_source_acquire() - open what needs the caller's rights, id-mapped if wanted: run->oci->source_fds. 0
 * or -errno. */
int mount_source_acquire(struct run *run, size_t index, struct error *err);

/** mount_source_map() - id-map to the container's user namespace. 0 or -errno. */
int mount_source_map(struct run *run, size_t index, struct error *err);

/** mount_source_open() - init: Return: the detached tree of a bind, or -errno with *err filled. */
int mount_source_open(struct run *run, size_t index, struct error *err);

/** mount_source_link() - crun's copy-symlink. Return: 1 if done, 0 if the source isn't a link, -errno. */
int mount_source_link(const struct run *run, const struct oci_mount *mount, struct error *err);

/**
 * mount_new_open() - a new file system, detached, with its flags
 * @mode: of the directory that it will cover, taken by a tmpfs whose options give none; -1: none
 *
 * Return: an fd, or -errno with *err filled.
 */
int mount_new_open(const struct run *run, const struct oci_mount *mount, int mode, struct error *err);

/** mount_new_reconfigure() - "remount" of the file system at @target_fd. 0 or -errno with *err filled. */
int mount_new_reconfigure(const struct oci_mount *mount, int target_fd, struct error *err);

/**
 * mount_kernel_open() - as mount_new_open(), for proc, sysfs, mqueue, cgroup and cgroup2, which a user
 * namespace may not always have anew: then a copy of what the host has, never with less flags than asked for
 */
int mount_kernel_open(const struct run *run, const struct oci_mount *mount, struct error *err);

/**
 * copy_up_tree() - copy the content of a directory of the image into an empty tmpfs
 * @from: O_PATH fd of the directory
 * @to:   fd of the new root directory, detached
 *
 * Links are copied, not followed. Files that are more than one name become several. 0 or -errno with *err
 * filled.
 */
int copy_up_tree(int from, int to, struct error *err) _must_check_;
