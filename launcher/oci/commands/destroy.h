/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The end of a container: its processes, its cgroup, what else was made for it, its state.
 * For delete, for a run in the foreground, and for a create that fails.
 */
#include "base/macro.h"
#include "launcher/oci/state.h"

struct arena;
struct oci_globals;

/** destroy_processes() - kill all and wait until the first one is gone, at most 10 s. 0 or -errno. */
int destroy_processes(const struct oci_state *state, struct error *err) _must_check_;

/**
 * destroy_container() - remove cgroup, resctrl group and state directory, then run the poststop hooks
 * @dir_fd: the container's directory, locked
 *
 * Its processes must be dead. A hook that fails is a warning (runtime-spec runtime.md, "Lifecycle" 13);
 * what can't be removed is an error, after which the state still stands and delete can be tried again.
 * Return: 0 or -errno.
 */
int destroy_container(const struct oci_globals *globals, int dir_fd, const struct oci_state *state,
		      struct arena *arena, struct error *err) _must_check_;
