/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/observe.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "lab/exercises/result.h"
#include "lab/exercises/stage.h"

Test(observe, reads_a_field_by_its_whole_name)
{
	static const char events[] = "low 0\nhigh 5\nmax 12\noom 1\noom_kill 2\n";

	cr_assert(eq(u64, observe_field(events, "oom_kill"), 2));
	cr_assert(eq(u64, observe_field(events, "oom"), 1));
	cr_assert(eq(u64, observe_field(events, "low"), 0));
	cr_assert(eq(u64, observe_field(events, "kill"), RESULT_UNKNOWN));
	cr_assert(eq(u64, observe_field("", "oom"), RESULT_UNKNOWN));
	cr_assert(eq(u64, observe_field("oom x\n", "oom"), RESULT_UNKNOWN));
}

Test(observe, leaves_unknown_what_was_never_seen)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct observe *observe = arena_alloc(arena, sizeof(*observe));
	struct result_run run = { 0 };

	observe_begin(observe, NULL, "x");
	observe_end(observe, arena, &run);
	cr_assert(eq(u64, run.memory_peak_bytes, RESULT_UNKNOWN));
	cr_assert(eq(u64, run.pids_max, RESULT_UNKNOWN));
	cr_assert(eq(u64, run.calls_allowed, RESULT_UNKNOWN));
	cr_assert(eq(str, run.uid_map, ""));
}

Test(observe, takes_no_limit_for_unknown_and_squeezes_the_map)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct observe *observe = arena_alloc(arena, sizeof(*observe));
	struct result_run run = { 0 };

	observe_begin(observe, NULL, "x");
	strcpy(observe->texts[OBSERVE_MEMORY_MAX], "max\n");
	strcpy(observe->texts[OBSERVE_PIDS_PEAK], "13\n");
	strcpy(observe->texts[OBSERVE_CPU_STAT], "usage_usec 5\nnr_throttled 2\nthrottled_usec 77\n");
	strcpy(observe->uid_map, "         0     100000          1\n     65532     165532          1\n");
	observe_end(observe, arena, &run);
	cr_assert(eq(u64, run.memory_max_bytes, RESULT_UNKNOWN));
	cr_assert(eq(u64, run.pids_peak, 13));
	cr_assert(eq(u64, run.cpu_throttled_us, 77));
	cr_assert(eq(str, run.uid_map, "0 100000 1\n65532 165532 1"));
}

Test(observe, counts_the_calls_that_the_filter_lets_through)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct observe *observe = arena_alloc(arena, sizeof(*observe));
	struct result_layer layers[] = {
		{ "landlock", "9 calls allowed" },
		{ "seccomp", "Seccomp 2, 1 filter(s), 186 calls allowed; clone3 answers ENOSYS" }
	};
	struct result_run run = { .layers = layers, .n_layers = 2 };

	observe_begin(observe, NULL, "x");
	observe_end(observe, arena, &run);
	cr_assert(eq(u64, run.calls_allowed, 186));
	cr_assert(run.calls_known > 300 && run.calls_known < 1000, "%lu", run.calls_known);
}

Test(observe, waits_for_a_state_that_is_not_written_yet)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct observe *observe = arena_alloc(arena, sizeof(*observe));
	struct stage *stage = arena_alloc(arena, sizeof(*stage));
	struct result_run run = { 0 };

	strcpy(stage->host.run_dir, "/nonexistent");
	observe_begin(observe, stage, "x");
	cr_assert(eq(int, observe_look(observe, arena, &run), -EAGAIN));
	cr_assert(not(observe->looked));
	observe_end(observe, arena, &run);
}
