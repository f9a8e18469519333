/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/backoff.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct spec_restart always = { SPEC_RESTART_ALWAYS, SPEC_UNLIMITED, 100 };
static const struct spec_restart on_failure = { SPEC_RESTART_ON_FAILURE, 3, 100 };

Test(backoff, doubles_from_the_first_delay_to_a_minute)
{
	static const uint64_t expected[] = { 100,  200,	 400,	800,   1600,  3200,
					     6400, 12800, 25600, 51200, 60000, 60000 };
	struct backoff backoff = { 0 };
	uint64_t delay_ms;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		cr_assert(backoff_next(&backoff, &always, true, 5, &delay_ms));
		cr_assert(eq(ulong, delay_ms, expected[i]));
	}
}

Test(backoff, begins_anew_after_a_run_of_ten_seconds)
{
	struct backoff backoff = { 0 };
	uint64_t delay_ms;

	for (int i = 0; i < 5; i++)
		cr_assert(backoff_next(&backoff, &always, true, 9999, &delay_ms));
	cr_assert(eq(ulong, delay_ms, 1600));
	cr_assert(backoff_next(&backoff, &always, true, 10000, &delay_ms));
	cr_assert(eq(ulong, delay_ms, 100));
}

Test(backoff, gives_up_after_the_attempts_in_a_row_are_used_up)
{
	struct backoff backoff = { 0 };
	uint64_t delay_ms;

	for (int i = 0; i < 3; i++)
		cr_assert(backoff_next(&backoff, &on_failure, true, 1, &delay_ms));
	cr_assert(not(backoff_next(&backoff, &on_failure, true, 1, &delay_ms)));
	cr_assert(backoff_next(&backoff, &on_failure, true, 20000, &delay_ms), "a good run begins a new row");
}

Test(backoff, asks_the_policy)
{
	const struct spec_restart no = { SPEC_RESTART_NO, SPEC_UNLIMITED, 100 };
	struct backoff backoff = { 0 };
	uint64_t delay_ms;

	cr_assert(not(backoff_next(&backoff, &no, true, 1, &delay_ms)));
	cr_assert(not(backoff_next(&backoff, &on_failure, false, 1, &delay_ms)));
	cr_assert(backoff_next(&backoff, &always, false, 1, &delay_ms));
}

Test(backoff, never_waits_longer_than_a_minute_whatever_the_first_delay_is)
{
	const struct spec_restart slow = { SPEC_RESTART_ALWAYS, SPEC_UNLIMITED, 45000 };
	struct backoff backoff = { 0 };
	uint64_t delay_ms;

	for (int i = 0; i < 100; i++)
		cr_assert(backoff_next(&backoff, &slow, true, 1, &delay_ms));
	cr_assert(eq(ulong, delay_ms, 60000));
}
