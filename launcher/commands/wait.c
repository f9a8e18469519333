/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel wait: the exit status of services, once they have ended for good. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/named.h"
#include "launcher/service/record.h"

static int ended(const struct record *record, int64_t *ret_number, struct error *err)
{
	*ret_number = record->exit_status;
	if (record->status == RECORD_EXITED)
		return 0;
	error_set(err, ESRCH, "learn how %s ended: its supervisor was killed", record->name);
	error_remedy(err, "clear up what is left: kapsel rm %s", record->name);
	return -ESRCH;
}

static void print_status(const char *given, int64_t number)
{
	(void)given;
	printf("%" PRId64 "\n", number);
	fflush(stdout);
}

static int run(const struct command *command, int argc, char **argv)
{
	static const char *const words[] = { "wait" };
	struct command_parse parse;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	return named_ask(
		command, &parse,
		&(struct named_request){
			.words = words, .n = 1, .repeatable = true, .ended = ended, .done = print_status });
}

const struct command command_wait = {
	.name = "wait",
	.usage = "NAME...",
	.summary = "Waits until services have ended for good, and prints their exit statuses.",
	.example = "kapsel wait web",
	.run = run,
};
