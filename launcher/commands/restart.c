/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel restart: stop and start again, under the same supervisor and the same profile. */
#include <errno.h>

#include "base/error.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/named.h"
#include "launcher/service/record.h"

static int ended(const struct record *record, int64_t *ret_number, struct error *err)
{
	(void)ret_number;
	error_set(err, ESRCH, "restart %s: it does not run", record->name);
	error_remedy(err, "run it again: kapsel run -d %s", record->profile);
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
	n = named_seconds(command, &parse, "restart", words, buffer);
	if (n < 0)
		return -n;
	return named_ask(command, &parse,
			 &(struct named_request){
				 .words = words, .n = (size_t)n, .ended = ended, .done = named_print });
}

static const struct command_option options[] = {
	{ "time", 't', "SECONDS", "before it is ended by force (default: stop.timeout of the profile)" },
	{ 0 },
};

const struct command command_restart = {
	.name = "restart",
	.usage = "[-t SECONDS] NAME...",
	.summary = "Stops running services and starts them again, as they were started.",
	.example = "kapsel restart web",
	.options = options,
	.run = run,
};
