/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lab: what a restriction does, shown with it and without. Its sub-verbs are in lab/exercises/lesson*.c. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/program.h"
#include "base/str.h"
#include "lab/commands/commands.h"
#include "lab/commands/lab_probes.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/lesson.h"

static const struct command_option options[] = {
	{ "json", 0, NULL, "one JSON object a line" },
	{ "lang", 0, "de|en", "language of the texts (default: LC_ALL, LC_MESSAGES, LANG)" },
	{ "all", 0, NULL, "run: also what is the same in both runs" },
	{ "answers", 0, NULL, "quiz: print the answers instead of asking" },
	{ "html", 0, "FILE", "report: the file to write" },
	{ "open", 0, "KEYS", "probe: a JSON object on top of the profile" },
	{ "allow", 0, "NAMES", "probe: attacks that may work, separated by commas" },
	{ NULL },
};

/* How many operands a sub-verb takes: exercises from @least on; all of them when none is named and @all. */
struct subverb {
	const char *name;
	int (*run)(const struct lesson *lesson);
	bool needs_number, takes_numbers, takes_line;
};

static const struct subverb subverbs[] = {
	{ "list", lesson_list, false, false, false },    { "show", lesson_show, true, true, false },
	{ "run", lesson_run, true, true, false },        { "all", lesson_all, false, false, false },
	{ "quiz", lesson_quiz, false, true, false },     { "task", lesson_task, true, false, true },
	{ "report", lesson_report, false, true, false },
};

static const char usage[] =
	"list | show N... | run N... | all | quiz [N...] | task N [LINE] | report --html FILE [N...]\n"
	"       kapsel lab probes | probe PROFILE [NAME...|all]\n"
	"\n"
	"  list      the exercises; N is a number or an id\n"
	"  show N    one exercise, without running it\n"
	"  run N     the probe with one key of the profile opened, and under the hardest default\n"
	"  all       all of them, a line each; status 1 if one fails\n"
	"  quiz      questions, answered with a to d\n"
	"  task N    write the profile's line: kapsel lab task 3 '{ \"allow_jit\": true }'\n"
	"  report    an HTML page of the results\n"
	"  probes    the attacks that there are; probe: try them under a profile of your own\n"
	"\n"
	"Containers are started in namespaces of the lab's own, as root, too: what an exercise opens leads\n"
	"there and not to this machine, so no confirmation is asked for";

static bool is_german(const char *locale)
{
	return str_starts(locale, "de") && (locale[2] == '\0' || strchr("_.@", locale[2]));
}

/* setlocale(3)'s order. Return: whether --lang has a value that is known. */
static bool choose_language(const char *wanted, enum text_language *ret)
{
	static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	*ret = TEXT_ENGLISH;
	if (wanted) {
		*ret = str_equal(wanted, "de") ? TEXT_GERMAN : TEXT_ENGLISH;
		return str_equal(wanted, "de") || str_equal(wanted, "en");
	}
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i]);

		if (!value || !value[0])
			continue;
		*ret = is_german(value) ? TEXT_GERMAN : TEXT_ENGLISH;
		break;
	}
	return true;
}

static const struct subverb *find_subverb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(subverbs); i++)
		if (str_equal(subverbs[i].name, name))
			return &subverbs[i];
	return NULL;
}

static int unknown_subverb(const struct command *command, const char *name)
{
	const char *names[ARRAY_SIZE(subverbs) + 2] = { "probes", "probe" }, *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(subverbs); i++)
		names[i + 2] = subverbs[i].name;
	nearest = str_nearest(name, names, ARRAY_SIZE(names));
	if (nearest)
		return command_usage_error(command, "unknown verb \"%s\"; did you mean %s?", name, nearest);
	return command_usage_error(command, "unknown verb \"%s\"", name);
}

static int take_exercise(const struct command *command, const char *which, struct lesson *lesson)
{
	const struct exercise *exercise = exercise_find(which);
	size_t n;

	exercise_table(&n);
	if (!exercise)
		return command_usage_error(
			command, "no exercise \"%s\": there are 1 to %zu, see kapsel lab list", which, n);
	if (lesson->n == LESSON_EXERCISES_MAX)
		return command_usage_error(command, "more than %d exercises at once", LESSON_EXERCISES_MAX);
	lesson->exercises[lesson->n++] = exercise;
	return 0;
}

