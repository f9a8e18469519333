/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Cache and memory bandwidth for a container: groups of the resctrl file system (the kernel's
 * Documentation/arch/x86/resctrl.rst; runtime-spec config-linux.md "IntelRdt"). A group is a directory; its
 * file "schemata" has the shares, "tasks" who belongs to it. Below "mon_groups" a group can be observed in
 * parts.
 *
 * Who looks and then makes or removes a group holds the lock that the kernel's document asks for: flock(2) on
 * the root of the file system.
 */
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/macro.h"
#include "profiles/oci/oci.h"

struct arena;
struct error;

/* The class of service of one container; all paths are the arena's. */
struct rdt_group {
	const char *root;    /* where resctrl is mounted */
	const char *path;    /* of the group: <root> itself for closID "/" */
	const char *monitor; /* <path>/mon_groups/<container's id>; NULL: not asked for */
	bool named;          /* closID was given: others may use the group, too */
	bool exists;         /* it was there before us */
};

/**
 * rdt_mount_parse() - is this line of mountinfo (proc(5)) the whole resctrl file system?
 * @line: without newline, changed
 * @ret:  the mount point, only then
 */
bool rdt_mount_parse(char *line, char ret[PATH_MAX]);

/** rdt_mount_find() - where resctrl is mounted. 0, -ENODEV with *err: nowhere, or -errno. */
int rdt_mount_find(char ret[PATH_MAX], struct error *err) _must_check_;

/** rdt_lock() - wait for the lock. Return: an fd that holds it until it is closed, or -errno. */
int rdt_lock(const char *root, struct error *err) _must_check_;

/**
 * rdt_resolve() - which group the container belongs to, and whether that is there; changes nothing
 *
 * Return: 0, -EINVAL for a closID that is no name of a group, -ENOMEM.
 */
int rdt_resolve(const struct oci_intel_rdt *config, const char *id, const char *root, struct arena *arena,
		struct rdt_group *ret, struct error *err) _must_check_;

/**
 * rdt_check() - may the group be used as the config says?
 *
 * A named group that is there must have the shares that the config gives; one that is not, without shares in
 * the config, and one with the container's own id that is there, are errors. Return: 0 or -errno.
 */
int rdt_check(const struct oci_intel_rdt *config, const struct rdt_group *group, struct arena *arena,
	      struct error *err) _must_check_;

/** rdt_group_made() - Return: what rdt_make() makes and rdt_remove() shall remove, NULL: nothing. */
const char *rdt_group_made(const struct rdt_group *group);

/** rdt_make() - make the group if it is not there. 0 or -errno. */
int rdt_make(const struct rdt_group *group, struct error *err) _must_check_;

/** rdt_configure() - write the shares of a new group, and make the monitoring group. 0 or -errno. */
int rdt_configure(const struct oci_intel_rdt *config, const struct rdt_group *group, struct arena *arena,
		  struct error *err) _must_check_;

/** rdt_enter() - put a process into the group and its monitoring group; its children follow. 0 or -errno. */
int rdt_enter(const struct rdt_group *group, pid_t pid, struct error *err) _must_check_;

/** rdt_has() - ask the kernel: is the process in both. 0, or -EBADE or -errno. */
int rdt_has(const struct rdt_group *group, pid_t pid, struct error *err) _must_check_;

/**
 * rdt_update() - give a group that we made other shares
 * @made: what rdt_group_made() said, NULL: nothing
 * @l3_cache, @mem_bw: with or without "L3:" and "MB:"; NULL or "": as it is
 *
 * Return: 0, -EOPNOTSUPP when the group is not the container's own, or -errno.
 */
int rdt_update(const char *made, const char *l3_cache, const char *mem_bw, struct error *err) _must_check_;

/**
 * rdt_remove() - remove what was made for the container @id
 * @made: what rdt_group_made() said, NULL: nothing
 *
 * A group with a name of its own stays while somebody else is in it: the kernel would throw them out.
 * Return: 0 (also when it is gone) or -errno.
 */
int rdt_remove(const char *made, const char *id, struct error *err) _must_check_;
