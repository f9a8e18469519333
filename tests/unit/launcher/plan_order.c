/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan_check() on plans in a wrong order, how steps are called, and the table of step types. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "launcher/plan.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "plan_fixture.h"

static struct plan plan;
static struct error err;

/* @n types, in that order. */
static void make(const struct step_type *const *types, size_t n)
{
	plan = (struct plan){ 0 };
	err = (struct error){ 0 };
	for (size_t i = 0; i < n; i++)
		plan.steps[plan.n_steps++] = (struct step){ .type = types[i] };
}
#define MAKE(...)                                                                                            \
	make((const struct step_type *const[]){ __VA_ARGS__ },                                               \
	     sizeof((const struct step_type *const[]){ __VA_ARGS__ }) / sizeof(const struct step_type *))

static bool says(const char *a, const char *b)
{
	return strstr(err.msg, a) && strstr(err.msg, b);
}

Test(plan_order, passes_any_right_selection)
{
	MAKE(&step_seccomp);
	cr_assert(zero(int, plan_check(&plan, &err)), "%s", err.msg);
	MAKE(&step_user_namespace, &step_user_id, &step_root_filesystem, &step_no_new_privs, &step_landlock,
	     &step_seccomp);
	cr_assert(zero(int, plan_check(&plan, &err)), "%s", err.msg);
}

Test(plan_order, passes_all_steps_as_they_stand_in_the_table)
{
	size_t n;
	const struct step_type *const *types = steps_all(&n);

	make(types, n);
	cr_assert(zero(int, plan_check(&plan, &err)), "%s", err.msg);
}

Test(plan_order, refuses_a_plan_that_does_not_end_with_seccomp)
{
	size_t n;
	const struct step_type *const *types = steps_all(&n);

	make(types, 0);
	cr_assert(eq(int, plan_check(&plan, &err), -EPROTO), "no step at all");
	make(types, n - 1);
	cr_assert(eq(int, plan_check(&plan, &err), -EPROTO), "no seccomp");
	cr_assert(strstr(err.msg, "seccomp") != NULL, "%s", err.msg);
	MAKE(&step_no_new_privs, &step_seccomp, &step_landlock);
	cr_assert(eq(int, plan_check(&plan, &err), -EPROTO), "something after it");
	cr_assert(strstr(err.msg, "seccomp") != NULL, "%s", err.msg);
}

/* Every pair of steps of different phases, the wrong way round, in front of seccomp. */
Test(plan_order, refuses_every_phase_that_goes_back)
{
	size_t n, tried = 0;
	const struct step_type *const *types = steps_all(&n);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			if (types[i]->phase >= types[j]->phase || types[j] == &step_seccomp)
				continue;
			MAKE(types[j], types[i], &step_seccomp);
			cr_assert(eq(int, plan_check(&plan, &err), -EPROTO), "%s before %s", types[j]->name,
				  types[i]->name);
			cr_assert(says(types[i]->name, types[j]->name), "%s", err.msg);
			tried++;
		}
	}
	cr_assert(gt(sz, tried, 100));
}

Test(plan_order, refuses_wrong_pairs_within_a_phase)
{
	static const struct step_type *const pairs[][2] = {
		{ &step_cgroup_limits, &step_device_filter },
		{ &step_user_id, &step_root_filesystem },
		{ &step_root_filesystem, &step_proc },
		{ &step_proc, &step_mask_paths },
		{ &step_mount, &step_program },
		{ &step_program, &step_pivot_root },
		{ &step_exec_once, &step_rlimits },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		MAKE(pairs[i][0], pairs[i][1], &step_seccomp);
		cr_assert(zero(int, plan_check(&plan, &err)), "%s", err.msg);
		MAKE(pairs[i][1], pairs[i][0], &step_seccomp);
		cr_assert(eq(int, plan_check(&plan, &err), -EPROTO), "%s before %s", pairs[i][1]->name,
			  pairs[i][0]->name);
		cr_assert(says(pairs[i][0]->name, pairs[i][1]->name), "%s", err.msg);
	}
}

/* landlock_restrict_self(2) and seccomp(2) need no_new_privs, and are loaded by what holds no right. */
Test(plan_order, refuses_landlock_before_no_new_privs_and_seccomp_before_either)
{
	static const struct step_type *const wrong[][3] = {
		{ &step_landlock, &step_no_new_privs, &step_seccomp },
		{ &step_no_new_privs, &step_seccomp, &step_landlock },
		{ &step_landlock, &step_descriptors, &step_seccomp },
		{ &step_seccomp, &step_no_new_privs, &step_landlock },
		{ &step_landlock, &step_seccomp, &step_capabilities },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		make(wrong[i], ARRAY_SIZE(wrong[i]));
		cr_assert(eq(int, plan_check(&plan, &err), -EPROTO), "row %zu", i);
		cr_assert(eq(int, err.code, EPROTO));
	}
}

/* Steps that write down that they were called. */
static char called[64];

static int note(const struct step *step, struct run *run, struct error *error)
{
	(void)run, (void)error;
	strcat(called, step->type->name);
	return STEP_DONE;
}

static int note_absent(const struct step *step, struct run *run, struct error *error)
{
	note(step, run, error);
	return STEP_ABSENT;
}

static int fail(const struct step *step, struct run *run, struct error *error)
{
	note(step, run, error);
	return error_set(error, EROFS, "fail");
}

static int fail_deeper(const struct step *step, struct run *run, struct error *error)
{
	strcpy(error->step, "deeper");
	return fail(step, run, error);
}

