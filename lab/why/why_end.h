/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The last end of a container, as its events tell it: they stay when a foreground run has taken its directory
 * away. What the record says completes them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/service/record.h"

struct arena;
struct error;
struct host;

enum { WHY_END_DENIALS_MAX = 32, WHY_END_UNKNOWN = -1 };

struct why_end_denial {
	const char *call;   /* "ioctl" */
	const char *reason; /* "ioctl(TIOCSTI): pushing keys into the terminal" */
	const char *answer; /* "EPERM", "killed" */
	const char *opens;  /* the profile line, "" if none would */
	int64_t count;      /* 1 where only the first is known */
};

enum why_end_state {
	WHY_END_NONE,    /* no trace of any run */
	WHY_END_RUNNING, /* it runs, and this run had no end yet */
	WHY_END_OVER,    /* it ended, and the supervisor told how */
	WHY_END_LOST,    /* it ended, and nobody was left to tell how */
};

/* Texts are never NULL, "" where they are not known; numbers then WHY_END_UNKNOWN. */
struct why_end {
	enum why_end_state state;
	bool alive;                /* somebody looks after it now: it runs again, or will */
	bool other_boot;           /* of a lost one: the machine was started since */
	enum record_status status; /* with a record */
	bool recorded;
	struct record record;

	const char *name, *id;
	const char *started, *ended; /* RFC 3339 */
	int64_t log_since_ns; /* the output of that run lies between these; LOG_TIME_MIN, LOG_TIME_MAX */
	int64_t log_until_ns;
	bool by_launcher;
	int64_t exit_status;
	const char *signal;                /* "SIGKILL" */
	const char *reason;                /* the last line of `run` */
	const char *step, *error, *remedy; /* with by_launcher */
	const char *stop_by;               /* "signal", "control", "health", "watchdog", "runtime" */
	int64_t stop_timeout_ms;           /* it passed: by force */
	int64_t kill_signal;               /* the last one that was sent on request */
	const char *killed_by;             /* the call that seccomp killed it for */
	bool oom;                          /* the workload itself was killed for memory */
	int64_t oom_kills, memory_peak, memory_limit;
	int64_t pids_limit_hits, pids_limit;
	int64_t cpu_throttled;
	int64_t runtime_ms;
	struct why_end_denial denials[WHY_END_DENIALS_MAX];
	size_t n_denials;
	const char *health_status, *health_output; /* of the last change */
	bool log_lost;

	const char *program, *profile, *rootfs, *log_driver, *log;
};

/**
 * why_end_read() - the last end of the container @which (a name, or the id of one on record)
 * @ret: its texts are in the arena
 *
 * Return: 0, also with state WHY_END_NONE; -errno with *err filled: the events can't be read.
 */
int why_end_read(const struct host *host, const char *which, struct arena *arena, struct why_end *ret,
		 struct error *err) _must_check_;
