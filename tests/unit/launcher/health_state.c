/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/health_state.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { BEGAN = 1000000 };

static const struct spec_health usual = { .interval_ms = 30000, .timeout_ms = 5000, .retries = 3 };
static const struct spec_health slow = {
	.interval_ms = 30000, .timeout_ms = 5000, .start_period_ms = 60000, .retries = 2
};

Test(health_state, is_starting_until_the_first_success)
{
	struct health_state state = health_state_begin(&usual, BEGAN);

	cr_assert(eq(int, (int)state.state, RECORD_HEALTH_STARTING));
	cr_assert(health_state_result(&state, BEGAN + 30000, true));
	cr_assert(eq(int, (int)state.state, RECORD_HEALTHY));
}

Test(health_state, is_unhealthy_when_as_many_as_retries_fail_in_a_row)
{
	struct health_state state = health_state_begin(&usual, BEGAN);

	cr_assert(not(health_state_result(&state, BEGAN + 30000, false)));
	cr_assert(not(health_state_result(&state, BEGAN + 60000, false)));
	cr_assert(eq(int, (int)state.state, RECORD_HEALTH_STARTING));
	cr_assert(health_state_result(&state, BEGAN + 90000, false));
	cr_assert(eq(int, (int)state.state, RECORD_UNHEALTHY));
	cr_assert(eq(u64, state.failures, 3));
}

Test(health_state, forgets_failures_with_one_success)
{
	struct health_state state = health_state_begin(&usual, BEGAN);

	health_state_result(&state, BEGAN, true);
	for (int i = 0; i < 10; i++) {
		cr_assert(not(health_state_result(&state, BEGAN, false)));
		cr_assert(not(health_state_result(&state, BEGAN, false)));
		cr_assert(not(health_state_result(&state, BEGAN, true)));
		cr_assert(eq(u64, state.failures, 0));
	}
	cr_assert(eq(int, (int)state.state, RECORD_HEALTHY));
}

Test(health_state, says_a_change_once)
{
	struct health_state state = health_state_begin(&usual, BEGAN);

	health_state_result(&state, BEGAN, false);
	health_state_result(&state, BEGAN, false);
	cr_assert(health_state_result(&state, BEGAN, false));
	cr_assert(not(health_state_result(&state, BEGAN, false)));
	cr_assert(eq(u64, state.failures, 4));
	cr_assert(health_state_result(&state, BEGAN, true));
	cr_assert(not(health_state_result(&state, BEGAN, true)));
}

Test(health_state, counts_no_failure_of_the_start_period)
{
	struct health_state state = health_state_begin(&slow, BEGAN);

	for (int i = 0; i < 12; i++)
		cr_assert(not(health_state_result(&state, BEGAN + 5000U * (unsigned)i, false)));
	cr_assert(eq(u64, state.failures, 0));
	cr_assert(not(health_state_result(&state, BEGAN + 60000, false)));
	cr_assert(health_state_result(&state, BEGAN + 90000, false));
	cr_assert(eq(int, (int)state.state, RECORD_UNHEALTHY));
}

Test(health_state, counts_failures_of_the_start_period_after_a_success)
{
	struct health_state state = health_state_begin(&slow, BEGAN);

	cr_assert(health_state_result(&state, BEGAN + 5000, true));
	cr_assert(not(health_state_result(&state, BEGAN + 10000, false)));
	cr_assert(health_state_result(&state, BEGAN + 15000, false));
	cr_assert(eq(int, (int)state.state, RECORD_UNHEALTHY));
}

Test(health_state, waits_an_interval_and_less_in_the_start_period)
{
	struct health_state state = health_state_begin(&slow, BEGAN);
	const struct spec_health quick = { .interval_ms = 200, .start_period_ms = 60000, .retries = 1 };
	struct health_state other = health_state_begin(&quick, BEGAN);

	cr_assert(eq(u64, health_state_wait(&state, BEGAN), HEALTH_START_INTERVAL_MS));
	cr_assert(eq(u64, health_state_wait(&state, BEGAN + 59999), HEALTH_START_INTERVAL_MS));
	cr_assert(eq(u64, health_state_wait(&state, BEGAN + 60000), 30000));
	health_state_result(&state, BEGAN + 100, true);
	cr_assert(eq(u64, health_state_wait(&state, BEGAN + 100), 30000));
	cr_assert(eq(u64, health_state_wait(&other, BEGAN), 200));
}
