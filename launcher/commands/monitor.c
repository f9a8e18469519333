/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kapsel monitor: a check for Nagios, Icinga and their like. One line, numbers behind a bar, the exit
 * status is the result (Monitoring Plugins' development guidelines).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/host.h"
#include "launcher/service/sample.h"
#include "launcher/service/verdict.h"

static int print_result(enum verdict_result result, const char *text)
{
	printf("KAPSEL %s - %s\n", verdict_name(result), text);
	return (int)result;
}

static int print_error(const char *name, const struct error *err)
{
	char text[256], line[2 * sizeof(err->msg)];

	/* That it is not there is what a check is for. */
	if (err->code == ENOENT && name) {
		str_escape(text, sizeof(text), name);
		snprintf(line, sizeof(line), "%s: there is no such container", text);
	} else {
		str_escape(line, sizeof(line), err->msg);
	}
	for (char *next = line; *next; next++)
		if (*next == '|')
			*next = '/';
	return print_result(err->code == ENOENT ? VERDICT_CRITICAL : VERDICT_UNKNOWN, line);
}

/* Return: whether the option is wrong; nothing is written to *ret where it is not given. */
static bool parse_number(const struct command *command, const struct command_parse *parse, const char *option,
			 uint64_t max, uint64_t *ret)
{
	const char *given = command_given(command, parse, option);
	char text[24];

	if (!given)
		return false;
	snprintf(text, sizeof(text), "%s", given);
	if (max == 100 && strlen(given) < sizeof(text) && text[0] && text[strlen(text) - 1] == '%')
		text[strlen(text) - 1] = '\0';
	if (strlen(given) < sizeof(text) && str_to_u64(text, ret) == 0 && *ret <= max)
		return false;
	if (max == 100)
		command_usage_error(command, "--%s is a percentage from 0 to 100, not \"%s\"", option, given);
	else
		command_usage_error(command, "--%s is a number, not \"%s\"", option, given);
	return true;
}

static bool parse_bounds(const struct command *command, const struct command_parse *parse,
			 struct verdict_bounds *ret)
{
	*ret = (struct verdict_bounds){ VERDICT_NO_BOUND, VERDICT_NO_BOUND, VERDICT_NO_BOUND,
					VERDICT_NO_BOUND, VERDICT_NO_BOUND };
	return parse_number(command, parse, "warn-memory", 100, &ret->warn_memory) ||
	       parse_number(command, parse, "crit-memory", 100, &ret->crit_memory) ||
	       parse_number(command, parse, "warn-pids", 100, &ret->warn_pids) ||
	       parse_number(command, parse, "crit-pids", 100, &ret->crit_pids) ||
	       parse_number(command, parse, "max-restarts", INT64_MAX, &ret->max_restarts);
}

/* With several services the line tells of those that are not well. */
static void print_summary(FILE *out, const struct verdict *verdicts, size_t n)
{
	size_t bad = 0;

	for (size_t i = 0; i < n; i++)
		bad += verdicts[i].result != VERDICT_OK;
	if (n == 1) {
		fputs(verdicts[0].text, out);
		return;
	}
	if (bad == 0) {
		fprintf(out, "all %zu are well", n);
		return;
	}
	fprintf(out, "%zu of %zu are not well", bad, n);
	for (size_t i = 0; i < n; i++)
		if (verdicts[i].result != VERDICT_OK)
			fprintf(out, "; %s", verdicts[i].text);
}

static int judge(const struct sample *samples, size_t n, const struct verdict_bounds *bounds,
		 struct arena *arena)
{
	struct verdict *verdicts = arena_array(arena, n, sizeof(*verdicts));
	enum verdict_result worst = VERDICT_OK;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (n == 0)
		return print_result(VERDICT_UNKNOWN, "there is no container to look at");
	out = open_memstream(&text, &size);
	if (!verdicts || !out) {
		if (out)
			fclose(out);
		free(text);
		return print_result(VERDICT_UNKNOWN, "memory is exhausted");
	}
	for (size_t i = 0; i < n; i++) {
		verdict_reach(&samples[i], bounds, &verdicts[i]);
		worst = verdict_worse(worst, verdicts[i].result);
	}
	print_summary(out, verdicts, n);
	fputs(" |", out);
	for (size_t i = 0; i < n; i++)
		verdict_print_numbers(out, &samples[i], bounds);
	if (fclose(out) < 0)
		worst = VERDICT_UNKNOWN;
	print_result(worst, text ? text : "memory is exhausted");
	free(text);
	return (int)worst;
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct verdict_bounds bounds;
	struct sample *samples = NULL;
	struct command_parse parse;
	struct error err = { 0 };
	struct host host;
	int status, r;
	size_t n = 0;
	bool all;

	if (command_parse(command, argc, argv, &parse, &status))
		return status == STATUS_OK ? status
					   : print_result(VERDICT_UNKNOWN, "the command line is wrong");
	all = command_given(command, &parse, "all");
	if (parse_bounds(command, &parse, &bounds))
		return print_result(VERDICT_UNKNOWN, "the command line is wrong");
	if (parse.after || parse.n_operands > 1 || all == (parse.n_operands == 1)) {
		command_usage_error(command, "one NAME is needed, or --all");
		return print_result(VERDICT_UNKNOWN, "the command line is wrong");
	}
	r = arena ? host_probe_caller(&host, &err) : error_set(&err, ENOMEM, "read the services");
	if (r == 0)
		r = sample_list(host.run_dir, parse.operands, (size_t)parse.n_operands, false,
				USAGE_CPU | USAGE_MEMORY | USAGE_PIDS | SAMPLE_COUNTERS, arena, &samples, &n,
				&err);
	return r < 0 ? print_error(all ? NULL : parse.operands[0], &err) : judge(samples, n, &bounds, arena);
}

static const struct command_option options[] = {
	{ "all", 0, NULL, "all containers instead of one" },
	{ "warn-memory", 0, "PERCENT", "warning from that much of the memory limit on" },
	{ "crit-memory", 0, "PERCENT", "critical from that much of the memory limit on" },
	{ "warn-pids", 0, "PERCENT", "warning from that much of the limit of processes on" },
	{ "crit-pids", 0, "PERCENT", "critical from that much of the limit of processes on" },
	{ "max-restarts", 0, "NUMBER", "warning above that many restarts" },
	{ 0 },
};

const struct command command_monitor = {
	.name = "monitor",
	.usage = "[OPTIONS] NAME | --all",
	.summary = "Checks services for Nagios and Icinga: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
	.example = "kapsel monitor --warn-memory 80 --crit-memory 95 web",
	.options = options,
	.run = run,
};
