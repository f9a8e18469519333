/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The processes of a container and what runs in each:
 *
 *   supervisor  outside; the caller's rights. Prepares, verifies, writes the log, says why it ended.
 *   janitor     outside; waits for the supervisor's death and removes what that left.
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
struct log_writer;
struct run;

/* How a container ended. */
struct ending {
	bool started;    /* the workload's first instruction may have run */
	bool by_init;    /* wait_status is the workload's, told by init */
	int wait_status; /* of wait(2) */
	bool timed_out;  /* limits.runtime */
	bool stopped;    /* a signal to the supervisor asked for the end */
	bool killed;     /* the stop timeout passed, or a second signal came */
	uint64_t runtime_ms;
};

/**
 * start_run() - set up and verify: the payload then waits, sealed, before its execveat
 *
 * Return: 0, or -errno with *err filled (err->exit_status is the exit code) and no process left.
 */
int start_run(struct run *run, struct error *err);

/** start_go() - let the payload execute. 0, or -errno as above. */
int start_go(struct run *run, struct error *err);

/** start_abort() - end the processes of a start that shall not go on. */
void start_abort(struct run *run);

/**
 * supervisor_run() - look after the started container until it ended
 * @writer: takes its output; NULL where the log driver needs no pipes
 *
 * Return: 0, or -errno with *err filled; nothing of the container runs then.
 */
int supervisor_run(struct run *run, struct log_writer *writer, struct ending *ret, struct error *err);

/**
 * ending_print() - the last line: why it ended, what was refused, and the profile line that opens it
 *
 * Return: the exit status for the caller: the workload's, or 128 plus its signal.
 */
int ending_print(FILE *out, const struct run *run, const struct ending *ending,
		 const struct cgroup_end *counts, const struct denials *denials);

/** init_main() - what the new process does; never returns. */
_noreturn_ void init_main(struct run *run);

/** payload_main() - what init's child does; never returns. */
_noreturn_ void payload_main(struct run *run);

/** janitor_start() - fork it; it cleans up when the supervisor dies without a word. 0 or -errno. */
int janitor_start(struct run *run, struct error *err);

/** janitor_share() - give it the locks of the state, so that they last until it has cleaned up. 0 or -errno.
 */
int janitor_share(struct run *run, struct error *err);

/**
 * janitor_dismiss() - let it go and reap it
 * @clean: all is clean; else it tries once more
 *
 * Return: 0: all is clean; -ESRCH, -ECHILD: there is none, or it failed as well.
 */
int janitor_dismiss(struct run *run, bool clean);

/** wire_fail() - send *err to the supervisor and exit; used by init and payload. */
_noreturn_ void wire_fail(int sock, const struct error *err);
