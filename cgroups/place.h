/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The decision where containers belong, apart from the looking: what is known about
 * the machine comes in, so that other machines can be tested.
 */
#include <stdbool.h>

#include "cgroups/cgroup.h"

struct mounts_own;
struct mounts;

/* What may be asked about a group, by its path below the mount. */
struct place_world {
	bool root;       /* effective uid 0 */
	const char *own; /* own group, below the mount */
	const void *context;
	bool (*writable)(const struct place_world *world,
			 const char *group); /* cgroup.procs and .subtree_control */
	bool (*delegated)(const struct place_world *world,
			  const char *group); /* marked so, and owned by the caller */
};

/**
 * place_choose() - fill parent and top, or found = false with reason and remedy
 * @ret: mount is set already
 */
void place_choose(const struct place_world *world, struct cgroup_place *ret);

/**
 * place_explain() - reason and remedy for the controllers that are missing from @place
 * @root: effective uid 0, who has other remedies
 *
 * Leaves both empty when everything that the limits of a profile can need is there.
 */
void place_explain(struct cgroup_place *place, const struct mounts *mounts, bool root);
