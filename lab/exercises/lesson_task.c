/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* task: a line of a profile is asked for; kapsel itself checks what was written, and the probe judges it. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "lab/exercises/answers.h"
#include "lab/exercises/container.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/exercise_profile.h"
#include "lab/exercises/exercise_run.h"
#include "lab/exercises/lesson.h"
#include "lab/exercises/print.h"
#include "lab/exercises/result_json.h"
#include "lab/exercises/stage.h"
#include "profiles/json.h"

enum verdict { VERDICT_RIGHT, VERDICT_WRONG, VERDICT_NOT_TESTABLE };

struct judgement {
	enum verdict verdict;
	const char *why;      /* in English where it is kapsel's or ours, else in the lesson's language */
	const char *findings; /* what `kapsel check` printed, "": nothing */
	struct result_run run;
};

static int wrong(struct judgement *ret, const char *why)
{
	ret->verdict = VERDICT_WRONG;
	ret->why = why ? why : "out of memory";
	return 0;
}

static const char *in(const struct lesson *lesson, const char *en, const char *de)
{
	return lesson->language == TEXT_GERMAN ? de : en;
}

/* What the task forbids is refused before anything runs. Return: whether the line may be tried. */
static bool may_be_tried(const struct lesson *lesson, const struct exercise *exercise, struct arena *arena,
			 struct judgement *ret)
{
	struct error err = { 0 };
	struct json *line = NULL;
	const char *stray;

	if (exercise_profile_keys(lesson->line, arena, &line, &err) < 0) {
		wrong(ret, arena_printf(arena, "%s%s%s", err.msg, err.remedy[0] ? "; " : "", err.remedy));
		return false;
	}
	if (line->n == 0) {
		wrong(ret, in(lesson, "the line opens nothing", "die Zeile öffnet nichts"));
		return false;
	}
	stray = exercise_profile_stray(line, exercise->task.allowed, arena);
	if (!stray)
		return true;
	if (lesson->language == TEXT_GERMAN)
		wrong(ret, arena_printf(arena, "der Schlüssel \"%s\" gehört nicht zur Aufgabe; erlaubt: %s",
					stray, exercise->task.allowed));
	else
		wrong(ret, arena_printf(arena, "the key \"%s\" is not part of this task; allowed: %s", stray,
					exercise->task.allowed));
	return false;
}

/* `kapsel check`, and what it says, word for word. Return: 1 if it finds nothing wrong, 0 if it does, -errno.
 */
static int check(struct stage *stage, const struct exercise *exercise, const char *line, struct arena *arena,
		 struct judgement *ret, struct error *err)
{
	const struct exercise_profile wanted = {
		.exercise = exercise, .name = "task", .extra = line, .plain = true
	};
	struct container_call call = { .verb = "check" };
	struct container_output output;
	const char *profile;
	int r = exercise_profile_build(stage, &wanted, arena, &profile, err);

	if (r < 0)
		return r;
	call.file = container_write(stage, wanted.name, profile, arena, err);
	if (!call.file)
		return -err->code;
	r = container_kapsel(stage, &call, arena, &output, err);
	if (r < 0)
		return r;
	ret->findings = arena_printf(arena, "%s%s", output.err, output.out);
	if (!ret->findings)
		return error_set(err, ENOMEM, "check the profile");
	return output.status == 0 ? 1 : 0;
}

/* Return: false when memory is exhausted. */
static bool compare(const struct lesson *lesson, struct arena *arena, struct judgement *ret)
{
	const struct result_probe *probe = &ret->run.probes[0];
	const char *expected = lesson->exercises[0]->task.answer;
	bool german = lesson->language == TEXT_GERMAN;

	if (answers_match(expected, probe)) {
		ret->verdict = VERDICT_RIGHT;
		ret->why =
			german ? arena_printf(arena, "die Probe %s antwortet %s", probe->name, probe->answer)
			       : arena_printf(arena, "the probe %s answers %s", probe->name, probe->answer);
		return ret->why;
	}
	ret->verdict = VERDICT_WRONG;
	ret->why = german ? arena_printf(arena, "die Probe %s antwortet %s, erwartet ist %s", probe->name,
					 probe->answer, expected)
			  : arena_printf(arena, "the probe %s answers %s, expected is %s", probe->name,
					 probe->answer, expected);
	return ret->why;
}

/* What came out of the run with the line. Return: false when memory is exhausted. */
static bool weigh(const struct lesson *lesson, const struct stage *stage,
		  const struct exercise_attempt *attempt, struct arena *arena, struct judgement *ret)
{
	if (attempt->refusal && exercise_run_foreign(stage, attempt->refusal))
		ret->why = attempt->refusal;
	else if (attempt->refusal)
		wrong(ret, attempt->refusal);
	else if (attempt->run.n_probes == 0)
		wrong(ret, attempt->run.end);
	else if (attempt->run.probes[0].untestable[0])
		ret->why = attempt->run.probes[0].untestable;
	else
		return compare(lesson, arena, ret);
	return true;
}

