/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Controllers by name: the words of cgroup.controllers, of version 1 mounts, of the
 * profile keys that need each, and of the remedies.
 */
#include <stddef.h>

#include "base/macro.h"
#include "cgroups/cgroup.h"

struct error;

/**
 * controllers_parse() - the set that a list of names means
 * @separator: ' ' in cgroup.controllers, ',' in version 1 mount options
 *
 * Names of version 1 are understood too (blkio is io). Unknown words are passed over:
 * a newer kernel has more controllers than we use.
 */
unsigned int controllers_parse(const char *text, char separator);

/** controllers_print() - "memory pids", with @prefix ("+" or "") before each; "none" when empty. */
void controllers_print(unsigned int controllers, const char *prefix, char *buffer, size_t size);

/** controllers_read() - read cgroup.controllers or cgroup.subtree_control of a group. 0 or -errno. */
int controllers_read(int group_fd, const char *file, unsigned int *ret) _must_check_;

/**
 * controllers_enable() - switch @needed on for the children of the group
 * @group_fd, @path: the group, and its path below the mount for messages
 * @place:           for the reason and remedy when a controller isn't offered
 *
 * A group other than the root may not hold processes and hand controllers down
 * (admin-guide/cgroup-v2.rst "No Internal Process Constraint"). If the only process in
 * there is the caller, it steps aside into the leaf ".supervisor"; otherwise it is -EBUSY.
 */
int controllers_enable(int group_fd, const char *path, const struct cgroup_place *place, unsigned int needed,
		       struct error *err) _must_check_;
