/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Names of an OCI container's group: linux.cgroupsPath as text, without looking at the machine.
 */
#include <stddef.h>

#include "base/macro.h"
#include "cgroups/cgroup.h"
#include "cgroups/container.h"

/* Where groups without an absolute path go when the whole hierarchy is ours; removed with the last of them.
 */
#define CONTAINER_PATH_BASE "/kapsel-oci"

/**
 * container_path_join() - @base and @path as one path, with "//" and "." taken out
 * @ret: starts with "/"
 *
 * Return: 0, -EINVAL for a component "..", -ENAMETOOLONG.
 */
int container_path_join(const char *base, const char *path, char ret[CGROUP_PATH_MAX]) _must_check_;

/**
 * container_path_slice() - "a-b.slice" as the path "/a.slice/a-b.slice"; "-.slice" is "" (systemd.slice(5))
 *
 * Return: 0, -EINVAL for what isn't the name of a slice, -ENAMETOOLONG.
 */
int container_path_slice(const char *slice, char ret[CGROUP_PATH_MAX]) _must_check_;

/**
 * container_path_systemd() - unit, slice and path from "slice:prefix:name"
 * @cgroups_path: NULL or "": the default slice and a unit named after @id
 * @group: user_manager is set; path is filled for the system manager only, whose tree begins at the root
 *
 * Characters that a unit's name can't have are escaped as systemd-escape(1) does.
 * Return: 0 or -errno with *err filled.
 */
int container_path_systemd(const char *cgroups_path, const char *id, struct cgroup_container *group,
			   struct error *err) _must_check_;
