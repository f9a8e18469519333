/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * When a service that ended is started again: Docker's timing, 100 ms before the first attempt,
 * twice as long before each next one, never more than a minute, and from the beginning after a
 * run of ten seconds.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "profiles/spec.h"

enum { BACKOFF_MAX_MS = 60000, BACKOFF_GOOD_RUN_MS = 10000 };

/* Zeroed at the first start. */
struct backoff {
	uint64_t attempts; /* in a row */
};

/**
 * backoff_next() - decide about one end of the workload
 * @failed: it ended otherwise than with status 0
 * @ran_ms: how long this run was
 * @ret_delay_ms: how long to wait
 *
 * Return: whether to start again; false: the policy says no, or the attempts are used up.
 */
bool backoff_next(struct backoff *backoff, const struct spec_restart *policy, bool failed, uint64_t ran_ms,
		  uint64_t *ret_delay_ms) _must_check_;
