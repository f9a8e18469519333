/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * All rows of the table judged for one subject, and the two sums. As in systemd-analyze security each row
 * adds its badness times its weight, and rows that do not apply or can't be read count in neither sum; the
 * scale is turned round, so that 10.0 is the hardest.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lab/audit/checks.h"

struct facts;

enum { ASSESSMENT_ROWS_MAX = 160 };

struct score {
	bool known;          /* at least one row was judged */
	unsigned int tenths; /* 0 to 100 */
	uint64_t badness, weight;
	unsigned int n_judged, n_not_applicable, n_not_readable;
};

struct result {
	const struct check *check;
	const char *topic;
	struct opinion declared, effective;
};

struct assessment {
	const char *kind; /* "profile", "container", "process" */
	const char *name;
	pid_t pid; /* 0: nothing runs */
	struct result results[ASSESSMENT_ROWS_MAX];
	size_t n;
	struct score declared, effective;
};

/** assessment_make() - judge all rows. @declared, @facts: NULL where there is nothing to ask. */
void assessment_make(const struct audit_declared *declared, const struct facts *facts,
		     struct assessment *ret);

/** assessment_points() - Return: what the opinion adds to the sum of badness. */
uint64_t assessment_points(const struct check *check, const struct opinion *opinion);

/** assessment_score() - Return: the score that counts: the effective one if there is one. */
const struct score *assessment_score(const struct assessment *assessment);

/** assessment_differs() - Return: whether the running process is not what the profile says. */
bool assessment_differs(const struct result *result);

/** assessment_tenths() - Return: the score of sums, rounded down: 100 only if nothing is bad. */
unsigned int assessment_tenths(uint64_t badness, uint64_t weight);

/** assessment_word() - Return: one word for a score in tenths: "SAFE". */
const char *assessment_word(unsigned int tenths);
