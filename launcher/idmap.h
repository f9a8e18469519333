/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Writing the id maps of a user namespace from outside (user_namespaces(7)). */
#include <sys/types.h>

struct error;

/*
 * Root's pool: one slot of 65536 ids for each container, clear of the ranges that
 * useradd (from 100000) and systemd (up to 0x1fff0000) hand out.
 */
enum { IDMAP_POOL_FIRST = 0x20000000, IDMAP_POOL_SLOTS = 0x4000, IDMAP_SLOT_SIZE = 0x10000 };

/**
 * idmap_write() - write a file of /proc/<pid>: "uid_map", "gid_map" or "setgroups"
 *
 * Return: 0 or -errno.
 */
int idmap_write(pid_t pid, const char *name, const char *text, struct error *err);

/**
 * idmap_by_helper() - let newuidmap(1) or newgidmap(1) write the map
 * @helper: its path; it is setuid root and checks /etc/subuid: the one helper, and only for callers without
 * rights
 * @map:    lines of three numbers; cut into words in place
 *
 * Return: 0 or -errno.
 */
int idmap_by_helper(const char *helper, pid_t pid, char *map, struct error *err);
