/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profile keys in the exercises: JSON of the profile language, and only as wide as they say. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/exercises/exercise.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/keys.h"

enum { PATH_LENGTH = 256 };

static struct json *parse(struct arena *arena, const struct exercise *exercise, const char *text)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	struct json *tree = NULL;
	int r;

	*source = (struct source){ .name = exercise->id, .text = text, .size = strlen(text) };
	r = json_parse(source, JSON_STRICT, arena, findings, &tree);
	cr_assert(zero(int, r), "%s: %s", exercise->id, text);
	keys_check(tree, findings);
	cr_assert(zero(sz, findings->n), "%s: %s: %s", exercise->id, text, findings->items[0].message);
	return tree;
}

static bool allows(const char *allowed, const char *path)
{
	while (*allowed) {
		size_t length = strcspn(allowed, " ");

		if (strncmp(allowed, path, length) == 0 && (path[length] == '\0' || path[length] == '.'))
			return true;
		allowed += length + strspn(allowed + length, " ");
	}
	return false;
}

/* A value, or an object with names of the author's choice, as "mounts" and "env" hold. */
static void expect_allowed(const struct exercise *exercise, const struct json *object, const char *above)
{
	char path[PATH_LENGTH];

	for (const struct json *member = object->first; member; member = member->next) {
		snprintf(path, sizeof(path), "%s%s%s", above, above[0] ? "." : "", member->name);
		if (allows(exercise->task.allowed, path))
			continue;
		cr_expect(member->type == JSON_OBJECT, "%s: the solution needs %s, which is not allowed",
			  exercise->id, path);
		if (member->type == JSON_OBJECT)
			expect_allowed(exercise, member, path);
	}
}

Test(exercise_keys, of_both_runs_are_keys_of_a_profile)
{
	struct arena *arena = arena_new();
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		parse(arena, &all[i], all[i].opened);
		parse(arena, &all[i], all[i].task.solution);
		if (all[i].common)
			parse(arena, &all[i], all[i].common);
	}
	arena_free(arena);
}

/* More than one would leave open which of them did it. */
Test(exercise_keys, open_exactly_one)
{
	struct arena *arena = arena_new();
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		const struct json *opened = parse(arena, &all[i], all[i].opened);
		bool is_namespace;

		cr_expect(eq(sz, opened->n, 1), "%s", all[i].id);
		/* What a socket or a mount consists of belongs together; "limits" and its like are many keys.
		 */
		is_namespace =
			str_equal(opened->first->name, "limits") || str_equal(opened->first->name, "user") ||
			str_equal(opened->first->name, "syscalls") || str_equal(opened->first->name, "exec");
		if (is_namespace)
			cr_expect(eq(sz, opened->first->n, 1), "%s", all[i].id);
	}
	arena_free(arena);
}

Test(exercise_key, can_be_explained_and_is_the_one_that_is_opened)
{
	struct arena *arena = arena_new();
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		const struct json *opened = parse(arena, &all[i], all[i].opened);
		const struct key *key = keys_find(all[i].key);
		const char *name = opened->first->name;

		cr_assert(key != NULL, "%s: no key %s", all[i].id, all[i].key);
		cr_expect(keys_available(key), "%s: %s", all[i].id, all[i].key);
		cr_expect(str_starts(all[i].key, name) && strchr(".", all[i].key[strlen(name)]),
			  "%s: %s, but %s is opened", all[i].id, all[i].key, name);
	}
	arena_free(arena);
}

Test(exercise_task, is_solved_with_the_allowed_keys_only)
{
	struct arena *arena = arena_new();
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		const struct json *solution = parse(arena, &all[i], all[i].task.solution);

		cr_expect(gt(sz, solution->n, 0), "%s: an empty line solves nothing", all[i].id);
		expect_allowed(&all[i], solution, "");
	}
	arena_free(arena);
}

Test(exercise_task, allows_keys_that_exist)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);
	char path[PATH_LENGTH];

	for (size_t i = 0; i < n; i++) {
		const char *at = all[i].task.allowed;

		cr_expect(gt(sz, strlen(at), 0), "%s", all[i].id);
		while (*at) {
			size_t length = strcspn(at, " ");

			snprintf(path, sizeof(path), "%.*s", (int)length, at);
			cr_expect(keys_find(path) != NULL, "%s: no key %s", all[i].id, path);
			at += length + strspn(at + length, " ");
		}
	}
}

/* A list replaces the other: without these the probe could not even attack from a child. */
Test(exercise_keys, keep_the_calls_of_the_probe)
{
	struct arena *arena = arena_new();
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		const char *const texts[] = { all[i].opened, all[i].task.solution,
					      all[i].common ? all[i].common : all[i].opened };

		for (size_t t = 0; t < ARRAY_SIZE(texts); t++) {
			const struct json *allow =
				json_find(parse(arena, &all[i], texts[t]), "syscalls.allow");
			unsigned int found = 0;

			if (!allow)
				continue;
			for (const struct json *word = allow->first; word; word = word->next)
				found += str_equal(word->text, "@base") || str_equal(word->text, "@process");
			cr_expect(eq(uint, found, 2), "%s: %s", all[i].id, texts[t]);
		}
	}
	arena_free(arena);
}
