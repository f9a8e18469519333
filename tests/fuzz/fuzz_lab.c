/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the lab reads: of a container (files of the directory that the input describes, directory.h) its
 * output "out" with the probes' answers, what kapsel said in "err", "status", the group's files and its
 * "uid_map"; "number" chooses the exercise; and what a student types: "typed" for the quiz, "line" for a
 * task. A hostile probe program is shown as it is, and does nothing to the terminal or the page.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "lab/commands/commands.h"
#include "lab/exercises/answers.h"
#include "lab/exercises/container.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/exercise_profile.h"
#include "lab/exercises/lesson.h"
#include "lab/exercises/observe.h"
#include "lab/exercises/print.h"
#include "lab/exercises/result.h"
#include "lab/exercises/result_json.h"
#include "lab/exercises/result_print.h"
#include "lab/exercises/stage.h"
#include "lab/report/report.h"
#include "lab/table/probe_table.h"
#include "lab/table/trial.h"
#include "lab/table/verdict.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/verbs.h"

enum { WORDS_MAX = 64 };

static const char *text_of(const char *name, struct arena *arena)
{
	char *text = directory_text(name), *copy = arena_strdup(arena, text ? text : "");

	demand(copy != NULL);
	free(text);
	return copy;
}

static uint32_t number_of(const char *name, struct arena *arena)
{
	char *text = arena_strdup(arena, text_of(name, arena));
	uint32_t number;

	demand(text != NULL);
	text[strcspn(text, "\n")] = '\0';
	return str_to_u32(text, &number) == 0 ? number : 0;
}

/* --- probe and audit: answers by the table ------------------------------------------------------- */

static void judge_answers(struct arena *arena)
{
	size_t n;
	const struct probe_row *rows = probe_table(&n);
	struct trial_answer *answers = arena_array(arena, n, sizeof(*answers));
	char *text = arena_strdup(arena, text_of("out", arena));

	demand(answers && text);
	for (size_t i = 0; i < n; i++)
		answers[i].row = &rows[i];
	trial_take(text, answers, n);
	for (size_t i = 0; i < n; i++) {
		const struct trial_answer *answer = &answers[i];

		demand(strnlen(answer->answer, sizeof(answer->answer)) < sizeof(answer->answer));
		demand(strnlen(answer->evidence, sizeof(answer->evidence)) < sizeof(answer->evidence));
		demand(!answer->known || !answer->answer[0] == !!answer->untestable[0]);
		demand(verdict_name(verdict_of(answer, "mount-tmpfs,kill-host")) != NULL);
	}
}

/* --- an exercise ---------------------------------------------------------------------------------- */

static void fill_counts(struct observe *observe, struct arena *arena)
{
	static const char *const names[OBSERVE_FILES] = { "memory.peak", "memory.max", "memory.events",
							  "pids.peak",   "pids.max",   "pids.events",
							  "cpu.stat" };

	memset(observe, 0, sizeof(*observe));
	for (size_t i = 0; i < OBSERVE_FILES; i++) {
		observe->fds[i] = -1;
		snprintf(observe->texts[i], sizeof(observe->texts[i]), "%s", text_of(names[i], arena));
	}
	snprintf(observe->uid_map, sizeof(observe->uid_map), "%s", text_of("uid_map", arena));
}

static void read_run(const struct exercise *exercise, struct arena *arena, struct result_run *run)
{
	const struct container_output output = { text_of("out", arena), text_of("err", arena),
						 (int)number_of("status", arena) & 0xff };
	static struct result_layer layer = { "seccomp", "" };
	static struct observe observe;
	const char *refusal = answers_refusal(&output, arena);

	*run = result_run_none();
	demand(answers_read(exercise, &output, arena, run) == 0);
	layer.report = text_of("report", arena);
	run->layers = &layer;
	run->n_layers = 1;
	run->profile = "{}";
	fill_counts(&observe, arena);
	observe_end(&observe, arena, run);
	demand(answers_add_counts(exercise, &observe, arena, run) == 0);
	for (size_t i = 0; i < run->n_probes; i++) {
		const struct result_probe *probe = &run->probes[i];

		demand(probe->name && probe->answer);
		demand(!answers_match(exercise->hard_answer, probe) || probe->answer[0]);
	}
	demand(!refusal || !strchr(refusal, '\n'));
}

