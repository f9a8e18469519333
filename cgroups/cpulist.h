/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sets of CPUs as cpuset files write them: "0-3,8". Bounded: a list such as
 * "0-1000000000" once made a container daemon allocate all memory (CVE-2018-20699).
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "cgroups/cgroup.h"

struct cpulist {
	uint64_t words[CGROUP_CPUS_MAX / 64];
};

/**
 * cpulist_parse() - parse numbers and ranges; the empty string is the empty set
 * @text: may end in one newline
 *
 * Return: 0, -EINVAL for another form, -ERANGE for a CPU of CGROUP_CPUS_MAX or above.
 */
int cpulist_parse(const char *text, struct cpulist *ret) _must_check_;

/** cpulist_is_empty() - Return: whether there is no CPU in it. */
bool cpulist_is_empty(const struct cpulist *list);

/** cpulist_is_within() - Return: whether every CPU of @list is also in @all. */
bool cpulist_is_within(const struct cpulist *list, const struct cpulist *all);
