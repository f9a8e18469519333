/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/schema.h"

#include "launcher/commands/commands.h"

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands > 0 || parse.after)
		return command_usage_error(command, "schema takes no operands");
	schema_print(stdout);
	return STATUS_OK;
}

const struct command command_schema = {
	.name = "schema",
	.usage = "",
	.summary = "Prints the JSON schema of profiles, for editors.",
	.example = "kapsel schema > kapsel-profile.json",
	.run = run,
};
