/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The container that a verb works on: its state as read, its directory, what the kernel says.
 */
#include "base/macro.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/state.h"

struct container {
	const struct oci_globals *globals;
	struct arena *arena;
	int dir_fd; /* -1: none */
	struct oci_state state;
	enum oci_status status;
};

/**
 * container_load() - find a container by its id
 * @lock: hold off other verbs that change it, until container_release()
 *
 * Return: 0 or -errno with *err filled; container_release() is due in both cases.
 */
int container_load(const struct oci_globals *globals, const char *id, bool lock, struct container *ret,
		   struct error *err) _must_check_;

/** container_release() - close and free. */
void container_release(struct container *container);
#define _cleanup_container_ _cleanup_(container_release)

/** container_cgroup() - Return: an fd of its cgroup, or -errno with *err saying that it has none and why. */
int container_cgroup(const struct container *container, struct error *err);

/**
 * container_processes() - host pids of all its processes
 * @cgroup_fd: -1: it has no cgroup; then those of its own pid namespace, or the first one alone
 *
 * Return: 0 or -errno; an array of the container's arena, sorted.
 */
int container_processes(const struct container *container, int cgroup_fd, pid_t **ret, size_t *ret_n,
			struct error *err) _must_check_;
