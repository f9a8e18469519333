/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel inspect: all that is known about services, as JSON. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/named.h"
#include "launcher/host.h"
#include "launcher/service/counters.h"
#include "launcher/service/record.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"

enum { FILE_MAX_BYTES = 256 * 1024, DEPTH = 2 };

/* Return: its root; NULL with *err filled where it is not there or can't be read. */
static const struct json *read_json(int dir, const char *name, struct arena *arena, struct error *err)
{
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	struct source *source = arena_alloc(arena, sizeof(*source));
	char *text = arena_alloc(arena, FILE_MAX_BYTES);
	struct json *root = NULL;
	ssize_t size;

	if (!findings || !source || !text) {
		error_set(err, ENOMEM, "read %s", name);
		return NULL;
	}
	size = fd_read_file(dir, name, text, FILE_MAX_BYTES);
	if (size < 0) {
		error_set(err, (int)-size, "read %s", name);
		return NULL;
	}
	*source = (struct source){ .name = name, .text = text, .size = (size_t)size };
	if (json_parse(source, JSON_STRICT, arena, findings, &root) < 0) {
		error_set(err, EINVAL, "read %s: %s", name,
			  findings->n > 0 ? findings->items[0].message : "it is no JSON");
		return NULL;
	}
	return root;
}

/* What the file says, but for the status, which the file can't know when it is "lost". */
static void print_state(const struct json *state, const struct record *record)
{
	for (const struct json *member = state->first; member; member = member->next) {
		fputs(member == state->first ? "\t\t" : ",\n\t\t", stdout);
		json_print_string(stdout, member->name);
		fputs(": ", stdout);
		if (str_equal(member->name, "status"))
			json_print_string(stdout, record_status_name(record->status));
		else
			json_print_value(stdout, member, DEPTH);
	}
}

static void print_counters(int dir)
{
	static const char *const layers[COUNTERS_LAYERS] = { "seccomp", "landlock", "device", "policy" };
	struct counters counters;

	fputs(",\n\t\t\"counters\": ", stdout);
	if (counters_read(dir, &counters) < 0) {
		fputs("null", stdout);
		return;
	}
	printf("{\n\t\t\t\"starts\": %" PRIu64 ",\n\t\t\t\"restarts\": %" PRIu64
	       ",\n\t\t\t\"failures\": %" PRIu64 ",\n\t\t\t\"oom_kills\": %" PRIu64
	       ",\n\t\t\t\"log_bytes\": %" PRIu64 ",\n\t\t\t\"log_dropped_bytes\": %" PRIu64
	       ",\n\t\t\t\"denied\": {",
	       counters.starts, counters.restarts, counters.failures, counters.oom_kills, counters.log_bytes,
	       counters.log_dropped_bytes);
	for (size_t i = 0; i < COUNTERS_LAYERS; i++)
		printf("%s\n\t\t\t\t\"%s\": %" PRIu64, i ? "," : "", layers[i], counters.denied[i]);
	printf("\n\t\t\t},\n\t\t\t\"health_checks\": %" PRIu64 ",\n\t\t\t\"health_failures\": %" PRIu64
	       ",\n\t\t\t\"events\": %" PRIu64 ",\n\t\t\t\"events_lost\": %" PRIu64 "\n\t\t}",
	       counters.health_checks, counters.health_failures, counters.events, counters.events_lost);
}

/* "step\tphase\tresult\treport" (launcher/state.h) */
static void print_restriction(char *line, bool first)
{
	static const char *const keys[] = { "step", "phase", "result", "report" };

	fputs(first ? "\n\t\t\t{" : ",\n\t\t\t{", stdout);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *tab = i + 1 < ARRAY_SIZE(keys) ? strchr(line, '\t') : NULL;

		if (tab)
			*tab = '\0';
		printf("%s\"%s\": ", i ? ", " : "", keys[i]);
		json_print_string(stdout, line);
		line = tab ? tab + 1 : line + strlen(line);
	}
	fputs("}", stdout);
}

static void print_restrictions(int dir, struct arena *arena)
{
	char *text = arena_alloc(arena, FILE_MAX_BYTES), *save = NULL;
	bool first = true;

	fputs(",\n\t\t\"restrictions\": [", stdout);
	if (text && fd_read_file(dir, "steps", text, FILE_MAX_BYTES) > 0) {
		for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			print_restriction(line, first);
			first = false;
		}
	}
	fputs(first ? "]" : "\n\t\t]", stdout);
}

static int inspect(const struct host *host, const char *given, const void *arg, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	bool *first = *(bool *const *)arg;
	const struct json *state, *profile;
	_cleanup_fd_ int dir = -1;
	struct record record;
	int r;

	if (!arena)
		return error_set(err, ENOMEM, "look at %s", given);
	r = record_find(host->run_dir, given, &record, err);
	if (r < 0)
		return r;
	dir = record_open(host->run_dir, record.name, err);
	if (dir < 0)
		return dir;
	state = read_json(dir, "state.json", arena, err);
	if (!state)
		return -err->code;
	fputs(*first ? "\n\t{\n" : ",\n\t{\n", stdout);
	*first = false;
	print_state(state, &record);
	print_counters(dir);
	print_restrictions(dir, arena);
	fputs(",\n\t\t\"profile\": ", stdout);
	profile = read_json(dir, "profile.json", arena, err);
	if (profile)
		json_print_value(stdout, profile, DEPTH);
	else
		fputs("null", stdout);
	fputs("\n\t}", stdout);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool first = true, *const place = &first;
	struct command_parse parse;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands > 0 && !parse.after)
		fputs("[", stdout);
	status = named_each(command, &parse, inspect, &place);
	if (status != STATUS_USAGE)
		fputs(first ? "]\n" : "\n]\n", stdout);
	return status;
}

const struct command command_inspect = {
	.name = "inspect",
	.usage = "NAME...",
	.summary = "Shows all that is known about services, as JSON.",
	.example = "kapsel inspect web",
	.run = run,
};
