/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel rm: forget services that ended. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/error.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/named.h"
#include "launcher/host.h"
#include "launcher/service/control.h"
#include "launcher/service/record.h"
#include "launcher/service/remove.h"

/* After its last word a supervisor still flushes its log, and its standby leaves after it. */
enum { LEAVE_MS = 10000, ASK_AGAIN_MS = 500, PAUSE_MS = 100 };

struct request {
	bool force;
	struct remove_options options;
};

static int stop(const char *run_dir, const char *name, struct error *err)
{
	static const char *const words[] = { "stop" };
	int r = control_ask(run_dir, name, words, 1, NULL, err);

	/* What ended by itself at this very moment needs no stop: the lock tells. */
	return r == -ECONNREFUSED || r == -ENOENT || r == -EPIPE ? 0 : r;
}

/*
 * Nobody may listen although the service goes on: its supervisor was killed, and the standby is about to
 * take over. Who is still there after a while is asked once more.
 */
static int stop_and_remove(const char *run_dir, const char *name, struct remove_options options,
			   struct error *err)
{
	int r = -EBUSY;

	options.wait_ms = ASK_AGAIN_MS;
	for (unsigned int waited = 0; r == -EBUSY && waited < LEAVE_MS; waited += ASK_AGAIN_MS) {
		*err = (struct error){ 0 };
		r = stop(run_dir, name, err);
		if (r == 0)
			r = remove_service(run_dir, name, &options, err);
		/* Or it is just leaving, and a full disk did not take its last word. */
		if (r == -EBUSY)
			poll(NULL, 0, PAUSE_MS);
	}
	return r;
}

static int remove_one(const struct host *host, const char *given, const void *arg, struct error *err)
{
	const struct request *request = arg;
	struct remove_options options = request->options;
	struct record record;
	bool alive;
	int r = record_find(host->run_dir, given, &record, err);

	if (r < 0)
		return r;
	alive = record_alive(&record);
	if (alive && !request->force) {
		error_set(err, EBUSY, "remove %s: it is %s", record.name, record_status_name(record.status));
		return error_remedy(err, "kapsel rm --force %s stops it first", given);
	}
	/* One whose supervisor was killed has a standby that is just ending it. */
	options.wait_ms = ASK_AGAIN_MS;
	r = alive ? -EBUSY : remove_service(host->run_dir, record.name, &options, err);
	if (r == -EBUSY && request->force)
		r = stop_and_remove(host->run_dir, record.name, options, err);
	/* One that was not detached takes its state along. */
	if (r < 0 && !(r == -ENOENT && request->force))
		return r;
	puts(given);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	struct request request;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	request = (struct request){ .force = command_given(command, &parse, "force") != NULL,
				    .options.logs = command_given(command, &parse, "logs") != NULL };
	return named_each(command, &parse, remove_one, &request);
}

static const struct command_option options[] = {
	{ "force", 'f', NULL, "stop those that run" },
	{ "logs", 0, NULL, "remove their log files and events, too" },
	{ 0 },
};

const struct command command_rm = {
	.name = "rm",
	.usage = "[-f] [--logs] NAME...",
	.summary = "Removes what is kept about services that ended.",
	.example = "kapsel rm web",
	.options = options,
	.run = run,
};
