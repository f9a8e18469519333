/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Starting a created container: what start and run share. */
struct arena;
struct error;
struct oci_globals;
struct oci_state;

/**
 * oci_start() - open the gate, hand a seccomp listener on, look whether the filter is there, run poststart hooks
 * @dir_fd: the state directory, locked
 * @state:  of a container with status created; written back as started
 *
 * Return: 0 or -errno with *err filled; then the container's process is dead.
 */
int oci_start(const struct oci_globals *globals, int dir_fd, struct oci_state *state, struct arena *arena,
	      struct error *err);
