/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The control group that the lab itself is in. */

struct cgroup_place;

/**
 * sandbox_group_leave() - make room where containers belong into the very group that we are in
 *
 * A group can't both hold processes and hand controllers down (cgroups(7)). kapsel steps aside by itself,
 * into a leaf of that group, but only if nobody else is there, and the lab is somebody else. What fails here
 * kapsel refuses later, with the remedy.
 */
void sandbox_group_leave(const struct cgroup_place *place);
