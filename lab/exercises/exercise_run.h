/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Runs an exercise on a stage: opened, then under the hardest default. */
#include <stdbool.h>

#include "base/macro.h"
#include "lab/exercises/result.h"

struct arena;
struct error;
struct exercise;
struct stage;

/**
 * exercise_run() - run the exercise both ways and judge
 * @ret: all of it owned by @arena; a reason is in English, as what kapsel says is
 *
 * It passes if and only if the first probe gives open_answer with the key opened, and hard_answer without.
 * What the machine lacks makes it not testable, never passed. Return: 0; -EINTR when an end was asked for;
 * -errno with *err filled when the lab itself failed.
 */
int exercise_run(struct stage *stage, const struct exercise *exercise, struct arena *arena,
		 struct result *ret, struct error *err) _must_check_;

struct exercise_attempt {
	struct result_run run;
	const char *refusal; /* why kapsel started nothing; NULL: it did */
};

/**
 * exercise_run_once() - one of its runs: the hardest default with the keys of @extra (NULL: none)
 * @ret: all of it owned by @arena
 *
 * Return: as exercise_run().
 */
int exercise_run_once(struct stage *stage, const struct exercise *exercise, const char *extra,
		      struct arena *arena, struct exercise_attempt *ret, struct error *err) _must_check_;

/** exercise_run_lacks() - Return: what this machine lacks for the exercise, with the remedy; NULL: nothing.
 */
const char *exercise_run_lacks(const struct stage *stage, const struct exercise *exercise,
			       struct arena *arena);

/**
 * exercise_run_foreign() - Return: whether a start was refused for what this caller or machine has not, and
 * not for a mistake in the exercise
 */
bool exercise_run_foreign(const struct stage *stage, const char *refusal);
