/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the lab's sandbox has on the machine itself: mount points, and control groups of containers. */
#include <stdbool.h>
#include <stddef.h>

struct cgroup_place;
struct host;

enum { SANDBOX_MASK_MAX = 256, SANDBOX_MASKS = 3 };

/* Directories of kapsel's that the sandbox covers with a tmpfs of its own. */
struct sandbox_masks {
	char paths[SANDBOX_MASKS][SANDBOX_MASK_MAX];
	bool made[SANDBOX_MASKS]; /* by us: to be removed again */
	size_t n;
};

/** sandbox_masks_make() - the directories of this caller; one that is missing is made for as long as it
 * takes. */
void sandbox_masks_make(struct sandbox_masks *ret, const struct host *host);

/** sandbox_masks_remove() - remove what was made, where nobody else has put anything into it meanwhile. */
void sandbox_masks_remove(const struct sandbox_masks *masks);

/** sandbox_container_name() - the name of a container: "lab-1x7Gk2-3", after the sandbox's directory. */
void sandbox_container_name(char *ret, size_t size, const char *directory, unsigned int number);

/**
 * sandbox_clean_groups() - remove the control groups of a sandbox whose process 1 was killed
 *
 * All its processes are dead then, also the ones that would have removed their group.
 */
void sandbox_clean_groups(const struct cgroup_place *place, const char *directory);
