/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the results of health checks mean, by Docker's rules, without a process or a clock:
 *
 * A service is starting until the first check succeeds, or until as many fail in a row as `retries` says.
 * A failure in the start period does not count while it is starting. From then on one success makes it
 * healthy, and `retries` failures in a row make it unhealthy. The time between checks runs from the end of
 * one to the start of the next; in the start period it is at most 5 s.
 */
#include <stdbool.h>
#include <stdint.h>

#include "launcher/service/record.h"
#include "profiles/spec.h"

enum { HEALTH_START_INTERVAL_MS = 5000 };

struct health_state {
	const struct spec_health *spec;
	uint64_t started_ms;
	enum record_health state;
	uint64_t failures; /* in a row, those that count */
};

/** health_state_begin() - the workload was let go at @now_ms. */
struct health_state health_state_begin(const struct spec_health *spec, uint64_t now_ms);

/** health_state_wait() - Return: milliseconds from @now_ms, the end of the last check, to the next one. */
uint64_t health_state_wait(const struct health_state *state, uint64_t now_ms);

/** health_state_result() - a check ended at @now_ms. Return: whether the state became another one. */
bool health_state_result(struct health_state *state, uint64_t now_ms, bool success);
