/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/health_state.h"

struct health_state health_state_begin(const struct spec_health *spec, uint64_t now_ms)
{
	return (struct health_state){ .spec = spec, .started_ms = now_ms, .state = RECORD_HEALTH_STARTING };
}

static bool in_start_period(const struct health_state *state, uint64_t now_ms)
{
	return state->state == RECORD_HEALTH_STARTING &&
	       now_ms - state->started_ms < state->spec->start_period_ms;
}

uint64_t health_state_wait(const struct health_state *state, uint64_t now_ms)
{
	if (in_start_period(state, now_ms) && state->spec->interval_ms > HEALTH_START_INTERVAL_MS)
		return HEALTH_START_INTERVAL_MS;
	return state->spec->interval_ms;
}

bool health_state_result(struct health_state *state, uint64_t now_ms, bool success)
{
	enum record_health before = state->state;

	if (success) {
		state->failures = 0;
		state->state = RECORD_HEALTHY;
	} else if (!in_start_period(state, now_ms)) {
		state->failures++;
		if (state->failures >= state->spec->retries)
			state->state = RECORD_UNHEALTHY;
	}
	return state->state != before;
}
