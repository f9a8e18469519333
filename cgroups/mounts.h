/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which cgroup hierarchies the kernel shows to this process: the text of
 * /proc/self/mountinfo and /proc/self/cgroup, parsed (proc(5), cgroups(7)). Texts
 * go in, values come out, so that other machines can be tested from their files.
 * Nothing allocates: a line of mountinfo may be long, only its beginning matters.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "cgroups/cgroup.h"

enum { MOUNTS_V2_MAX = 4, MOUNTS_CONTROLLERS = 8 };

/* One place where the cgroup2 hierarchy, or a part of it, can be reached. */
struct mounts_v2 {
	char path[CGROUP_PATH_MAX]; /* mount point, octal escapes resolved */
	char root[CGROUP_PATH_MAX]; /* the group that is visible there; "/": the whole hierarchy */
	bool read_only;
};

struct mounts {
	struct mounts_v2 v2[MOUNTS_V2_MAX]; /* the widest view first, writable before read-only */
	size_t n_v2;
	bool v1;                               /* any hierarchy of version 1 is mounted */
	unsigned int v1_controllers;           /* held by a mounted v1 hierarchy */
	char v1_paths[MOUNTS_CONTROLLERS][64]; /* by bit of enum cgroup_controller; "": unknown */
};

/* What /proc/self/cgroup says. */
struct mounts_own {
	bool v2;                     /* there is a "0::" line */
	char path[CGROUP_PATH_MAX];  /* own group of the cgroup2 hierarchy */
	bool v1;                     /* any version 1 hierarchy exists, mounted or not */
	unsigned int v1_controllers; /* controllers that version 1 holds */
};

/**
 * mounts_add_line() - take in one line of mountinfo, without its newline
 * @line: changed
 *
 * A line that isn't well-formed or isn't a cgroup mount adds nothing.
 */
void mounts_add_line(struct mounts *mounts, char *line);

/** mounts_read() - read /proc/self/mountinfo. 0 or -errno. */
int mounts_read(struct mounts *ret) _must_check_;

/**
 * mounts_below() - the group @group as a path below a mount that shows @root
 * @ret: starts with "/"
 *
 * Return: 0, -EXDEV when the group can't be reached through that mount, -ENAMETOOLONG.
 */
int mounts_below(const char *root, const char *group, char ret[CGROUP_PATH_MAX]) _must_check_;

/**
 * mounts_parse_own() - parse the text of /proc/self/cgroup
 * @text: changed
 *
 * Return: 0, -EBADMSG for a line of another form, -ENAMETOOLONG.
 */
int mounts_parse_own(char *text, struct mounts_own *ret) _must_check_;

/** mounts_read_own() - read /proc/self/cgroup. 0 or -errno. */
int mounts_read_own(struct mounts_own *ret) _must_check_;
