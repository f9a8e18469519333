/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The only place where a name inside a root file system becomes a descriptor. The
 * root file system is hostile: its names may be links to anywhere and may change
 * while we look. openat2(2) resolves inside the root and refuses magic links.
 */
#include <stddef.h>

#include "base/macro.h"

/**
 * path_open_in_root() - resolve @path as if @rootfd were "/", links included
 * @flags: of openat2(2), O_CLOEXEC is added; O_PATH for a handle only
 *
 * Return: an fd, or -errno (-ELOOP for a magic link or too many links).
 */
int path_open_in_root(int rootfd, const char *path, int flags) _must_check_;

/**
 * path_open_plain() - as path_open_in_root(), but no component may be a link
 *
 * For /proc and /dev: an image that makes these a link has no good reason.
 */
int path_open_plain(int rootfd, const char *path, int flags) _must_check_;

/**
 * path_make_dir() - create one directory, or accept an existing one, and open it
 * @name: a single component; "." and ".." are -EINVAL
 *
 * Return: an O_PATH fd, or -errno; a link is -ELOOP or -ENOTDIR.
 */
int path_make_dir(int dirfd, const char *name, unsigned int mode) _must_check_;

/**
 * path_make_in() - create the directories of @path below @dirfd, a tree that only we write
 * @path: relative, normalised
 *
 * Return: an O_PATH fd of the last one, or -errno.
 */
int path_make_in(int dirfd, const char *path, unsigned int mode) _must_check_;

/**
 * path_make_in_root() - resolve @path as path_open_in_root() does, and make the directories that are missing
 * @mode: of the new directories, less the umask
 *
 * A link whose target is missing is followed inside the root, too: images have /etc/resolv.conf point to
 * what only a booted system makes. Return: an O_PATH fd of the directory, -ENOTDIR when a file is in the way,
 * -ELOOP for a magic link or more than 40 links, or -errno.
 */
int path_make_in_root(int rootfd, const char *path, unsigned int mode) _must_check_;

/**
 * path_make_file_in_root() - as path_make_in_root(), with an empty file as the last component
 * @mode: of the directories; the file gets 0644
 *
 * Return: an O_PATH fd of whatever stands there, a directory perhaps, or -errno.
 */
int path_make_file_in_root(int rootfd, const char *path, unsigned int mode) _must_check_;

/**
 * path_normalise() - @path without empty components, "." and "..", as text alone: for comparing, not for
 * opening
 * @ret: absolute; "/.." is "/"
 *
 * Return: 0, or -ENAMETOOLONG.
 */
int path_normalise(const char *path, char *ret, size_t size) _must_check_;
