/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/table/verdict.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "lab/table/probe_table.h"
#include "lab/table/trial.h"

static const struct probe_row strict = { 1, "mount-tmpfs", { "a", "b" }, "seccomp", "EACCES|EPERM" };
static const struct probe_row known = { 93, "mountinfo-host-paths", { "a", "b" }, "proc", "OK" };

Test(verdict, holds_when_any_layer_has_stopped_it)
{
	struct trial_answer answer = { .row = &strict, .known = true, .ret = -1, .answer = "EPERM" };

	cr_assert(eq(int, verdict_of(&answer, NULL), VERDICT_HOLDS));
	answer = (struct trial_answer){ .row = &strict, .known = true, .ret = -1, .answer = "SIGSYS" };
	cr_assert(eq(int, verdict_of(&answer, NULL), VERDICT_HOLDS));
	answer = (struct trial_answer){ .row = &strict, .known = true, .ret = -1, .answer = "HELD" };
	cr_assert(eq(int, verdict_of(&answer, NULL), VERDICT_HOLDS));
}

Test(verdict, is_open_when_it_worked_and_nobody_allowed_it)
{
	const struct trial_answer answer = { .row = &strict, .known = true, .answer = "OK" };

	cr_assert(eq(int, verdict_of(&answer, NULL), VERDICT_OPEN));
	cr_assert(eq(int, verdict_of(&answer, "mount-proc,mount-tmpf"), VERDICT_OPEN));
	cr_assert(eq(int, verdict_of(&answer, "mount-proc,mount-tmpfs"), VERDICT_ALLOWED));
}

Test(verdict, is_known_when_the_table_says_that_it_works)
{
	const struct trial_answer answer = { .row = &known, .known = true, .ret = 1, .answer = "OK" };

	cr_assert(eq(int, verdict_of(&answer, NULL), VERDICT_KNOWN));
}

Test(verdict, never_counts_what_proved_nothing_as_passed)
{
	const struct trial_answer answer = {
		.row = &strict, .known = true, .answer = "ENOSYS", .untestable = "no such call"
	};
	const struct trial_answer missing = { .row = &strict };

	cr_assert(eq(int, verdict_of(&answer, NULL), VERDICT_UNTESTABLE));
	cr_assert(eq(int, verdict_of(&missing, NULL), VERDICT_UNTESTABLE));
}

Test(verdict, lists_whole_names_only)
{
	cr_assert(verdict_lists("a,bc,d", "bc"));
	cr_assert(verdict_lists("a,bc,d", "d"));
	cr_assert(not(verdict_lists("a,bc,d", "b")));
	cr_assert(not(verdict_lists("", "")));
	cr_assert(not(verdict_lists(NULL, "a")));
}

Test(verdict, has_a_name_for_each)
{
	for (int i = VERDICT_HOLDS; i <= VERDICT_UNTESTABLE; i++)
		cr_assert(verdict_name((enum verdict)i) != NULL);
	cr_assert(eq(str, verdict_name(VERDICT_OPEN), "OPEN"));
}
