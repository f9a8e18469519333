/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A container's limits as properties of a systemd scope (systemd.resource-control(5),
 * org.freedesktop.systemd1(5)). systemd writes the files of a unit's group again when the
 * unit is changed or the manager reloads: what it isn't told, it resets. So every write
 * of cgroups/resources.h that a property means is told.
 */
#include <sys/types.h>

#include "base/macro.h"

struct cgroup_container;
struct error;
struct resources_plan;
struct spec_pairs;
struct systemd_request;

/**
 * systemd_properties_scope() - all properties of a new scope
 * @plan: what resources_build() made of the resources
 * @annotations: those named "org.systemd.property.*" are taken; NULL is allowed
 *
 * Return: 0, or -EINVAL with *err filled: a value that isn't GVariant text, a property that is ours
 * to set or that the resources set, too.
 */
int systemd_properties_scope(const struct cgroup_container *group, pid_t pid,
			     const struct resources_plan *plan, const struct spec_pairs *annotations,
			     struct systemd_request *request, struct error *err) _must_check_;

/**
 * systemd_properties_limits() - the properties that the writes of @plan change
 * @plan: its fd is asked for the period where only the quota changes
 *
 * Return: 0 or -EINVAL with *err filled.
 */
int systemd_properties_limits(const struct resources_plan *plan, struct systemd_request *request,
			      struct error *err) _must_check_;
