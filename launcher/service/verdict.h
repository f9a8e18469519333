/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Whether a service is well, in the four words of Nagios and Icinga, and the numbers that they draw.
 */
#include <stdint.h>
#include <stdio.h>

struct sample;

/* The values are exit statuses. */
enum verdict_result { VERDICT_OK = 0, VERDICT_WARNING = 1, VERDICT_CRITICAL = 2, VERDICT_UNKNOWN = 3 };

#define VERDICT_NO_BOUND UINT64_MAX

/* Percentages of the limit, reached or passed; VERDICT_NO_BOUND: not looked at. */
struct verdict_bounds {
	uint64_t warn_memory, crit_memory, warn_pids, crit_pids;
	uint64_t max_restarts; /* a warning above */
};

enum { VERDICT_TEXT_MAX = 768 };

struct verdict {
	enum verdict_result result;
	char text[VERDICT_TEXT_MAX]; /* "web: up 3 h, healthy, memory 43 %" */
};

/** verdict_reach() - judge one reading, which must have USAGE_CPU, USAGE_MEMORY, USAGE_PIDS, SAMPLE_COUNTERS
 */
void verdict_reach(const struct sample *sample, const struct verdict_bounds *bounds, struct verdict *ret);

/** verdict_print_numbers() - write the reading's performance data, each number with a space before it. */
void verdict_print_numbers(FILE *out, const struct sample *sample, const struct verdict_bounds *bounds);

/** verdict_name() - Return: "OK", "WARNING", "CRITICAL" or "UNKNOWN". */
const char *verdict_name(enum verdict_result result);

/** verdict_worse() - Return: the worse of two; critical, warning, unknown, ok. */
enum verdict_result verdict_worse(enum verdict_result a, enum verdict_result b);
