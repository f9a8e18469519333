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
	return named_timed(
		command, argc, argv,
		&(struct named_request){
			.repeatable = true, .gone_is_done = true, .ended = ended, .done = named_print });
}

const struct command command_stop = {
	.name = "stop",
	.usage = "[-t SECONDS] NAME...",
	.summary = "Stops services, and waits until they have ended.",
	.example = "kapsel stop web",
	.options = named_time_options,
	.run = run,
};