static void take_all(struct lesson *lesson)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n && i < LESSON_EXERCISES_MAX; i++)
		lesson->exercises[lesson->n++] = &all[i];
}

/* Return: 0, or the exit status after a mistake was printed. */
static int take_operands(const struct command *command, const struct subverb *verb, int n, char **operands,
			 struct lesson *lesson)
{
	int numbers = verb->takes_line && n > 1 ? 1 : n;

	if (verb->needs_number && n == 0)
		return command_usage_error(command, "%s needs the number or the id of an exercise",
					   verb->name);
	if (!verb->takes_numbers && !verb->takes_line && n > 0)
		return command_usage_error(command, "%s takes no \"%s\"", verb->name, operands[0]);
	if (verb->takes_line && n > 2)
		return command_usage_error(command, "%s takes one line: put it in single quotes", verb->name);
	for (int i = 0; i < numbers; i++) {
		int status = take_exercise(command, operands[i], lesson);

		if (status)
			return status;
	}
	if (n == 0)
		take_all(lesson);
	lesson->line = verb->takes_line && n == 2 ? operands[1] : NULL;
	return 0;
}

/* An option that another sub-verb has would be passed over in silence. */
static int check_options(const struct command *command, const struct subverb *verb,
			 const struct lesson *lesson)
{
	if (lesson->html && verb->run != lesson_report)
		return command_usage_error(command, "--html is an option of report");
	if (!lesson->html && verb->run == lesson_report)
		return command_usage_error(command, "report needs --html FILE");
	if (lesson->answers && verb->run != lesson_quiz)
		return command_usage_error(command, "--answers is an option of quiz");
	if (lesson->all && verb->run != lesson_run)
		return command_usage_error(command, "--all is an option of run");
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct lesson lesson = { .kapsel = lab_kapsel() };
	const struct subverb *verb;
	struct command_parse parse;
	struct error err = { 0 };
	char probe[PATH_MAX];
	int status;

	/* They parse their options themselves: probe's are above for the help and the completions only. */
	if (argc > 1 && str_equal(argv[1], "probes"))
		return lab_probes(command, argc - 1, argv + 1);
	if (argc > 1 && str_equal(argv[1], "probe"))
		return lab_probe(command, argc - 1, argv + 1);
	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.after || parse.n_operands == 0)
		return command_usage_error(command, "say what to do, for instance: kapsel lab list");
	verb = find_subverb(parse.operands[0]);
	if (!verb)
		return unknown_subverb(command, parse.operands[0]);
	if (command_given(command, &parse, "open") || command_given(command, &parse, "allow"))
		return command_usage_error(command, "--open and --allow belong to \"kapsel lab probe\"");
	if (!choose_language(command_given(command, &parse, "lang"), &lesson.language))
		return command_usage_error(command, "--lang is de or en");
	lesson.json = command_given(command, &parse, "json");
	lesson.all = command_given(command, &parse, "all");
	lesson.answers = command_given(command, &parse, "answers");
	lesson.html = command_given(command, &parse, "html");
	lesson.color = command_color(STDOUT_FILENO);
	status = check_options(command, verb, &lesson);
	if (status == 0)
		status = take_operands(command, verb, parse.n_operands - 1, parse.operands + 1, &lesson);
	if (status)
		return status;
	if (program_helper("kapsel-probe", KAPSEL_LIBEXEC_DIR, probe, sizeof(probe), &err) < 0) {
		error_remedy(&err, "install the program kapsel-probe that belongs to this kapsel");
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	lesson.probe = probe;
	return verb->run(&lesson);
}

const struct command lab_command_lab = {
	.name = "lab",
	.usage = usage,
	.summary = "Shows what each restriction does: the same attack with it and without.",
	.example = "kapsel lab run 1",
	.options = options,
	.run = run,
};
