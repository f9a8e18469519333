/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel run: one profile in, one hardened and verified process out. */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/load.h"
#include "launcher/host.h"
#include "launcher/plan.h"
#include "launcher/runner.h"
#include "profiles/spec.h"

static const struct command_option options[] = {
	{ "detach", 'd', NULL, "return when it runs; print its id" },
	{ "rm", 0, NULL, "with -d: leave no state when it has ended" },
	{ "dry-run", 'n', NULL, "print the plan and change nothing" },
	{ "quiet", 'q', NULL, "no last line after exit code 0" },
	{ NULL, 0, NULL, NULL },
};

static int print_plan(const struct spec *spec, const struct host *host, struct arena *arena)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	struct error err = { 0 };

	if (!plan || plan_build(spec, host, arena, plan, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	plan_explain(plan, stdout);
	return STATUS_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct command_parse parse;
	const struct spec *spec;
	struct error err = { 0 };
	struct host host;
	int status;

	if (command_parse(command, argc, argv, &parse, &status) != 0)
		return status;
	if (parse.n_operands != 1) {
		fprintf(stderr, "kapsel run: name one profile, as in: %s\n", command->example);
		return STATUS_USAGE;
	}
	if (!arena)
		return EXIT_LAUNCHER;
	spec = load_profile(parse.operands[0], (const char *const *)parse.after, arena);
	if (!spec)
		return EXIT_LAUNCHER;
	if (host_probe(&host, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	if (command_given(command, &parse, "dry-run"))
		return print_plan(spec, &host, arena);
	return runner_execute(spec, &host, arena,
			      &(struct runner_options){
				      .quiet = command_given(command, &parse, "quiet") != NULL,
				      .detached = command_given(command, &parse, "detach") != NULL,
				      .remove = command_given(command, &parse, "rm") != NULL,
			      });
}

const struct command command_run = {
	.name = "run",
	.usage = "[OPTIONS] PROFILE [-- ARGS…]",
	.summary = "Starts one process under every restriction of its profile.",
	.example = "kapsel run web.kapsel.jsonc",
	.options = options,
	.run = run,
};
