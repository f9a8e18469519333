/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * linux.resources.devices as rules of the device filter. OCI rules are applied in order and the last
 * one that matches wins, for each kind of access on its own; the filter wants the first one to win.
 */
#include <stddef.h>

#include "base/macro.h"
#include "cgroups/devices.h"

struct arena;
struct oci_resources;

enum { CONTAINER_DEVICES_MAX = 4096 };

/**
 * container_devices_rules() - the rules of @resources and those that every container has
 * @ret: array of @arena, highest rank first; what a rule of higher rank decides anyway is left out
 *
 * Every container may use null zero full random urandom tty console ptmx and the pts, and make any node
 * (runtime-spec "Default Devices"; making one opens nothing). These rank above the last rule that denies
 * everything, so that "deny all" means "all but these", as engines expect; a rule behind it that denies one
 * of them holds.
 * Return: 0, -E2BIG or -ENOMEM.
 */
int container_devices_rules(const struct oci_resources *resources, struct arena *arena,
			    struct device_rule **ret, size_t *ret_n) _must_check_;
