/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A step is one kernel restriction, as data that a plan can order, print and prove.
 * It decides nothing (plan.c did) and prints nothing: failures go into *err, which
 * the supervisor, the only process that owns a terminal, reports.
 *
 * The same array of steps is what run applies and verifies, explain and --dry-run
 * print, and the table of restrictions in the run's state shows.
 */
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "launcher/phase.h"

struct error;
struct evidence;
struct run;
struct spec;
struct step;

enum { STEP_REPORT_MAX = 512 };

enum step_result {
	STEP_DONE,   /* applied; or, from verify, it holds */
	STEP_ABSENT, /* nothing there to restrict */
};

struct step_type {
	const char *name;   /* stable id in output and tests: "mask-path" */
	const char *blocks; /* the attack it removes, one sentence */
	const char *source; /* man page or kernel document followed */
	enum phase phase;   /* which process applies it, and what that process still holds */

	/*
	 * Supervisor, before clone3, NULL where there is nothing to compute or open.
	 * 0 or -errno with *err filled.
	 */
	int (*prepare)(const struct step *step, struct run *run, struct error *err);

	/*
	 * Opens what belongs to the host: in the supervisor, after prepare, where the caller has
	 * rights over its mount namespace; otherwise as init's first act, still under the caller's
	 * id. NULL where there is nothing. 0 or -errno.
	 */
	int (*acquire)(const struct step *step, struct run *run, struct error *err);

	/* Supervisor, after the id maps are written, while init waits. NULL for most. 0 or -errno. */
	int (*map)(const struct step *step, struct run *run, struct error *err);

	/* An enum step_result, or -errno with *err filled. Never both. No allocation after PHASE_MAP. */
	int (*apply)(const struct step *step, struct run *run, struct error *err);

	/*
	 * Supervisor, while the process waits sealed: what is set on it from outside, because it has lost
	 * the right or would be hampered by it. NULL for most. 0 or -errno.
	 */
	int (*settle)(const struct step *step, struct run *run, struct error *err);

	/*
	 * Supervisor, while the payload waits sealed before its execveat: ask the kernel,
	 * not the spec. @report gets what the kernel said, for the table.
	 */
	int (*verify)(const struct step *step, const struct run *run, const struct evidence *evidence,
		      char report[STEP_REPORT_MAX], struct error *err);

	/* The value, in plain words, one line without newline. */
	void (*explain)(const struct step *step, const struct spec *spec, FILE *out);

	/* NULL: always wanted. Otherwise whether this spec asks for the step. */
	int (*wanted)(const struct spec *spec);
};

struct step {
	const struct step_type *type;
	const struct spec *spec;
	const void *arg; /* the type's own struct, owned by the plan's arena; NULL for most */
};
