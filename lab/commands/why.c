/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel why: the last end of a container, explained. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/commands/commands.h"
#include "lab/why/why.h"
#include "lab/why/why_print.h"
#include "launcher/commands/vocabulary.h"
#include "launcher/host.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/record.h"
#include "profiles/findings.h"
#include "profiles/profile.h"

/* What is only looked at may be wrong in the meantime: then less is explained, and nothing is printed. */
static const struct spec *read_profile(const char *path, struct arena *arena)
{
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	struct vocabulary vocabulary;
	const struct profile_options options = { .vocabulary = &vocabulary,
						 .system_dir = KAPSEL_PROFILE_DIR };
	const struct spec *spec = NULL;

	vocabulary_fill(&vocabulary);
	if (!findings || profile_read(path, &options, arena, findings, &spec) < 0)
		return NULL;
	return spec;
}

/* As it was when it ran, where the service left it; else the file that it came from. */
static void find_profile(struct why *why, const struct host *host)
{
	const struct why_end *end = why->end;
	char path[HOST_PATH_MAX + RECORD_NAME_MAX + 32];
	int64_t started_ns;
	struct stat st;

	if (end->recorded) {
		snprintf(path, sizeof(path), "%s/%s/profile.json", host->run_dir, end->name);
		why->spec = read_profile(path, why->arena);
		if (why->spec)
			return;
	}
	if (!end->profile[0])
		return;
	why->spec = read_profile(end->profile, why->arena);
	if (why->spec && stat(end->profile, &st) == 0 &&
	    log_time_parse(end->started, strlen(end->started), &started_ns) == 0)
		why->profile_changed = st.st_mtim.tv_sec * LOG_TIME_SECOND + st.st_mtim.tv_nsec > started_ns;
}

/* Not all drivers keep a file. */
static void find_log(struct why *why, const struct host *host, struct why_log *log)
{
	const struct why_end *end = why->end;
	const char *path = end->log;
	struct error err = { 0 };

	if (!path[0] && end->log_driver[0]) {
		why->log_note =
			why_text(why,
				 "Its output is not in a file (\"log\": { \"driver\": \"%s\" }), so its last "
				 "lines were not looked at.",
				 end->log_driver);
		return;
	}
	if (!path[0])
		path = why_text(why, "%s/%s/%s-json.log", host->log_dir, end->name, end->name);
	if (path && why_log_read(path, end->log_since_ns, end->log_until_ns, why->arena, log, &err) < 0)
		why->log_note =
			why_text(why, "Its log can not be read: %s: %s.", err.msg, error_name(err.code));
}

static int no_end(const struct why_end *end)
{
	char escaped[4 * RECORD_TEXT_MAX], name[4 * RECORD_NAME_MAX];

	str_escape(name, sizeof(name), end->name);
	if (end->state == WHY_END_NONE) {
		fprintf(stderr, "kapsel: %s never ran here, or its events were removed\n", name);
		fputs("  = help: kapsel ps --all shows what there is\n", stderr);
		return STATUS_FINDING;
	}
	fprintf(stderr, "kapsel: %s is %s: there is no end to explain\n", name,
		record_status_name(end->status));
	if (str_equal(end->health_status, "unhealthy")) {
		str_escape(escaped, sizeof(escaped), end->health_output);
		fprintf(stderr, "  but it is unhealthy; the last check said: %s\n", escaped);
	}
	return STATUS_FINDING;
}

static int explain(const struct host *host, const char *name, bool json, struct arena *arena,
		   struct error *err)
{
	struct why_end *end = arena_alloc(arena, sizeof(*end));
	struct why_log *log = arena_alloc(arena, sizeof(*log));
	struct why *why = arena_alloc(arena, sizeof(*why));
	int r;

	if (!end || !log || !why)
		return error_set(err, ENOMEM, "explain the end of %s", name);
	r = why_end_read(host, name, arena, end, err);
	if (r < 0)
		return r;
	if (end->state == WHY_END_NONE || end->state == WHY_END_RUNNING)
		return no_end(end);
	*why = (struct why){ .arena = arena, .end = end, .log = log };
	find_profile(why, host);
	find_log(why, host, log);
	if (why_causes_find(why) < 0)
		return error_set(err, ENOMEM, "explain the end of %s", name);
	if (json)
		why_print_json(stdout, why);
	else
		why_print_text(stdout, why);
	return fflush(stdout) < 0 ? error_set(err, errno, "print the explanation") : STATUS_OK;
}

static bool is_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < RECORD_NAME_MAX;
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct command_parse parse;
	struct error err = { 0 };
	struct host host;
	int status, r;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands != 1 || parse.after)
		return command_usage_error(command, "one NAME is needed");
	if (!is_name(parse.operands[0]))
		return command_usage_error(command, "that is no name of a container");
	r = arena ? host_probe_caller(&host, &err) : error_set(&err, ENOMEM, "explain an end");
	if (r == 0)
		r = explain(&host, parse.operands[0], command_given(command, &parse, "json") != NULL, arena,
			    &err);
	if (r >= 0)
		return r;
	error_print(STDERR_FILENO, &err);
	return STATUS_FINDING;
}

static const struct command_option options[] = {
	{ "json", 0, NULL, "one object, with the same members as the text" },
	{ 0 },
};

const struct command lab_command_why = {
	.name = "why",
	.usage = "[OPTIONS] NAME",
	.summary = "Explains the last end of a service, and the line that would prevent it.",
	.example = "kapsel why web",
	.options = options,
	.run = run,
};
