/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The cgroup of an OCI container: named by the config or by us, made in cgroupfs or by
 * systemd, with sub-groups of its own allowed below. cgroups(7), admin-guide/cgroup-v2.rst.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"
#include "cgroups/cgroup.h"

struct arena;
struct error;
struct oci_resources;

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

struct cgroup_container {
	enum cgroup_manager manager;
	char path[CGROUP_PATH_MAX];  /* below the cgroup2 mount, starts with "/"; "": none */
	char mount[CGROUP_PATH_MAX]; /* the cgroup2 mount point */
	char unit[256];              /* systemd: "docker-1f2e….scope" */
	char slice[256];             /* systemd: "system.slice" */
	bool user_manager;           /* systemd: the caller's user manager */
};

/**
 * cgroup_container_resolve() - where the container's group shall be; looks only
 * @cgroups_path: linux.cgroupsPath, NULL or "": not given, then it is @id. cgroupfs: absolute is taken from
 *                the mount's root, relative from the runtime's own place ("/kapsel-oci", or the delegated
 *                group that it is in); systemd: "slice:prefix:name". ".." is refused.
 * @rootless: a caller without rights: where he can't make the group, ret->path is "" and manager DISABLED;
 *            with systemd it is his user manager that makes it
 *
 * With systemd, unit and slice are filled, and path for the system manager (systemd_scope_start() fills
 * it for a user's). Return: 0 or -errno with *err filled.
 */
int cgroup_container_resolve(const char *cgroups_path, const char *id, enum cgroup_manager manager,
			     bool rootless, struct cgroup_container *ret, struct error *err);

/**
 * cgroup_container_create() - make the group (cgroupfs) with the controllers that the host offers switched on
 * @needed: controllers without which it is an error (those that the resources need)
 * @ret_fd: directory of the group, for CLONE_INTO_CGROUP
 *
 * A group that exists and is empty is taken; one with processes or frozen is refused, and so is a threaded
 * one. Without a path *ret_fd is -1, and limits (@needed) are refused by name: -EOPNOTSUPP.
 * Return: 0 or -errno; a failure removes what it made, the groups above included.
 */
int cgroup_container_create(const struct cgroup_container *group, unsigned int needed, int *ret_fd,
			    struct error *err);

/** cgroup_container_open() - Return: directory fd, -ENOENT if it is gone or none, -errno. */
int cgroup_container_open(const struct cgroup_container *group);

/**
 * cgroup_container_open_of() - the group that process @pid of the container is in: the container's, or one
 * that it made below (a payload that is an init moves itself); a process found elsewhere counts as in the
 * container's. Return: directory fd or -errno.
 */
int cgroup_container_open_of(const struct cgroup_container *group, pid_t pid);

/**
 * cgroup_container_remove() - kill what is left in it, wait for its end, remove it with all below
 *
 * Groups above stay: they may be the engine's. Return: 0 (also if it is gone, or there is none) or -errno.
 */
int cgroup_container_remove(const struct cgroup_container *group, struct error *err);

/**
 * cgroup_container_delegate() - give group and the files of /sys/kernel/cgroup/delegate to @uid
 * (runtime-spec config-linux.md "Cgroup ownership"); missing files are no error. 0 or -errno.
 */
int cgroup_container_delegate(int fd, uid_t uid, struct error *err);

/** cgroup_container_freeze() - freeze or thaw and wait until it is so (cgroup.events), at most 10 s. 0 or
 * -errno. */
int cgroup_container_freeze(int fd, bool frozen, struct error *err);

/** cgroup_container_frozen() - Return: 1, 0 or -errno. */
int cgroup_container_frozen(int fd);

/**
 * cgroup_container_procs() - host pids of the group and all below, sorted; array of @arena
 * Return: 0, also with *ret_n 0 when the group is gone, or -errno.
 */
int cgroup_container_procs(int fd, struct arena *arena, pid_t **ret, size_t *ret_n, struct error *err);

/** cgroup_container_enter() - move @pid into the group, or its sub-group @sub, which exists (NULL: none). 0
 * or -errno. */
int cgroup_container_enter(int fd, const char *sub, pid_t pid, struct error *err);

/* Resources: resources.c and devices. */

/*
 * Numbers that are 0 count as not given, where 0 can't be meant: engines send whole structs with every
 * update. Exceptions: pids.limit (runtime-spec 1.3: 0 is 0), cpu.idle, cpu.burst, a throttle (0: none).
 * What version 2 has nothing like is refused (swappiness, disableOOMKiller, real time, network), except
 * limits of kernel memory, which memory.max counts anyway.
 */

/** cgroup_resources_controllers() - Return: bits of enum cgroup_controller that @resources need. */
unsigned int cgroup_resources_controllers(const struct oci_resources *resources);

/**
 * cgroup_resources_apply() - write all that @resources gives
 * @update: an update of a running container: all is checked and formatted before the first write, and
 *          what was written is taken back when a later write fails
 *
 * Return: 0 or -errno; *err names key, file and value.
 */
int cgroup_resources_apply(int fd, const struct oci_resources *resources, bool update, struct error *err);

/**
 * cgroup_devices_apply() - the device filter for linux.resources.devices over what every container needs
 * @rootless: then it is no error if the kernel refuses (unprivileged callers may not load programs)
 *
 * Rules are applied in order, the last match wins, for each kind of access on its own. Before them stands
 * deny-all; behind the last rule that denies everything stand the default devices that the spec demands
 * (null zero full random urandom tty console ptmx pts) and the making of any node. Also without rules. A
 * filter that is there is replaced in one go; groups below may add their own. An update calls it only if
 * devices are given. Without a group (@fd -1) there is no filter. Return: 0 or -errno.
 */
int cgroup_devices_apply(int fd, const struct oci_resources *resources, bool rootless, struct error *err);

/**
 * cgroup_stats_json() - "data" of `events --stats`, one JSON object, in a string of @arena (runc's keys)
 *
 * It ends with "intel_rdt":{},"network_interfaces":null, which are not of the cgroup. Return: NULL with *err
 * filled on failure.
 */
char *cgroup_stats_json(int fd, struct arena *arena, struct error *err);
