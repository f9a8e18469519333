/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What lies in a root file system that a service does not need and an intruder would like to find. The tree
 * is hostile: it is walked by (directory, one component), links are never followed, other file systems
 * below it are left out, and nothing but regular files is opened.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct error;

enum rootfs_kind {
	ROOTFS_SETUID,
	ROOTFS_CAPABLE, /* file capabilities */
	ROOTFS_KEYS,
	ROOTFS_CREDENTIALS,
	ROOTFS_HISTORY,
	ROOTFS_WORLD_FILES,
	ROOTFS_WORLD_DIRS,
	ROOTFS_DEVICES,
	ROOTFS_LINKS, /* that lead out of the tree */
	ROOTFS_REMOTE,
	ROOTFS_SERVICES,
	ROOTFS_PACKAGES,
	ROOTFS_BUILD,
	ROOTFS_NETWORK,
	ROOTFS_SHELLS,
	ROOTFS_KINDS,
};

struct rootfs_type {
	const char *id;
	const char *title; /* what is so when nothing is found */
	const char *why;   /* what an intruder does with it */
	unsigned int weight;
	const char *serves; /* items of catalogues: "bsi A8, nist 4.1.4" */
};

struct rootfs_finding {
	char *path;    /* in the tree, from "/" */
	char note[96]; /* "mode 4755", "-> /etc/shadow"; "" */
};

struct rootfs {
	char *path;
	uint64_t n_files, n_dirs;
	uint64_t n_unreadable; /* directories that could not be opened */
	uint64_t n_other;      /* directories on other file systems, left out */
	char first_unreadable[256];
	struct {
		struct rootfs_finding *items; /* in the order of the walk */
		size_t n;
	} found[ROOTFS_KINDS];
};

/** rootfs_type_of() - Return: what is known about a kind of finding. */
const struct rootfs_type *rootfs_type_of(enum rootfs_kind kind);

/** rootfs_scan() - walk the tree at @path. 0 and *ret (for rootfs_free()), or -errno with *err filled. */
int rootfs_scan(const char *path, struct rootfs **ret, struct error *err) _must_check_;

/** rootfs_free() - NULL is allowed. */
struct rootfs *rootfs_free(struct rootfs *rootfs);

static inline void rootfs_freep(struct rootfs **rootfs)
{
	*rootfs = rootfs_free(*rootfs);
}
#define _cleanup_rootfs_ _cleanup_(rootfs_freep)

/** rootfs_score() - Return: the score in tenths, reckoned as for a process. */
unsigned int rootfs_score(const struct rootfs *rootfs);

/** rootfs_add() - note a finding; @path and @note are copied. 0 or -ENOMEM. */
int rootfs_add(struct rootfs *rootfs, enum rootfs_kind kind, const char *path, const char *note) _must_check_;
