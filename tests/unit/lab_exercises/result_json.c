/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/result_json.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/exercise_profile.h"
#include "lab/exercises/result.h"
#include "profiles/json.h"

static const struct exercise exercise = {
	.number = 3,
	.id = "three",
	.title = { "Title", "Titel" },
	.question = { "Question", "Frage" },
	.probes = "a b",
	.opened = "{\"allow_jit\": true}",
	.key = "allow_jit",
	.open_answer = "OK",
	.hard_answer = "EPERM",
	.needs = EXERCISE_NEEDS_PIDS | EXERCISE_NEEDS_ROOT,
	.mechanism = { { "one", "eins" }, { "two", "zwei" }, { "three", "drei" } },
	.man = "x(7)",
	.task = { .ask = { "Ask", "Bitte" }, .solution = "{}", .allowed = "allow_jit" },
};

/* One line, and JSON: parsed again, in @arena. */
static struct json *parsed(char *text, struct arena *arena)
{
	struct error err = { 0 };
	struct json *tree = NULL;

	cr_assert(eq(ptr, strchr(text, '\n'), text + strlen(text) - 1));
	cr_assert(eq(int, exercise_profile_keys(text, arena, &tree, &err), 0), "%s: %s", err.msg, text);
	free(text);
	return tree;
}

static struct json *result_of(const struct result *result, enum text_language language, struct arena *arena)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	result_json(out, result, language);
	fclose(out);
	return parsed(text, arena);
}

Test(result_json, writes_what_came_of_it_on_one_line)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_probe probe = { .name = "a",
				      .answer = "OK",
				      .ret = 5,
				      .error = "",
				      .signal = "",
				      .evidence = "\033]0;\"x\"\n",
				      .untestable = "" };
	struct result result = { .exercise = &exercise,
				 .outcome = RESULT_FAIL,
				 .reason = "why",
				 .open = result_run_none(),
				 .hard = result_run_none() };
	const struct json *tree;

	result.open.probes = &probe;
	result.open.n_probes = 1;
	result.open.pids_peak = 13;
	tree = result_of(&result, TEXT_GERMAN, arena);
	cr_assert(eq(str, json_find(tree, "name")->text, "Titel"));
	cr_assert(eq(str, json_find(tree, "result")->text, "fail"));
	cr_assert(eq(str, json_find(tree, "reason")->text, "why"));
	cr_assert(eq(str, json_get(json_find(tree, "evidence.open.answers")->first, "evidence")->text,
		     "\033]0;\"x\"\n"));
	cr_assert(eq(long, (long)json_find(tree, "evidence.open.pids_peak")->integer, 13));
	cr_assert(eq(int, (int)json_find(tree, "evidence.hard.pids_peak")->type, JSON_NULL));
}

Test(result_json, has_a_word_for_each_outcome)
{
	cr_assert(eq(str, result_name(RESULT_PASS), "pass"));
	cr_assert(eq(str, result_name(RESULT_FAIL), "fail"));
	cr_assert(eq(str, result_name(RESULT_NOT_TESTABLE), "not testable here"));
}

Test(result_json, describes_an_exercise)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct json *tree;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	result_json_exercise(out, &exercise, TEXT_ENGLISH);
	fclose(out);
	tree = parsed(text, arena);
	cr_assert(eq(str, json_find(tree, "question")->text, "Question"));
	cr_assert(eq(sz, json_find(tree, "mechanism")->n, 3));
	cr_assert(eq(sz, json_find(tree, "needs")->n, 2));
	cr_assert(eq(str, json_find(tree, "needs")->first->text, "pids"));
	cr_assert(eq(str, json_find(tree, "task.allowed")->text, "allow_jit"));
	cr_assert(eq(int, (int)json_find(tree, "common")->type, JSON_NULL));
}
