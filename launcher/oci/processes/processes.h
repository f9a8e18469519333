/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The processes of an OCI container and what runs in each:
 *
 *   runtime  create, start, run, exec: the caller's rights; prepares, verifies, leaves.
 *   joiner   only where namespaces are given by path: enters them, makes init as the runtime's own child,
 * leaves. init     the container's process: builds its file system, drops everything, waits at the gate for
 * `start`, loads the filter, executes the workload. No other process stays.
 *
 * joiner and init come from clone3 without an exec: they allocate nothing and call no library.
 */
#include <stdbool.h>

#include "base/macro.h"
#include "launcher/run.h"

struct error;
struct oci_run;

/** oci_run_init() - an empty one: descriptors -1, all else zero. */
void oci_run_init(struct oci_run *oci);

/**
 * oci_launch() - prepare, make the process, and wait until it is sealed and verified; serves create and exec
 *
 * Before: run has spec, host, plan, arena and oci, and the cgroup's descriptor if there is one. After: the
 * process waits for oci_launch_release(). A failure leaves no process.
 * Return: 0 or -errno with *err filled.
 */
int oci_launch(struct run *run, struct error *err);

/** oci_launch_release() - let the sealed process go on without us: to the gate (create), to its execve
 * (exec). 0 or -errno. */
int oci_launch_release(struct run *run, struct error *err);

/** oci_launch_abort() - end the process of a launch that shall not go on. */
void oci_launch_abort(struct run *run);

/** oci_joiner_clone() - make init through a joiner. Return: its pid, or -errno. */
pid_t oci_joiner_clone(struct run *run, struct error *err);

/** oci_init_main() - what the new process does; never returns. */
_noreturn_ void oci_init_main(struct run *run);

/* The gate: a listening socket in the state directory, where init waits for `start`. */

/** oci_gate_make() - bind and listen below the state directory. Return: fd or -errno. */
int oci_gate_make(int state_fd, struct error *err);

/**
 * oci_wire_hear() - hear from a process on its way to execve, until that closes the socket
 * @on_listener: takes the seccomp listener that comes once its filter is loaded
 *
 * Return: 0: it executes the workload (or died trying); -errno with its own error.
 */
int oci_wire_hear(int sock, int (*on_listener)(int fd, const void *arg, struct error *err), const void *arg,
		  struct error *err);

/** oci_gate_open() - `start`: connect to init and hear it to its execve. 0 or -errno, as oci_wire_hear(). */
int oci_gate_open(int state_fd, int (*on_listener)(int fd, const void *arg, struct error *err),
		  const void *arg, struct error *err);
