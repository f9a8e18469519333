/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/faults.h"
#include "launcher/host.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_HOST] = "host", [PHASE_MAP] = "map",   [PHASE_MOUNT] = "mount",
		[PHASE_PRIV] = "priv", [PHASE_SEAL] = "seal",
	};

	return names[phase];
}

static int add(struct plan *plan, const struct step_type *type, const void *arg, struct error *err)
{
	if (plan->n_steps == PLAN_STEPS_MAX)
		return error_set(err, E2BIG, "plan more than %d steps", PLAN_STEPS_MAX);
	plan->steps[plan->n_steps++] = (struct step){ .type = type, .spec = plan->spec, .arg = arg };
	return 0;
}

/* A weaker start is never silent: no memory for the warning, no start. */
static int add_warning(struct plan *plan, const char *warning, struct error *err)
{
	if (!warning || plan->n_warnings == PLAN_WARNINGS_MAX)
		return error_set(err, ENOMEM, "note what is missing");
	plan->warnings[plan->n_warnings++] = warning;
	return 0;
}

static int missing(struct plan *plan, struct arena *arena, const char *what, const char *remedy,
		   struct error *err)
{
	if (plan->spec->on_missing == SPEC_MISSING_FAIL) {
		error_set(err, ENOTSUP, "start: this host lacks %s", what);
		return error_remedy(err, "%s; or write \"on_missing\": \"warn\" into the profile (weaker)",
				    remedy);
	}
	return add_warning(plan, arena_printf(arena, "started without %s (\"on_missing\": \"warn\")", what),
			   err);
}

static int check_limits(struct plan *plan, struct arena *arena, struct error *err)
{
	struct cgroup_limits limits;
	const char *warning;
	int r = cgroup_limits_build(plan->spec, &limits, err);

	if (r < 0)
		return r;
	/* Nothing to limit needs no group, as long as the death of PID 1 ends all the others. */
	if (limits.controllers == 0 && !plan->host->place.found && (plan->spec->namespaces & SPEC_NS_PID))
		return 0;
	r = cgroup_check(&plan->host->place, &limits, err);
	if (r == 0 || plan->spec->on_missing == SPEC_MISSING_FAIL) {
		if (r < 0)
			strncpy(err->step, step_cgroup_limits.name, sizeof(err->step) - 1);
		return r;
	}
	warning = arena_printf(arena, "started without some limits (\"on_missing\": \"warn\"): %s", err->msg);
	*err = (struct error){ 0 };
	return add_warning(plan, warning, err);
}

static int check_host(struct plan *plan, struct arena *arena, struct error *err)
{
	const struct host *host = plan->host;
	int r = 0;

	if (host->landlock_abi < 1)
		r = missing(plan, arena, "Landlock", "boot with lsm=landlock,… (kernel 5.13 or newer)", err);
	if (r == 0 && (plan->spec->namespaces & SPEC_NS_TIME) && !host->time_namespace)
		r = missing(plan, arena, "time namespaces", "use a kernel with CONFIG_TIME_NS", err);
	if (r == 0 && !host->seccomp_notify)
		r = missing(
			plan, arena,
			"seccomp user notification (refused calls would not be named, and exec once could be got around)",
			"use kernel 5.5 or newer, outside of another seccomp listener", err);
	if (r == 0)
		r = check_limits(plan, arena, err);
	if (r == 0 && !host->user_namespaces) {
		error_set(err, EPERM, "create a user namespace: forbidden by %s",
			  host->user_namespaces_setting ? host->user_namespaces_setting : "this kernel");
		return error_remedy(err, "kapsel doctor tells how to change it");
	}
	return r;
}

int plan_build(const struct spec *spec, const struct host *host, struct arena *arena, struct plan *ret,
	       struct error *err)
{
	const struct step_type *const *types;
	size_t n;
	int r;

