/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is known about a service, on disk: <run_dir>/<name>/state.json, written by the process that
 * supervises it, each time whole (a new file, renamed), and read by everybody else. It wakes nobody up:
 * what counts upwards is in counters.h.
 *
 * Beside it in the same directory, which is 0700 and the caller's:
 *
 *	profile.json   the resolved profile, as `show --resolved` prints it
 *	steps          the table of restrictions with what the kernel said
 *	counters       counters.h
 *	control        the socket of control.h, while the service is supervised
 *
 * The directory of a service that ended stays only where it was detached (`run -d`) and not removed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct arena;
struct error;
struct host;

enum {
	RECORD_NAME_MAX = 80,
	RECORD_ID_SIZE = 65, /* 64 hex digits and NUL */
	RECORD_TEXT_MAX = 400,
	RECORD_PATH_MAX = 1024,
};

enum record_status {
	RECORD_STARTING,   /* set up or not verified yet */
	RECORD_RUNNING,    /* the workload runs */
	RECORD_RESTARTING, /* it ended, and waits for its next start */
	RECORD_EXITED,     /* it ended for good */
	RECORD_LOST,       /* never written: supervisor and boot say that nobody is there any more */
};

enum record_health { RECORD_HEALTH_NONE, RECORD_HEALTH_STARTING, RECORD_HEALTHY, RECORD_UNHEALTHY };

/* A process, so that its number's reuse is noticed: starttime of /proc/PID/stat, in clock ticks. */
struct record_process {
	pid_t pid; /* 0: none */
	uint64_t starttime;
};

struct record {
	char name[RECORD_NAME_MAX];
	char id[RECORD_ID_SIZE]; /* random, new with each `run`, kept over restarts */
	char boot_id[40];        /* of /proc/sys/kernel/random/boot_id */
	enum record_status status;
	struct record_process supervisor, standby, init;
	pid_t payload_pid;                            /* on the host */
	bool detached;                                /* run -d */
	bool remove;                                  /* run --rm: the directory goes with the end */
	uint64_t created_ns, started_ns, finished_ns; /* CLOCK_REALTIME; 0: not yet. started: of this run */
	uint64_t restarts;                            /* since `run` */

	/* Of the last end; valid when finished_ns is set. */
	int exit_status;  /* as `run` exits: the workload's, 128 plus its signal, 125 to 127 */
	bool by_launcher; /* exit_status is kapsel's, not the workload's */
	bool oom_killed;
	char reason[RECORD_TEXT_MAX]; /* in words: "out of memory: peak 64.0 MiB, ..." */

	enum record_health health;
	uint64_t health_failures;            /* in a row */
	char health_output[RECORD_TEXT_MAX]; /* of the last check */
	bool ready;                          /* notify: READY=1 came; without notify: it runs */
	char status_text[RECORD_TEXT_MAX];   /* notify: STATUS= */

	char profile[RECORD_PATH_MAX]; /* the file, absolute */
	char command[RECORD_TEXT_MAX]; /* joined by spaces, may be cut */
	char rootfs[RECORD_PATH_MAX];
	char cgroup[RECORD_PATH_MAX]; /* its directory, absolute; "": none */
	char log_driver[16];
	char log_path[RECORD_PATH_MAX];    /* "": the driver writes no file */
	char events_path[RECORD_PATH_MAX]; /* events.h */
	char labels[RECORD_TEXT_MAX];      /* "a=b,c=d" */
	char user[32];                     /* "65532:65532" inside */
	uint64_t host_id;                  /* the first id of its range on the host */
	char network[16];                  /* the mode: "none", "loopback", ... */

	/* Limits as applied; UINT64_MAX: none. */
	uint64_t memory_bytes, pids;
	double cpu_cores; /* 0: none */
};

/** record_write() - write state.json into the service's directory. 0 or -errno with *err filled. */
int record_write(int dir, const struct record *record, struct error *err) _must_check_;

/**
 * record_read() - read state.json from the service's directory
 *
 * A service whose supervisor and standby are gone without having written EXITED is RECORD_LOST, also one
 * of another boot.
 * Return: 0, -ENOENT without *err where there is none, or -errno with *err filled.
 */
int record_read(int dir, struct record *ret, struct error *err) _must_check_;

/** record_status_name() - Return: "starting", "running", "restarting", "exited" or "lost". */
const char *record_status_name(enum record_status status);

/** record_health_name() - Return: "none", "starting", "healthy" or "unhealthy", Docker's words. */
const char *record_health_name(enum record_health health);

/** record_alive() - Return: whether somebody supervises it: not EXITED and not LOST. */
bool record_alive(const struct record *record);

/** record_process_of() - who @pid is; all zero when there is no such process. */
struct record_process record_process_of(pid_t pid);

/** record_process_lives() - Return: whether that very process is still there (a zombie is not). */
bool record_process_lives(const struct record_process *process);

/** record_open() - open the directory of the service @name. An fd, or -errno with *err filled (-ENOENT). */
int record_open(const char *run_dir, const char *name, struct error *err) _must_check_;

/**
 * record_list() - all services of a run directory, sorted by name
 * @ret, @ret_n: the records, in the arena
 *
 * A directory without a readable state.json is passed over.
 * Return: 0 (also when the run directory is missing) or -errno.
 */
int record_list(const char *run_dir, struct arena *arena, struct record **ret, size_t *ret_n,
		struct error *err) _must_check_;

/**
 * record_find() - one service by its name, its id or an unambiguous beginning of the id (4 digits or more)
 *
 * Return: 0, or -errno with *err filled: -ENOENT with the nearest name as remedy.
 */
int record_find(const char *run_dir, const char *which, struct record *ret, struct error *err) _must_check_;