static void show(const struct result *result, enum text_language language)
{
	const struct report_setting setting = { language, "6.1 x86_64", "root", "2026-01-01T00:00:00Z" };
	struct print print = { .color = false };
	struct printed printed;
	struct error err = { 0 };

	print.out = printed_begin(&printed);
	result_print(&print, result, language, true);
	printed_end(&printed, false);
	result_json(printed_begin(&printed), result, language);
	printed_end(&printed, true);
	demand(report_write(printed_begin(&printed), &setting, result, 1, &err) == 0);
	/* Markup that comes from a container can only be one of these words. */
	fflush(printed.out);
	demand(!strcasestr(printed.text, "<script") && !strcasestr(printed.text, "<img"));
	printed_end(&printed, false);
}

/* --- what is typed ---------------------------------------------------------------------------------- */

static void take_quiz(struct lesson *lesson, const char *typed)
{
	FILE *in = stdin, *out = stdout, *nowhere = fopen("/dev/null", "we");
	FILE *keys = fmemopen((char *)(uintptr_t)typed, strlen(typed) + 1, "re");
	int status;

	demand(nowhere && keys);
	stdin = keys;
	stdout = nowhere;
	status = lesson_quiz(lesson);
	stdin = in;
	stdout = out;
	fclose(keys);
	fclose(nowhere);
	demand(status == 0 || status == 1);
}

static void take_line(const struct exercise *exercise, const char *text, struct arena *arena)
{
	static struct stage stage = { .rootfs = "/srv/lab" };
	const struct exercise_profile wanted = {
		.exercise = exercise, .name = "task", .extra = text, .plain = true
	};
	const char *profile = NULL;
	struct error err = { 0 };
	struct json *line = NULL;
	const char *stray;

	if (exercise_profile_keys(text, arena, &line, &err) < 0) {
		demand(err.msg[0] != '\0');
		return;
	}
	stray = exercise_profile_stray(line, exercise->task.allowed, arena);
	demand(!stray || stray[0] != '\0' || strstr(text, "\"\""));
	demand(exercise_profile_build(&stage, &wanted, arena, &profile, &err) == 0);
	demand_json(profile, strlen(profile));
}

/* Of kapsel-lab's main(). */
const char *lab_kapsel(void)
{
	return "/usr/bin/kapsel";
}

static void take_words(struct arena *arena)
{
	static const struct command *const verbs[] = { &lab_command_lab,    &lab_command_audit,
						       &lab_command_why,    &lab_command_learn,
						       &lab_command_import, &lab_command_export };
	char *argv[WORDS_MAX + 1] = { NULL }, *rest = arena_strdup(arena, text_of("words", arena));
	int argc = 0;

	demand(rest != NULL);
	while (rest && argc < WORDS_MAX)
		argv[argc++] = strsep(&rest, "\n");
	verbs_parse(verbs, ARRAY_SIZE(verbs), argc, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	size_t n;
	const struct exercise *table = exercise_table(&n), *exercise;
	struct result result = { .outcome = RESULT_PASS, .reason = "", .seconds = 0.5 };
	struct lesson lesson = { .n = 0 };

	demand(arena != NULL);
	directory_fill(data, size);
	exercise = &table[number_of("number", arena) % n];
	lesson.language = size % 2 ? TEXT_GERMAN : TEXT_ENGLISH;
	for (size_t i = 0; i < 3; i++)
		lesson.exercises[lesson.n++] = &table[(number_of("number", arena) + i) % n];
	judge_answers(arena);
	result.exercise = exercise;
	read_run(exercise, arena, &result.open);
	result.hard = result.open;
	result.reason = text_of("err", arena);
	result.outcome = (enum result_outcome)(number_of("status", arena) % 3);
	show(&result, lesson.language);
	take_quiz(&lesson, text_of("typed", arena));
	take_line(exercise, text_of("line", arena), arena);
	take_words(arena);
	return 0;
}
