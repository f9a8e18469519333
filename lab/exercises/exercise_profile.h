/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The profile of one run of an exercise, as text: what is hardest, and the keys of the exercise on top. */
#include <stdbool.h>

#include "base/macro.h"

struct arena;
struct error;
struct exercise;
struct json;
struct stage;

/**
 * exercise_profile_keys() - parse keys of an exercise or of a student
 * @text: a JSON object, without comments
 *
 * Return: 0; -EINVAL with *err saying what is wrong with it; -ENOMEM.
 */
int exercise_profile_keys(const char *text, struct arena *arena, struct json **ret, struct error *err)
	_must_check_;

struct exercise_profile {
	const struct exercise *exercise;
	const char *name; /* of the container */
	const char
		*extra; /* merged after exercise->common: the opened key, a student's line; NULL: nothing */
	bool plain;     /* for `kapsel check` alone: without what only this machine makes necessary */
};

/**
 * exercise_profile_build() - the profile that runs the exercise's probes
 * @ret: the text, owned by @arena
 *
 * Unless it is plain, limits whose controller this machine does not have are written as "unlimited", as the
 * launcher demands.
 * Return: 0 or -errno with *err filled.
 */
int exercise_profile_build(const struct stage *stage, const struct exercise_profile *wanted,
			   struct arena *arena, const char **ret, struct error *err) _must_check_;

/** exercise_profile_stray() - Return: the first key of @line that @allowed does not have, in @arena, or NULL.
 */
const char *exercise_profile_stray(const struct json *line, const char *allowed, struct arena *arena);
