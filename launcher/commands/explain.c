/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel explain: a key, an error code, a profile's plan, or what the kernel says of a running container. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/keys_explain.h"
#include "launcher/commands/load.h"
#include "launcher/host.h"
#include "launcher/plan.h"
#include "launcher/state.h"
#include "launcher/steps/steps.h"
#include "profiles/keys.h"

static const struct command_option options[] = {
	{ "run", 'r', "NAME", "the table of restrictions of the running container NAME" },
	{ NULL, 0, NULL, NULL },
};

static bool is_file(const char *topic)
{
	return strchr(topic, '/') || strstr(topic, ".jsonc") || access(topic, F_OK) == 0;
}

static int explain_profile(const char *path)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct plan *plan = arena ? arena_alloc(arena, sizeof(*plan)) : NULL;
	const struct spec *spec = plan ? load_profile(path, NULL, arena) : NULL;
	struct error err = { 0 };
	struct host host;

	if (!spec)
		return STATUS_FINDING;
	if (host_probe(&host, &err) < 0 || plan_build(spec, &host, arena, plan, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	plan_explain(plan, stdout);
	return STATUS_OK;
}

static int explain_run(const char *name)
{
	struct error err = { 0 };
	struct host host;

	if (host_probe(&host, &err) < 0 || state_print_table(host.run_dir, name, stdout, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	return STATUS_OK;
}

static bool explain_step(const char *name)
{
	const struct step_type *type = steps_find(name);

	if (!type)
		return false;
	printf("%s, a restriction\n  stops   %s\n  kernel  %s\n  phase   %s\n", type->name, type->blocks,
	       type->source, phase_name(type->phase));
	return true;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	const char *name;
	int status = STATUS_OK;

	if (command_parse(command, argc, argv, &parse, &status) != 0)
		return status;
	name = command_given(command, &parse, "run");
	if (name)
		return explain_run(name);
	if (parse.n_operands == 0) {
		fprintf(stderr, "kapsel explain: name a key, a code or a profile, as in: %s\n",
			command->example);
		return STATUS_USAGE;
	}
	for (int i = 0; i < parse.n_operands; i++) {
		const char *topic = parse.operands[i];

		if (is_file(topic))
			status |= explain_profile(topic);
		else if (!explain_step(topic) || keys_find(topic)) /* some steps share a key's name */
			status |= keys_explain_print(stdout, topic);
	}
	return status;
}

const struct command command_explain = {
	.name = "explain",
	.usage = "KEY | CODE | STEP | PROFILE | --run NAME",
	.summary = "Says in plain words what a key, a code, a restriction or a whole profile means.",
	.example = "kapsel explain limits.memory",
	.options = options,
	.run = run,
};
