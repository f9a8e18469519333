/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/profile.h"
#include "profiles/show.h"

static int read_profile(const char *path, struct arena *arena, struct findings *findings,
			const struct spec **ret)
{
	struct profile_options options = { .system_dir = KAPSEL_PROFILE_DIR, .check_owner = true };
	struct vocabulary vocabulary;

	vocabulary_fill(&vocabulary);
	options.vocabulary = &vocabulary;
	return profile_read(path, &options, arena, findings, ret);
}

static int show(const struct command *command, const struct command_parse *parse, const char *path)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct show_style style = { .origin = command_given(command, parse, "origin"),
				    .color = command_color(STDOUT_FILENO) };
	bool json = command_given(command, parse, "json");
	struct findings findings = { 0 };
	const struct spec *spec = NULL;
	const struct json *tree = NULL;
	struct error err = { 0 };
	int r = arena ? read_profile(path, arena, &findings, &spec) : -ENOMEM;

	if (r == -EINVAL) {
		findings_print(stderr, &findings, command_color(STDERR_FILENO));
		return STATUS_FINDING;
	}
	if (r == 0)
		tree = command_given(command, parse, "resolved") ? show_resolve(spec, arena) : spec->tree;
	if (!tree) {
		error_set(&err, ENOMEM, "read %s", path);
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	if (json && style.origin) {
		show_print_origins(stdout, tree);
		return STATUS_OK;
	}
	if (json)
		style = (struct show_style){ 0 };
	show_print(stdout, tree, &style);
	return STATUS_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands != 1 || parse.after)
		return command_usage_error(command, parse.n_operands == 0 ? "which profile?"
									  : "one profile at a time");
	return show(command, &parse, parse.operands[0]);
}

static const struct command_option options[] = {
	{ "resolved", 0, NULL, "fill every default in" },
	{ "origin", 0, NULL, "say behind each value which file and line it comes from" },
	{ "json", 0, NULL, "plain JSON; with --origin one value a line" },
	{ 0 },
};

const struct command command_show = {
	.name = "show",
	.usage = "[--resolved] [--origin] [--json] PROFILE",
	.summary = "Shows what a profile, its parents and drop-ins come to.",
	.example = "kapsel show --resolved --origin web.kapsel.jsonc",
	.options = options,
	.run = run,
};
