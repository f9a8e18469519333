/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/profile.h"

/* Return: STATUS_OK, with warnings too, or STATUS_FINDING. */
static int check_one(const char *path, bool json)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct profile_options options = { .system_dir = KAPSEL_PROFILE_DIR, .check_owner = true };
	struct findings findings = { 0 };
	struct vocabulary vocabulary;
	const struct spec *spec;
	struct error err = { 0 };
	char name[1024];
	int r;

	vocabulary_fill(&vocabulary);
	options.vocabulary = &vocabulary;
	r = arena ? profile_read(path, &options, arena, &findings, &spec) : -ENOMEM;
	if (r == -ENOMEM) {
		error_set(&err, ENOMEM, "read %s", path);
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	if (json) {
		findings_print_json(stdout, &findings);
	} else {
		findings_print(stdout, &findings, command_color(STDOUT_FILENO));
		str_escape(name, sizeof(name), path);
		if (r == 0)
			printf("%s: ok\n", name);
	}
	return r < 0 ? STATUS_FINDING : STATUS_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands == 0)
		return command_usage_error(command, "which profile?");
	if (parse.after)
		return command_usage_error(command, "check takes no arguments after --");
	status = STATUS_OK;
	for (int i = 0; i < parse.n_operands; i++)
		if (check_one(parse.operands[i], command_given(command, &parse, "json")) != STATUS_OK)
			status = STATUS_FINDING;
	return status;
}

static const struct command_option options[] = {
	{ "json", 0, NULL, "one finding a line, as JSON" },
	{ 0 },
};

const struct command command_check = {
	.name = "check",
	.usage = "[--json] PROFILE...",
	.summary = "Reads profiles and shows everything that is wrong or weak in them. Starts nothing.",
	.example = "kapsel check web.kapsel.jsonc",
	.options = options,
	.run = run,
};
