/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What came of an exercise: both runs, and what the kernel said in each. */
#include <stddef.h>
#include <stdint.h>

struct exercise;

enum result_outcome { RESULT_PASS, RESULT_FAIL, RESULT_NOT_TESTABLE };

struct result_evidence {
	const char *source; /* "/proc/self/status: CapEff", "memory.events: oom_kill" */
	const char *value;
};

struct result_probe {
	const char *name;
	const char *answer; /* "OK", "EPERM", "SIGSYS", "HELD" */
	long ret;
	const char *error, *signal, *evidence, *untestable; /* "" where there is none */
};

/* A restriction of this start, as `kapsel explain --run` has it. */
struct result_layer {
	const char *name;   /* of the step: "landlock" */
	const char *report; /* what the kernel said */
};

#define RESULT_UNKNOWN UINT64_MAX

struct result_run {
	const char *profile; /* its text */
	struct result_probe *probes;
	size_t n_probes;
	struct result_evidence *evidence;
	size_t n_evidence;
	struct result_layer *layers;
	size_t n_layers;
	const char *end; /* kapsel's last line, "" without one */
	int status;
	/* For the pictures; RESULT_UNKNOWN or "" where the run does not tell. */
	const char *uid_map;                 /* of the container, from outside: "0 100000 1" lines */
	const char *refused_call;            /* the first that seccomp refused: "mount" */
	uint64_t calls_allowed, calls_known; /* by the filter, of the architecture's table */
	uint64_t memory_peak_bytes, memory_max_bytes, pids_peak, pids_max, cpu_throttled_us;
};

struct result {
	const struct exercise *exercise;
	enum result_outcome outcome;
	const char *reason; /* why it failed or is not testable; "" otherwise */
	struct result_run open, hard;
	double seconds;
};

/** result_run_none() - Return: a run that has not taken place: nothing in it, nothing known. */
struct result_run result_run_none(void);

/** result_name() - Return: "pass", "fail" or "not testable here". */
const char *result_name(enum result_outcome outcome);
