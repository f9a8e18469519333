/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Transient scopes of systemd (org.freedesktop.systemd1(5), StartTransientUnit): the container's group is
 * systemd's, with Delegate=yes, and its limits are unit properties too, so that daemon-reload keeps them.
 * Behind the meson feature "systemd"; without it every function is -ENOTSUP with the remedy.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "base/macro.h"
#include "cgroups/container.h"

struct oci_resources;
struct spec_pairs;

/**
 * systemd_scope_start() - make the scope with @pid in it and wait for the job
 * @group: unit, slice and user_manager are set; path is filled, and mount corrected
 * @pid: as the host counts it, not yet with ids of its own: the manager asks whose it is
 * @annotations: "org.systemd.property.NAME" become properties (values in GVariant text); NULL is allowed
 *
 * The limits are properties then, but what no property means (device filter, io.max, hugetlb, burst) and
 * the exact cpu.max are for cgroup_resources_apply() to write, after this. systemd hands down the
 * controllers that it knows: cpu, cpuset, io, memory, pids.
 *
 * Return: 0 or -errno with *err filled: -EEXIST when the name is taken. A failure leaves nothing, and
 * empties unit and path: what has that name is somebody else's, and no clean-up may touch it.
 */
int systemd_scope_start(struct cgroup_container *group, pid_t pid, const struct oci_resources *resources,
			const struct spec_pairs *annotations, struct error *err) _must_check_;

/**
 * systemd_scope_update() - SetUnitProperties for what @resources gives, until the next boot
 *
 * Before cgroup_resources_apply(), which has the last word on the files. 0 or -errno.
 */
int systemd_scope_update(const struct cgroup_container *group, const struct oci_resources *resources,
			 struct error *err) _must_check_;

/**
 * systemd_scope_stop() - StopUnit and reset a failed one; one that is gone is fine
 *
 * After cgroup_kill(): systemd begins with SIGTERM, and waits TimeoutStopSec= for what doesn't heed it.
 * Its groups below go with it. Without a unit there is nothing to do. 0 or -errno.
 */
int systemd_scope_stop(const struct cgroup_container *group, struct error *err) _must_check_;