	*ret = (struct plan){ .spec = spec, .host = host };
	r = check_host(ret, arena, err);
	types = steps_all(&n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (types[i]->wanted && !types[i]->wanted(spec))
			continue;
		if (types[i] != &step_mount)
			r = add(ret, types[i], NULL, err);
		else
			for (size_t j = 0; r == 0 && j < spec->n_mounts; j++)
				r = add(ret, types[i], &spec->mounts[j], err);
	}
	return r < 0 ? r : plan_check(ret, err);
}

/* Any step of the first type behind any of the second? */
static int check_pair(const struct plan *plan, const struct step_type *first, const struct step_type *second,
		      struct error *err)
{
	bool seen = false;

	for (size_t i = 0; i < plan->n_steps; i++) {
		seen = seen || plan->steps[i].type == second;
		if (seen && plan->steps[i].type == first)
			return error_set(err, EPROTO, "plan %s before %s", first->name, second->name);
	}
	return 0;
}

int plan_check(const struct plan *plan, struct error *err)
{
	static const struct step_type *const pairs[][2] = {
		{ &step_cgroup_limits, &step_device_filter },
		{ &step_user_id, &step_root_filesystem }, /* no mount under the caller's id */
		{ &step_root_filesystem, &step_proc },
		{ &step_root_filesystem, &step_dev },
		{ &step_root_filesystem, &step_mount },
		{ &step_root_filesystem, &step_secrets },
		{ &step_dev, &step_mount }, /* some lie below /dev */
		{ &step_mask_paths, &step_pivot_root },
		{ &step_secrets, &step_pivot_root },
		{ &step_nested_namespaces, &step_pivot_root },
		{ &step_proc, &step_mask_paths },
		{ &step_mount, &step_program }, /* the command may lie in a mount */
		{ &step_program, &step_pivot_root },
		{ &step_exec_once, &step_rlimits }, /* its number lies above the limit */
		{ &step_no_new_privs, &step_landlock },
		{ &step_descriptors, &step_landlock },
		{ &step_landlock, &step_seccomp },
		{ &step_capabilities, &step_seccomp },
	};
	int r;

	for (size_t i = 1; i < plan->n_steps; i++)
		if (plan->steps[i].type->phase < plan->steps[i - 1].type->phase)
			return error_set(err, EPROTO, "plan %s after %s: a right would come back",
					 plan->steps[i].type->name, plan->steps[i - 1].type->name);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		r = check_pair(plan, pairs[i][0], pairs[i][1], err);
		if (r < 0)
			return r;
	}
	if (plan->n_steps == 0 || plan->steps[plan->n_steps - 1].type != &step_seccomp)
		return error_set(err, EPROTO, "plan seccomp as the last step");
	return 0;
}

static int named(const struct step *step, int r, struct error *err)
{
	if (r < 0 && err->step[0] == '\0')
		strncpy(err->step, step->type->name, sizeof(err->step) - 1);
	return r;
}

int plan_apply(const struct plan *plan, enum phase phase, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		int r;

		if (step->type->phase != phase || faults_skip_apply(step->type->name))
			continue;
		r = named(step, step->type->apply(step, run, err), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int plan_call(const struct plan *plan, enum plan_hook hook, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		int (*function)(const struct step *, struct run *, struct error *) =
			hook == PLAN_PREPARE   ? step->type->prepare
			: hook == PLAN_ACQUIRE ? step->type->acquire
			: hook == PLAN_MAP     ? step->type->map
					       : step->type->settle;
		int r = function ? named(step, function(step, run, err), err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

void plan_explain(const struct plan *plan, FILE *out)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		fprintf(out, "%s\n  value   ", step->type->name);
		step->type->explain(step, plan->spec, out);
		fprintf(out, "\n  stops   %s\n  kernel  %s\n  phase   %s\n", step->type->blocks,
			step->type->source, phase_name(step->type->phase));
	}
	for (size_t i = 0; i < plan->n_warnings; i++)
		fprintf(out, "warning: %s\n", plan->warnings[i]);
}
