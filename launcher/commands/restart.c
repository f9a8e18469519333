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
	return named_timed(command, argc, argv,
			   &(struct named_request){ .ended = ended, .done = named_print });
}

const struct command command_restart = {
	.name = "restart",
	.usage = "[-t SECONDS] NAME...",
	.summary = "Stops running services and starts them again, as they were started.",
	.example = "kapsel restart web",
	.options = named_time_options,
	.run = run,
};
