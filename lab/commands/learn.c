/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/commands/commands.h"
#include "lab/learn/learn.h"
#include "launcher/commands/load.h"
#include "profiles/spec.h"
#include "profiles/values.h"

static const struct command_option options[] = {
	{ "output", 'o', "FILE",
	  "where the profile goes; the observation goes beside it as FILE's .observed.json" },
	{ "merge", 0, "FILE", "add to the observation of an earlier run" },
	{ "duration", 0, "TIME", "end the observation after that time, as in \"10s\"; else Ctrl-C ends it" },
	{ "quick", 0, NULL, "a second pass: watch only calls that the profile and --merge do not know" },
	{ "exact", 0, NULL, "name each call that was seen instead of @base: smaller, slower to learn" },
	{ "no-limits", 0, NULL,
	  "propose no limits of memory, processes and processor: the host can't set them" },
	{ "rootfs", 0, "DIR", "for a command: its root file system (default: the host's)" },
	{ "user", 0, "UID[:GID]", "for a command: who it is (default: 65532)" },
	{ "network", 0, "NET", "for a command: none, loopback or host (default: host)" },
	{ NULL, 0, NULL, NULL },
};

static const char *or_else(const char *given, const char *otherwise)
{
	return given ? given : otherwise;
}

static int learn_from(const struct command *command, const struct command_parse *parse, struct arena *arena,
		      struct learn_options *learning, struct error *err)
{
	const char *rootfs = command_given(command, parse, "rootfs");

	if (parse->n_operands == 1) {
		learning->profile = parse->operands[0];
		learning->spec = load_profile(learning->profile, (const char *const *)parse->after, arena);
		return learning->spec ? 0 : -EINVAL; /* the findings were printed */
	}
	learning->rootfs = or_else(rootfs, "/");
	learning->spec = learn_command_spec(
		&(struct learn_command){ .argv = parse->after,
					 .rootfs = learning->rootfs,
					 .user = command_given(command, parse, "user"),
					 .network =
						 or_else(command_given(command, parse, "network"), "host") },
		arena, err);
	if (!learning->spec)
		return -err->code;
	if (!rootfs)
		fprintf(stderr,
			"kapsel: observed over the host's own files; a profile needs a root file system of "
			"its own: "
			"put the program and its libraries into %s\n",
			learning->spec->rootfs);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct learn_options learning = { 0 };
	struct command_parse parse;
	struct error err = { 0 };
	const char *duration;
	int status, r;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands > 1 || (parse.n_operands == 0 && (!parse.after || !parse.after[0])))
		return command_usage_error(command, "name a profile, or a command after \"--\"");
	if (parse.n_operands == 1 &&
	    (command_given(command, &parse, "rootfs") || command_given(command, &parse, "user") ||
	     command_given(command, &parse, "network")))
		return command_usage_error(command, "a profile says its own rootfs, user and network");
	duration = command_given(command, &parse, "duration");
	if (duration &&
	    (values_parse_duration(duration, &learning.duration_ms) < 0 || learning.duration_ms == 0))
		return command_usage_error(command, "--duration is a time like \"10s\", not \"%s\"",
					   duration);
	learning.output = command_given(command, &parse, "output");
	learning.merge = command_given(command, &parse, "merge");
	learning.quick = command_given(command, &parse, "quick") != NULL;
	learning.exact = command_given(command, &parse, "exact") != NULL;
	learning.no_limits = command_given(command, &parse, "no-limits") != NULL;
	r = arena ? learn_from(command, &parse, arena, &learning, &err)
		  : error_set(&err, ENOMEM, "prepare to learn");
	if (r == 0)
		r = learn(&learning, arena, &err);
	if (err.code)
		error_print(STDERR_FILENO, &err);
	return r < 0 ? EXIT_LAUNCHER : STATUS_OK;
}

const struct command lab_command_learn = {
	.name = "learn",
	.usage = "[OPTIONS] PROFILE [-- ARGS…] | [OPTIONS] -- COMMAND…",
	.summary = "Watches a workload and proposes the smallest profile for it.",
	.example = "kapsel learn --duration 30s --output web.kapsel.jsonc draft.kapsel.jsonc",
	.options = options,
	.run = run,
};
