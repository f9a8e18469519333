/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel stop: the profile's stop signal, some patience, force. */
#include <errno.h>

#include "base/error.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/named.h"
#include "launcher/service/record.h"

static int ended(const struct record *record, int64_t *ret_number, struct error *err)
{
	*ret_number = record->exit_status;
	if (record->status == RECORD_EXITED)
		return 0; /* as with Docker: what was asked for is so */
	error_set(err, ESRCH, "stop %s: its supervisor was killed", record->name);
	error_remedy(err, "clear up what is left: kapsel rm %s", record->name);
	return -ESRCH;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	const char *words[2];
	char buffer[24];
	int status, n;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	n = named_seconds(command, &parse, "stop", words, buffer);
	if (n < 0)
		return -n;
	return named_ask(command, &parse,
			 &(struct named_request){ .words = words,
						  .n = (size_t)n,
						  .repeatable = true,
						  .gone_is_done = true,
						  .ended = ended,
						  .done = named_print });
}

static const struct command_option options[] = {
	{ "time", 't', "SECONDS", "before it is ended by force (default: stop.timeout of the profile)" },
	{ 0 },
};

const struct command command_stop = {
	.name = "stop",
	.usage = "[-t SECONDS] NAME...",
	.summary = "Stops services, and waits until they have ended.",
	.example = "kapsel stop web",
	.options = options,
	.run = run,
};