static const struct step_type host_a = { .name = "a", .phase = PHASE_HOST, .apply = note, .prepare = note },
			      map_b = { .name = "b", .phase = PHASE_MAP, .apply = note, .map = note },
			      mount_c = { .name = "c",
					  .phase = PHASE_MOUNT,
					  .apply = note_absent,
					  .prepare = note,
					  .acquire = note },
			      mount_d = { .name = "d", .phase = PHASE_MOUNT, .apply = note },
			      bad_e = {
				      .name = "e", .phase = PHASE_MOUNT, .apply = fail, .acquire = fail_deeper
			      };

Test(plan_order, applies_the_steps_of_one_phase_in_order)
{
	struct run run = { 0 };

	MAKE(&host_a, &map_b, &mount_c, &mount_d);
	cr_assert(zero(int, plan_apply(&plan, PHASE_MOUNT, &run, &err)));
	cr_assert(eq(str, called, "cd"), "an absent one ends nothing");
	cr_assert(zero(int, plan_apply(&plan, PHASE_HOST, &run, &err)));
	cr_assert(zero(int, plan_apply(&plan, PHASE_SEAL, &run, &err)));
	cr_assert(eq(str, called, "cda"));
}

Test(plan_order, stops_at_the_first_step_that_fails_and_names_it)
{
	struct run run = { 0 };

	MAKE(&mount_c, &bad_e, &mount_d);
	cr_assert(eq(int, plan_apply(&plan, PHASE_MOUNT, &run, &err), -EROFS));
	cr_assert(eq(str, called, "ce"));
	cr_assert(eq(str, err.step, "e"));
	cr_assert(eq(str, err.msg, "fail"));
	err = (struct error){ 0 };
	cr_assert(eq(int, plan_call(&plan, PLAN_ACQUIRE, &run, &err), -EROFS));
	cr_assert(eq(str, err.step, "deeper"), "a name that is there already stays");
}

Test(plan_order, calls_the_hook_of_every_step_that_has_it)
{
	struct run run = { 0 };

	MAKE(&host_a, &map_b, &mount_c, &mount_d);
	cr_assert(zero(int, plan_call(&plan, PLAN_PREPARE, &run, &err)));
	cr_assert(eq(str, called, "ac"));
	cr_assert(zero(int, plan_call(&plan, PLAN_ACQUIRE, &run, &err)));
	cr_assert(eq(str, called, "acc"));
	cr_assert(zero(int, plan_call(&plan, PLAN_MAP, &run, &err)));
	cr_assert(eq(str, called, "accb"));
}

static bool is_said(const char *text)
{
	return text && strlen(text) >= 3;
}

Test(steps, say_what_they_are_and_can_be_proved)
{
	size_t n;
	const struct step_type *const *types = steps_all(&n);

	cr_assert(gt(sz, n, 25));
	for (size_t i = 0; i < n; i++) {
		const struct step_type *type = types[i];

		cr_assert(is_said(type->name) && strlen(type->name) < sizeof(((struct error *)0)->step),
			  "step %zu", i);
		cr_assert(eq(sz, strspn(type->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(type->name)), "%s",
			  type->name);
		cr_assert(is_said(type->blocks), "%s", type->name);
		cr_assert(strchr(type->blocks, '\n') == NULL, "%s", type->name);
		cr_assert(is_said(type->source), "%s", type->name);
		cr_assert(type->apply != NULL, "%s", type->name);
		cr_assert(type->verify != NULL, "%s", type->name);
		cr_assert(type->explain != NULL, "%s", type->name);
		cr_assert(type->phase >= PHASE_HOST && type->phase <= PHASE_SEAL, "%s", type->name);
	}
}

Test(steps, have_names_of_their_own_and_are_found_by_them)
{
	size_t n;
	const struct step_type *const *types = steps_all(&n);

	for (size_t i = 0; i < n; i++)
		cr_assert(steps_find(types[i]->name) == types[i], "%s", types[i]->name);
	cr_assert(steps_find("") == NULL);
	cr_assert(steps_find("landloc") == NULL);
	cr_assert(steps_find("landlock ") == NULL);
	cr_assert(steps_find("Landlock") == NULL);
}

/* The value is one line, for the table of explain. */
Test(steps, explain_a_default_profile_in_one_line_each)
{
	const struct spec_mount mount = { .target = "/data", .type = SPEC_MOUNT_BIND, .source = "/srv" };
	const struct spec spec = fixture_spec();
	size_t n;
	const struct step_type *const *types = steps_all(&n);

	for (size_t i = 0; i < n; i++) {
		const struct step step = { .type = types[i],
					   .spec = &spec,
					   .arg = types[i] == &step_mount ? &mount : NULL };
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		cr_assert(out != NULL);
		if (!types[i]->wanted || types[i]->wanted(&spec))
			types[i]->explain(&step, &spec, out);
		else
			fputs("not asked for", out);
		fclose(out);
		cr_assert(gt(sz, size, 0), "%s", types[i]->name);
		cr_assert(strchr(text, '\n') == NULL, "%s", types[i]->name);
		free(text);
	}
}

Test(steps, name_the_phases)
{
	cr_assert(eq(str, phase_name(PHASE_HOST), "host"));
	cr_assert(eq(str, phase_name(PHASE_MAP), "map"));
	cr_assert(eq(str, phase_name(PHASE_MOUNT), "mount"));
	cr_assert(eq(str, phase_name(PHASE_PRIV), "priv"));
	cr_assert(eq(str, phase_name(PHASE_SEAL), "seal"));
}
