/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * An exercise: one restriction, seen from both sides. The same probe runs twice under kapsel, first with
 * exactly one key of the profile opened, then under the hardest default; what the kernel says in both runs
 * is shown side by side. All of it is data: the engine (exercise_run.h) runs it, list/show/quiz print it, the
 * report draws it.
 *
 * Keys are merged as RFC 7396 says: objects merge, a list replaces the list. In syscalls.allow "@base" and
 * "@process" always stay: the probe attacks from a child.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/text.h"

/* What a machine must offer for the exercise to prove something; else it is "not testable here". */
enum exercise_need {
	EXERCISE_NEEDS_MEMORY = 1 << 0, /* cgroup v2 controllers, delegated to the caller */
	EXERCISE_NEEDS_PIDS = 1 << 1,
	EXERCISE_NEEDS_CPU = 1 << 2,
	EXERCISE_NEEDS_ROOT = 1 << 3, /* host root, for instance for a setuid file of another id */
	EXERCISE_NEEDS_LANDLOCK = 1 << 4,
};

struct exercise_choice {
	struct text text;
	bool right;
};

struct exercise_quiz {
	struct text question;
	struct exercise_choice choices[4]; /* ends early with a NULL text */
	struct text because;
};

/* "Write the profile line": the answer is a JSON object, merged into the exercise's hardest profile. */
struct exercise_task {
	struct text ask;
	const char *solution; /* one right answer */
	const char *answer;   /* what the first probe must answer with the student's line, as open_answer */
	/* The keys that the line may use, separated by spaces, also "limits.pids": opening all is no answer.
	 */
	const char *allowed;
};

struct exercise {
	int number;
	const char *id; /* stable: "pid-namespace" */
	struct text title;
	struct text question; /* asked before anything runs: what do you expect? */
	const char *probes;   /* names in lab/probe, separated by spaces; the first decides pass or fail */
	const char *common;   /* keys for both runs, a JSON object, or NULL */
	const char *opened;   /* exactly one key: the one that is opened in the first run, a JSON object */
	const char *key;      /* its name, for kapsel explain: "share_host" */
	/*
	 * As in probe_table.h. ">=600" or "<=300" is for probes that measure: the number that the attempt
	 * returned is compared. Where the kernel ends the whole container the answer is that signal.
	 */
	const char *open_answer, *hard_answer;
	const char *evidence; /* what to read inside: "/proc/self/status:CapEff,CapBnd /proc/self/uid_map",
				 NULL: nothing more */
	unsigned int needs;   /* enum exercise_need */
	struct text mechanism[3]; /* three sentences */
	const char *man;          /* "capabilities(7), user_namespaces(7)" */
	struct exercise_quiz quiz;
	struct exercise_task task;
};

/** exercise_table() - Return: all exercises, numbered from 1; *ret_n their number. */
const struct exercise *exercise_table(size_t *ret_n);

/** exercise_find() - Return: the exercise with that number or id, or NULL. */
const struct exercise *exercise_find(const char *which);
