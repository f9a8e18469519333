/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel top: parses the command line and becomes kapsel-top, the program that knows terminals. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/program.h"
#include "base/str.h"
#include "launcher/commands/commands.h"

#define HELPER "kapsel-top"

enum { DELAY_DEFAULT_MS = 1000, DELAY_MIN_MS = 100, DELAY_MAX_S = 3600 };

static int become(bool once, uint64_t delay_ms, struct error *err)
{
	char path[PATH_MAX], delay[24];

	if (program_helper(HELPER, KAPSEL_LIBEXEC_DIR, path, sizeof(path), err) < 0)
		return error_remedy(err, "install kapsel's screen program, or use \"kapsel stats\"");
	snprintf(delay, sizeof(delay), "%llu", (unsigned long long)delay_ms);
	execl(path, HELPER, KAPSEL_VERSION, once ? "once" : "screen", delay, (char *)NULL);
	return error_set(err, errno, "execute %s", path);
}

/* "2" or "0.5". Return: 0 or -EINVAL. */
static int parse_delay(const char *text, uint64_t *ret_ms)
{
	double seconds;
	char *end;

	if (!*text || text[strspn(text, "0123456789.")])
		return -EINVAL;
	seconds = strtod(text, &end);
	if (*end || !(seconds * 1000 >= DELAY_MIN_MS) || !(seconds <= DELAY_MAX_S))
		return -EINVAL;
	*ret_ms = (uint64_t)(seconds * 1000 + 0.5);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	struct error err = { 0 };
	const char *delay;
	uint64_t delay_ms;
	bool once;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands > 0 || parse.after)
		return command_usage_error(command, "takes no names: / on the screen filters");
	once = command_given(command, &parse, "once");
	delay = command_given(command, &parse, "delay");
	delay_ms = once ? 0 : DELAY_DEFAULT_MS;
	if (delay && parse_delay(delay, &delay_ms) < 0)
		return command_usage_error(command,
					   "--delay is a number of seconds from 0.1 to %d, not \"%s\"",
					   DELAY_MAX_S, delay);
	if (become(once, delay_ms, &err) < 0)
		error_print(STDERR_FILENO, &err);
	return STATUS_FINDING;
}

static const struct command_option options[] = {
	{ "delay", 'd', "SECONDS", "time between two readings (default: 1)" },
	{ "once", 0, NULL,
	  "print one plain table; CPU % is over --delay, or else since the start of the run" },
	{ 0 },
};

const struct command command_top = {
	.name = "top",
	.usage = "[-d SECONDS] [--once]",
	.summary = "Shows all services on the whole screen, live; ? there lists the keys.",
	.example = "kapsel top -d 2",
	.options = options,
	.run = run,
};
