/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose_limits.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(propose_limits, rounds_up_to_a_power_of_two_or_one_and_a_half_of_it)
{
	const struct {
		uint64_t from, to;
	} cases[] = { { 1, 1 },     { 2, 2 },
		      { 3, 3 },     { 4, 4 },
		      { 5, 6 },     { 6, 6 },
		      { 7, 8 },     { 9, 12 },
		      { 13, 16 },   { 100, 128 },
		      { 129, 192 }, { 193, 256 },
		      { 0, 1 },     { 1u << 20, 1u << 20 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert(eq(u64, propose_limits_round(cases[i].from), cases[i].to), "%lu",
			  (unsigned long)cases[i].from);
}

Test(propose_limits, never_falls_below_what_was_used)
{
	for (uint64_t value = 1; value < (UINT64_C(1) << 62); value = value * 3 + 1)
		cr_assert(ge(u64, propose_limits_round(value), value));
	cr_assert(eq(u64, propose_limits_round(UINT64_MAX), UINT64_MAX));
}

Test(propose_limits, adds_half_as_much_as_margin)
{
	cr_assert(eq(u64, propose_limits_margin(8, 1), 12));
	cr_assert(eq(u64, propose_limits_margin(9, 1), 16));
	cr_assert(eq(u64, propose_limits_margin(0, 64), 64));
	cr_assert(ge(u64, propose_limits_margin(UINT64_MAX - 1, 1), UINT64_MAX - 1));
}

Test(propose_limits, writes_sizes_that_a_profile_reads_exactly)
{
	char text[32];

	propose_limits_size(96u << 20, text);
	cr_assert(eq(str, text, "96MiB"));
	propose_limits_size(1500, text);
	cr_assert(eq(str, text, "1500B"));
	propose_limits_size(UINT64_C(3) << 30, text);
	cr_assert(eq(str, text, "3GiB"));
	propose_limits_size(0, text);
	cr_assert(eq(str, text, "0B"));
}
