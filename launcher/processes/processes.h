/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The processes of a container and what runs in each:
 *
 *   supervisor  outside; the caller's rights. Prepares, verifies, writes the log, says why it ended,
 *               starts again (service.h).
 *   janitor     outside; stands by: when the supervisor is killed it ends the container, or goes on
 *               in its place.
 *   init        PID 1 inside. Builds the container, drops everything, reaps.
 *   payload     the workload: Landlock, seccomp, then execveat.
 *
 * init and payload come from clone3 without an exec: they allocate nothing, call no library
 * beyond plain system calls, and report with one struct message.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macro.h"

struct cgroup_end;
struct denials;
struct error;
struct run;

/* Why we ended the workload. */
enum stop_cause { STOP_NONE, STOP_SIGNAL, STOP_CONTROL, STOP_HEALTH, STOP_WATCHDOG, STOP_RUNTIME };

/* How one run ended. */
struct ending {
	bool by_init;    /* wait_status is the workload's, told by init */
	int wait_status; /* of wait(2) */
	enum stop_cause cause;
	uint64_t stop_timeout_ms; /* with a cause */
	bool killed;              /* the stop timeout passed, or a second request came */
	uint64_t runtime_ms;
};

/**
 * start_run() - set up and verify: the payload then waits, sealed, before its execveat
 *
 * Return: 0, or -errno with *err filled (err->exit_status is the exit code) and no process left.
 */
int start_run(struct run *run, struct error *err);

/** start_go() - let the payload execute. 0, or -errno with *err filled: start_abort() is due. */
int start_go(struct run *run, struct error *err);

/** start_abort() - end the processes of a start that shall not go on, and close all that is the run's. */
void start_abort(struct run *run);

/** ending_print() - the last lines: what was refused, the profile line that opens it, why it ended. */
void ending_print(FILE *out, const struct run *run, const struct ending *ending,
		  const struct cgroup_end *counts, const struct denials *denials);

/** ending_reason() - write only why it ended, without a newline. */
void ending_reason(FILE *out, const struct run *run, const struct ending *ending,
		   const struct cgroup_end *counts, const struct denials *denials);

/** ending_status() - Return: the exit status for the caller: the workload's, or 128 plus its signal. */
int ending_status(const struct ending *ending);

/** init_main() - what the new process does; never returns. */
_noreturn_ void init_main(struct run *run);

/** payload_main() - what init's child does; never returns. */
_noreturn_ void payload_main(struct run *run);

/** payload_wait() - wait for the supervisor's word. 0, or -errno with *err filled. */
int payload_wait(const struct run *run, struct error *err);

/** payload_execute() - execute run->argv. Only returns on failure: -errno with *err filled. */
int payload_execute(const struct run *run, struct error *err);

/** wire_fail() - send *err to the supervisor and exit; used by init and payload. */
_noreturn_ void wire_fail(int sock, const struct error *err);

/**
 * wire_take() - the error that another process sent, for our caller
 *
 * That process stands in the container: whatever it sent, the texts end, the number is one, and the exit
 * status one of ours.
 * Return: -err->code.
 */
int wire_take(const struct error *sent, struct error *err);
