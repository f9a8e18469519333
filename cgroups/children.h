/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The groups below a group, one at a time and without recursion: whoever owned the tree decides its depth. */
#include <limits.h>
#include <sys/types.h>

/**
 * children_next() - the next directory of an open group, from where its offset stands
 * @name: may be longer than NAME_MAX: cgroupfs doesn't check, only the length of the path in a system call
 *        limits it
 * @ret_offset: the place behind it, for lseek(2)
 *
 * Return: 1 with both filled, 0 at the end, -errno.
 */
int children_next(int fd, char name[PATH_MAX], off_t *ret_offset);
