/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Groups of OCI containers in the test's own part of the hierarchy; what goes wrong fails the test. */
#include <stdbool.h>

#include "cgroups/container.h"
#include "scratch.h"

/** container_group_name() - start @scratch and name a group in it: "…/kapsel-test-PID/box"; nothing is made.
 */
struct cgroup_container container_group_name(struct scratch *scratch, unsigned int controllers,
					     const char *below);

/** container_group_make() - Return: the group's fd. */
int container_group_make(const struct cgroup_container *group, unsigned int needed);

/** container_group_remove() - remove it, and see that it is gone. */
void container_group_remove(const struct cgroup_container *group);

/** container_group_is_there() - whether something stands below the test's own part. */
bool container_group_is_there(const struct scratch *scratch, const char *below);
