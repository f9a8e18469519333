/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* SCMP_ACT_NOTIFY: the listener comes from init as soon as its filter is loaded and goes to the agent at
 * listenerPath, since the very next system call may already wait for an answer. */
struct arena;
struct error;
struct oci;
struct oci_state;

struct oci_listener_target {
	const struct oci *oci;
	const struct oci_state *state;
	struct arena *arena;
	int pid; /* of a process that joined; 0: the container's own */
};

/** oci_listener_send() - pass it on; a struct oci_listener_target as @target. The fd stays the caller's. 0 or
 * -errno. */
int oci_listener_send(int listener_fd, const void *target, struct error *err);
