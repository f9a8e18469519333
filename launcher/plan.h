/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The plan: which steps this spec means on this host, in which order. Building one changes
 * nothing; run applies it, explain and --dry-run print it.
 */
#include <stddef.h>
#include <stdio.h>

#include "launcher/step.h"

struct arena;
struct error;
struct host;
struct run;
struct spec;

enum { PLAN_STEPS_MAX = 96, PLAN_WARNINGS_MAX = 8 };

struct plan {
	const struct spec *spec;
	const struct host *host;
	struct step steps[PLAN_STEPS_MAX];
	size_t n_steps;
	const char *warnings[PLAN_WARNINGS_MAX]; /* what "on_missing": "warn" let pass */
	size_t n_warnings;
};

/**
 * plan_build() - the steps for @spec on @host
 * @arena: owns the warnings
 *
 * What the host lacks is refused here, with the remedy, unless the profile says
 * "on_missing": "warn". Return: 0 or -errno.
 */
int plan_build(const struct spec *spec, const struct host *host, struct arena *arena, struct plan *ret,
	       struct error *err);

/**
 * plan_check() - prove the order: phases never go back, no_new_privs before Landlock before
 * seccomp, the id switch before the first mount, nothing after seccomp
 *
 * Return: 0, or -EPROTO with the pair that is wrong in *err.
 */
int plan_check(const struct plan *plan, struct error *err);

/** plan_apply() - apply the steps of one phase, in order. 0 or -errno; err->step names the step. */
int plan_apply(const struct plan *plan, enum phase phase, struct run *run, struct error *err);

enum plan_hook { PLAN_PREPARE, PLAN_ACQUIRE, PLAN_MAP, PLAN_SETTLE };

/** plan_call() - call that hook of every step that has it. 0 or -errno; err->step names the step. */
int plan_call(const struct plan *plan, enum plan_hook hook, struct run *run, struct error *err);

/** plan_explain() - print every step: name, value, the attack it stops, the kernel interface, the phase. */
void plan_explain(const struct plan *plan, FILE *out);
