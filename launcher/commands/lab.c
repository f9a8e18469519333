/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs that explain, learn and translate are a program of their own, kapsel-lab: its texts and
 * tables would make each start of a container slower. It parses and documents their options itself.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/program.h"
#include "launcher/commands/commands.h"

#define HELPER "kapsel-lab"

/* kapsel-lab VERSION KAPSEL VERB [ARGS…]: it starts containers with the very program that was called. */
static int become(int argc, char **argv, struct error *err)
{
	char path[PATH_MAX], self[PATH_MAX];
	char **arguments;
	int r;

	if (program_helper(HELPER, KAPSEL_LIBEXEC_DIR, path, sizeof(path), err) < 0)
		return error_remedy(err, "install the program %s that belongs to this kapsel", HELPER);
	r = program_path(self, sizeof(self));
	if (r < 0)
		return error_set(err, -r, "find kapsel's own program");
	arguments = calloc((size_t)argc + 4, sizeof(*arguments));
	if (!arguments)
		return error_set(err, ENOMEM, "call %s", HELPER);
	arguments[0] = (char[]){ "kapsel" }; /* what its messages begin with */
	arguments[1] = (char[]){ KAPSEL_VERSION };
	arguments[2] = self;
	for (int i = 0; i < argc; i++)
		arguments[i + 3] = argv[i];
	execv(path, arguments);
	r = errno;
	free(arguments);
	return error_set(err, r, "execute %s", path);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct error err = { 0 };

	(void)command;
	if (become(argc, argv, &err) < 0)
		error_print(STDERR_FILENO, &err);
	return EXIT_LAUNCHER;
}

const struct command command_lab = {
	.name = "lab",
	.summary = "Shows what each restriction does: the same attack with it and without.",
	.run = run,
};

const struct command command_audit = {
	.name = "audit",
	.summary = "Scores a profile, a container, a process or a root file system, check by check.",
	.run = run,
};

const struct command command_why = {
	.name = "why",
	.summary = "Explains the last end of a service, and the line that would prevent it.",
	.run = run,
};

const struct command command_learn = {
	.name = "learn",
	.summary = "Watches a workload and proposes the smallest profile for it.",
	.run = run,
};

const struct command command_import = {
	.name = "import",
	.summary = "Makes a profile of a docker run line, a compose file, a bundle or a unit.",
	.run = run,
};

const struct command command_export = {
	.name = "export",
	.summary = "Makes a bundle, a unit or a Kubernetes pod of a profile.",
	.run = run,
};
