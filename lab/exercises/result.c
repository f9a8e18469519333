/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/result.h"

struct result_run result_run_none(void)
{
	return (struct result_run){
		.profile = "",
		.end = "",
		.uid_map = "",
		.refused_call = "",
		.calls_allowed = RESULT_UNKNOWN,
		.calls_known = RESULT_UNKNOWN,
		.memory_peak_bytes = RESULT_UNKNOWN,
		.memory_max_bytes = RESULT_UNKNOWN,
		.pids_peak = RESULT_UNKNOWN,
		.pids_max = RESULT_UNKNOWN,
		.cpu_throttled_us = RESULT_UNKNOWN,
	};
}

const char *result_name(enum result_outcome outcome)
{
	static const char *const names[] = {
		[RESULT_PASS] = "pass",
		[RESULT_FAIL] = "fail",
		[RESULT_NOT_TESTABLE] = "not testable here",
	};

	return names[outcome];
}