static int judge(const struct lesson *lesson, struct stage *stage, struct arena *arena, struct judgement *ret,
		 struct error *err)
{
	const struct exercise *exercise = lesson->exercises[0];
	const char *lacks = exercise_run_lacks(stage, exercise, arena);
	struct exercise_attempt attempt;
	int r;

	*ret = (struct judgement){ .verdict = VERDICT_NOT_TESTABLE, .why = lacks, .findings = "" };
	ret->run = result_run_none();
	if (!may_be_tried(lesson, exercise, arena, ret) || lacks)
		return 0;
	r = check(stage, exercise, lesson->line, arena, ret, err);
	if (r < 0)
		return r;
	if (r == 0)
		return wrong(ret,
			     in(lesson, "kapsel refuses this profile", "kapsel weist dieses Profil zurück"));
	r = exercise_run_once(stage, exercise, lesson->line, arena, &attempt, err);
	if (r < 0)
		return r;
	ret->run = attempt.run;
	return weigh(lesson, stage, &attempt, arena, ret) ? 0 : error_set(err, ENOMEM, "judge the line");
}

static void tell_json(const struct lesson *lesson, const struct judgement *judgement)
{
	static const char *const names[] = { "right", "wrong", "not testable here" };
	const struct exercise *exercise = lesson->exercises[0];

	printf("{\"number\": %d", exercise->number);
	result_json_member(stdout, ", ", "id", exercise->id);
	result_json_member(stdout, ", ", "line", lesson->line);
	result_json_member(stdout, ", ", "result", names[judgement->verdict]);
	result_json_member(stdout, ", ", "reason", judgement->why);
	result_json_member(stdout, ", ", "findings", judgement->findings);
	fputs(", \"run\": ", stdout);
	result_json_run(stdout, &judgement->run);
	puts("}");
}

static void tell(const struct lesson *lesson, const struct judgement *judgement)
{
	static const struct text verdicts[] = {
		[VERDICT_RIGHT] = { "right", "richtig" },
		[VERDICT_WRONG] = { "wrong", "falsch" },
		[VERDICT_NOT_TESTABLE] = { "not testable here", "hier nicht prüfbar" },
	};
	static const enum print_style styles[] = { PRINT_GOOD, PRINT_BAD, PRINT_DOUBT };
	const struct print print = { .out = stdout, .color = lesson->color };

	fputs(judgement->findings, stdout);
	print_style(&print, styles[judgement->verdict],
		    text_in(&verdicts[judgement->verdict], lesson->language));
	fputs(": ", stdout);
	print_untrusted(&print, judgement->why);
	putchar('\n');
	if (judgement->verdict == VERDICT_RIGHT)
		print_wrapped(&print, 0, "", text_in(&lesson->exercises[0]->mechanism[0], lesson->language));
}

static int act(const struct lesson *lesson, struct stage *stage, void *arg)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct judgement judgement;
	struct error err = { 0 };
	int r = arena ? 0 : error_set(&err, ENOMEM, "judge the line");

	(void)arg;
	if (r == 0)
		r = judge(lesson, stage, arena, &judgement, &err);
	if (r < 0) {
		if (!stage->sandbox->interrupted)
			error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	if (lesson->json)
		tell_json(lesson, &judgement);
	else
		tell(lesson, &judgement);
	return judgement.verdict == VERDICT_RIGHT ? 0 : 1;
}

static int ask(const struct lesson *lesson)
{
	const struct print print = { .out = stdout, .color = lesson->color };
	const struct exercise *exercise = lesson->exercises[0];

	if (lesson->json) {
		result_json_exercise(stdout, exercise, lesson->language);
		return 0;
	}
	printf("%d  ", exercise->number);
	print_style(&print, PRINT_BOLD, text_in(&exercise->title, lesson->language));
	fputs("\n\n", stdout);
	print_wrapped(&print, 0, "", text_in(&exercise->task.ask, lesson->language));
	printf("\n%s %s\n%s kapsel lab task %d '{ \"…\": … }'\n", in(lesson, "Keys:  ", "Schlüssel:"),
	       exercise->task.allowed, in(lesson, "Answer:", "Antwort:  "), exercise->number);
	return 0;
}

int lesson_task(const struct lesson *lesson)
{
	return lesson->line ? lesson_on_stage(lesson, act, NULL) : ask(lesson);
}
