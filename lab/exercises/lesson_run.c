/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run and all: exercises are run, and what came of them is shown. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/exercise_run.h"
#include "lab/exercises/lesson.h"
#include "lab/exercises/print.h"
#include "lab/exercises/result_json.h"
#include "lab/exercises/result_print.h"
#include "lab/exercises/stage.h"

/* What has been run so far. */
struct tally {
	size_t n[RESULT_NOT_TESTABLE + 1];
	double seconds;
};

static void count(struct tally *tally, const struct result *result)
{
	tally->n[result->outcome]++;
	tally->seconds += result->seconds;
}

static int tell(const struct error *err, const struct stage *stage)
{
	/* Who pressed Ctrl-C knows it. */
	if (!stage->sandbox->interrupted)
		error_print(STDERR_FILENO, err);
	return EXIT_LAUNCHER;
}

/* Think first. Return: false when an end was asked for. */
static bool await_reader(const struct lesson *lesson, struct stage *stage)
{
	static const struct text text = { "\n[Enter] shows the answer. ", "\n[Enter] zeigt die Antwort. " };
	char line[256];

	if (lesson->json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return true;
	fputs(text_in(&text, lesson->language), stdout);
	fflush(stdout);
	if (sandbox_wait(stage->sandbox, STDIN_FILENO, -1) < 0)
		return false;
	(void)!read(STDIN_FILENO, line, sizeof(line));
	return true;
}

/* One exercise with its own memory: what a result holds goes with it. */
static int run_one(const struct lesson *lesson, struct stage *stage, const struct exercise *exercise,
		   struct tally *tally, struct error *err)
{
	const struct print print = { .out = stdout, .color = lesson->color };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result result;
	int r;

	if (!arena)
		return error_set(err, ENOMEM, "run %s", exercise->id);
	if (!lesson->json) {
		result_print_question(&print, exercise, lesson->language);
		if (!await_reader(lesson, stage))
			return error_set(err, EINTR, "wait for the reader");
		putchar('\n');
		fflush(stdout);
	}
	r = exercise_run(stage, exercise, arena, &result, err);
	if (r < 0)
		return r;
	count(tally, &result);
	if (lesson->json)
		result_json(stdout, &result, lesson->language);
	else
		result_print(&print, &result, lesson->language, lesson->all);
	fflush(stdout);
	return 0;
}

static int run_each(const struct lesson *lesson, struct stage *stage, void *arg)
{
	struct tally tally = { 0 };
	struct error err = { 0 };

	(void)arg;
	for (size_t i = 0; i < lesson->n && !ferror(stdout); i++) {
		if (i > 0 && !lesson->json)
			putchar('\n');
		if (run_one(lesson, stage, lesson->exercises[i], &tally, &err) < 0)
			return tell(&err, stage);
	}
	return tally.n[RESULT_FAIL] > 0 ? 1 : 0;
}

int lesson_run(const struct lesson *lesson)
{
	return lesson_on_stage(lesson, run_each, NULL);
}

static void print_summary(const struct lesson *lesson, const struct tally *tally)
{
	size_t pass = tally->n[RESULT_PASS], fail = tally->n[RESULT_FAIL],
	       not = tally->n[RESULT_NOT_TESTABLE];

	if (lesson->language == TEXT_GERMAN)
		printf("\n%zu Übungen: %zu bestanden, %zu fehlgeschlagen, %zu hier nicht prüfbar (%.1f s)\n",
		       pass + fail + not, pass, fail, not, tally->seconds);
	else
		printf("\n%zu exercises: %zu pass, %zu fail, %zu not testable here (%.1f s)\n",
		       pass + fail + not, pass, fail, not, tally->seconds);
}

static int all_each(const struct lesson *lesson, struct stage *stage, void *arg)
{
	const struct print print = { .out = stdout, .color = lesson->color };
	struct tally tally = { 0 };
	struct error err = { 0 };

	(void)arg;
	for (size_t i = 0; i < lesson->n && !ferror(stdout); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct result result;

		if (!arena)
			error_set(&err, ENOMEM, "run the exercises");
		if (!arena || exercise_run(stage, lesson->exercises[i], arena, &result, &err) < 0)
			return tell(&err, stage);
		count(&tally, &result);
		if (lesson->json)
			result_json(stdout, &result, lesson->language);
		else
			result_print_line(&print, &result, lesson->language);
		fflush(stdout);
	}
	if (!lesson->json)
		print_summary(lesson, &tally);
	return tally.n[RESULT_FAIL] > 0 ? 1 : 0;
}

int lesson_all(const struct lesson *lesson)
{
	return lesson_on_stage(lesson, all_each, NULL);
}
