/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What one entry of a root file system is. */
#include <sys/stat.h>

#include "base/macro.h"

struct rootfs;

/* One entry, on the way through the tree. */
struct rootfs_entry {
	int root; /* the top */
	int dir;  /* the directory that it is in */
	const char *name;
	const char *path; /* from "/" */
	struct stat st;
};

/** rootfs_file_look() - note what is remarkable about the entry. 0 or -ENOMEM. */
int rootfs_file_look(struct rootfs *rootfs, const struct rootfs_entry *entry) _must_check_;
