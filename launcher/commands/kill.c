/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel kill: a signal for the workload's first process. */
#include <errno.h>

#include "base/error.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/named.h"
#include "launcher/service/record.h"

static int ended(const struct record *record, int64_t *ret_number, struct error *err)
{
	(void)ret_number;
	error_set(err, ESRCH, "send a signal to %s: it does not run", record->name);
	return -ESRCH;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	const char *words[2] = { "kill", "SIGKILL" };
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (command_given(command, &parse, "signal"))
		words[1] = command_given(command, &parse, "signal");
	return named_ask(
		command, &parse,
		&(struct named_request){ .words = words, .n = 2, .ended = ended, .done = named_print });
}

static const struct command_option options[] = {
	{ "signal", 's', "SIGNAL", "a name or a number (default: SIGKILL)" },
	{ 0 },
};

const struct command command_kill = {
	.name = "kill",
	.usage = "[-s SIGNAL] NAME...",
	.summary = "Sends a signal to the first process of services.",
	.example = "kapsel kill -s SIGHUP web",
	.options = options,
	.run = run,
};
