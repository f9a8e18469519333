/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/exercise_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "lab/exercises/answers.h"
#include "lab/exercises/container.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/exercise_profile.h"
#include "lab/exercises/observe.h"
#include "lab/exercises/sandbox_clean.h"
#include "lab/exercises/stage.h"

enum { BUSY_TRIES = 50, BUSY_WAIT_NS = 100000000 };

const char *exercise_run_lacks(const struct stage *stage, const struct exercise *exercise,
			       struct arena *arena)
{
	static const struct {
		unsigned int need, controller;
	} controllers[] = {
		{ EXERCISE_NEEDS_MEMORY, CGROUP_MEMORY },
		{ EXERCISE_NEEDS_PIDS, CGROUP_PIDS },
		{ EXERCISE_NEEDS_CPU, CGROUP_CPU },
	};
	const struct cgroup_place *place = &stage->host.place;

	if ((exercise->needs & EXERCISE_NEEDS_ROOT) && stage->sandbox->own_users)
		return "needs root: more ids are mapped, or files of other ids are made; run it with sudo";
	if ((exercise->needs & EXERCISE_NEEDS_LANDLOCK) && stage->host.landlock_abi < 1)
		return "needs Landlock: put it into lsm= on the kernel command line";
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		const char *name = cgroup_controller_name(controllers[i].controller);

		if (!(exercise->needs & controllers[i].need) ||
		    (place->available & controllers[i].controller))
			continue;
		return arena_printf(arena, "needs the cgroup controller %s: %s%s%s", name,
				    place->reason[0] ? place->reason : "it is not offered to this caller",
				    place->remedy[0] ? "; " : "", place->remedy);
	}
	return NULL;
}

bool exercise_run_foreign(const struct stage *stage, const char *refusal)
{
	if (str_starts(refusal, "error["))
		return false;
	return stage->sandbox->own_users || strstr(refusal, "EOPNOTSUPP") || strstr(refusal, "ENOSYS");
}

static int run_container(struct stage *stage, const struct exercise_profile *wanted, struct observe *observe,
			 struct arena *arena, struct exercise_attempt *ret, struct error *err)
{
	struct container_call call = { .verb = "run", .observe = observe, .run = &ret->run };
	struct container_output output;
	int r = exercise_profile_build(stage, wanted, arena, &ret->run.profile, err);

	if (r < 0)
		return r;
	call.file = container_write(stage, wanted->name, ret->run.profile, arena, err);
	if (!call.file)
		return -err->code;
	observe_begin(observe, stage, wanted->name);
	r = container_kapsel(stage, &call, arena, &output, err);
	observe_end(observe, arena, &ret->run);
	if (r < 0)
		return r;
	if (answers_read(wanted->exercise, &output, arena, &ret->run) < 0 ||
	    answers_add_counts(wanted->exercise, observe, arena, &ret->run) < 0)
		return error_set(err, ENOMEM, "read what %s answered", wanted->exercise->id);
	ret->refusal = answers_refusal(&output, arena);
	return 0;
}

int exercise_run_once(struct stage *stage, const struct exercise *exercise, const char *extra,
		      struct arena *arena, struct exercise_attempt *ret, struct error *err)
{
	char name[64];
	const struct exercise_profile wanted = { .exercise = exercise, .name = name, .extra = extra };
	struct observe *observe = arena_alloc(arena, sizeof(*observe));
	int r;

	*ret = (struct exercise_attempt){ .run = result_run_none() };
	if (!observe)
		return error_set(err, ENOMEM, "run %s", exercise->id);
	/* Both runs have the same name, and so the same host ids and the same hostname. */
	sandbox_container_name(name, sizeof(name), stage->sandbox->directory, (unsigned int)exercise->number);
	r = run_container(stage, &wanted, observe, arena, ret, err);
	/* An exercise may name host ids, which only one container of the machine has at a time: another
	 * lab's. */
	for (int waited = 0; r == 0 && ret->refusal && strstr(ret->refusal, "EBUSY") && waited < BUSY_TRIES;
	     waited++) {
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_WAIT_NS }, NULL);
		*ret = (struct exercise_attempt){ .run = result_run_none() };
		r = run_container(stage, &wanted, observe, arena, ret, err);
	}
	return r;
}

static void set(struct result *result, enum result_outcome outcome, const char *reason)
{
	result->outcome = outcome;
	result->reason = reason ? reason : "out of memory";
}

/* Return: whether there is an answer to judge; else *result says why not. */
static bool answered(const struct stage *stage, struct result *result, const struct result_run *run,
		     const char *refusal, struct arena *arena)
{
	const char *which = run == &result->open ? "with the key opened" : "under the hardest default";

	if (refusal && exercise_run_foreign(stage, refusal))
		set(result, RESULT_NOT_TESTABLE,
		    arena_printf(arena, "kapsel refuses the start %s: %s", which, refusal));
	else if (refusal)
		set(result, RESULT_FAIL,
		    arena_printf(arena, "kapsel refuses the start %s: %s", which, refusal));
	else if (run->n_probes == 0)
		set(result, RESULT_FAIL, arena_printf(arena, "no answer %s: %s", which, run->end));
	else if (run->probes[0].untestable[0] && run == &result->open)
		set(result, RESULT_NOT_TESTABLE, run->probes[0].untestable);
	else if (run->probes[0].untestable[0])
		set(result, RESULT_FAIL,
		    arena_printf(arena, "no attempt %s: %s", which, run->probes[0].untestable));
	else
		return true;
	return false;
}

static void judge(struct result *result, const struct result_run *run, const char *expected,
		  struct arena *arena)
{
	const struct result_probe *probe = &run->probes[0];

	if (answers_match(expected, probe))
		return;
	set(result, RESULT_FAIL,
	    arena_printf(arena, "%s answers %s (%ld) %s, expected %s", probe->name, probe->answer, probe->ret,
			 run == &result->open ? "with the key opened" : "under the hardest default",
			 expected));
}

int exercise_run(struct stage *stage, const struct exercise *exercise, struct arena *arena,
		 struct result *ret, struct error *err)
{
	const char *lacks = exercise_run_lacks(stage, exercise, arena);
	struct exercise_attempt open, hard;
	uint64_t began_ms = loop_now_ms();
	int r;

	*ret = (struct result){ .exercise = exercise, .outcome = RESULT_PASS, .reason = "" };
	ret->open = ret->hard = result_run_none();
	if (lacks) {
		set(ret, RESULT_NOT_TESTABLE, lacks);
		return 0;
	}
	r = exercise_run_once(stage, exercise, exercise->opened, arena, &open, err);
	if (r == 0)
		r = exercise_run_once(stage, exercise, NULL, arena, &hard, err);
	ret->seconds = (double)(loop_now_ms() - began_ms) / 1000;
	if (r < 0)
		return r;
	ret->open = open.run;
	ret->hard = hard.run;
	if (answered(stage, ret, &ret->open, open.refusal, arena) &&
	    answered(stage, ret, &ret->hard, hard.refusal, arena)) {
		judge(ret, &ret->hard, exercise->hard_answer, arena);
		judge(ret, &ret->open, exercise->open_answer, arena);
	}
	return 0;
}
