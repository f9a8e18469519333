/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Starting a created container: what start and run share. */
struct arena;
struct error;
struct oci_state;

/**
 * oci_start() - open the gate, hand a seccomp listener on, look whether the filter is there, run poststart
 * hooks
 * @dir_fd: the state directory, locked
 * @state:  of a container with status created; written back as started
 * @ret_notify: the socket on which its READY=1 comes, to be closed by notify_socket_close(); -1: none
 *
 * Return: 0 or -errno with *err filled; then the container's process is dead.
 */
int oci_start(int dir_fd, struct oci_state *state, struct arena *arena, int *ret_notify, struct error *err);
