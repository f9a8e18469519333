/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel events: what happened to services, and what happens. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/events_watch.h"
#include "launcher/host.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/event_reader.h"
#include "launcher/service/filters.h"
#include "launcher/service/record.h"
#include "launcher/service/template.h"
#include "profiles/findings.h"
#include "profiles/json.h"

enum { ID_PREFIX_MIN = 4, TIME_SIZE = JSON_LINE_TIME_SIZE + 1 };

struct request {
	struct host host;
	char *const *names;
	size_t n_names;
	bool follow;
	int64_t until_ns;                                  /* LOG_TIME_MAX: none */
	char since_text[TIME_SIZE], until_text[TIME_SIZE]; /* "": none */
	const char *format;                                /* NULL: the line itself */
	struct filters filters;
};

static const char *const filter_keys[] = { "event", "name" };

/* --- one line ----------------------------------------------------------------- */

/* A line as a tree, and room for its numbers as text. */
struct event {
	const struct json *root;
	struct arena *arena;
};

static const char *member_of(const void *arg, const char *word)
{
	const struct event *event = arg;
	const struct json *value = json_get(event->root, word);

	if (!value)
		return NULL;
	if (value->type == JSON_BOOL)
		return value->boolean ? "true" : "false";
	return value->type & (JSON_STRING | JSON_INTEGER | JSON_NUMBER) ? value->text : NULL;
}

static bool is_event(const void *arg, const char *value)
{
	const char *event = member_of(arg, "event");

	return event && str_equal(event, value);
}

static bool is_called(const void *arg, const char *value)
{
	const char *name = member_of(arg, "name"), *id = member_of(arg, "id");

	return (name && str_equal(name, value)) ||
	       (id && strlen(value) >= ID_PREFIX_MIN && str_starts(id, value));
}

static bool is_wanted(const struct request *request, const struct event *event)
{
	bool named = request->n_names == 0;

	for (size_t i = 0; !named && i < request->n_names; i++)
		named = is_called(event, request->names[i]);
	return named && filters_allow(&request->filters, "event", false, is_event, event) &&
	       filters_allow(&request->filters, "name", false, is_called, event);
}

static void print_line(const struct request *request, const struct event_reader_line *line)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct findings *findings = arena ? arena_alloc(arena, sizeof(*findings)) : NULL;
	const struct source source = { .name = "events", .text = line->text, .size = line->size };
	struct json *root = NULL;
	struct event event = { .arena = arena };

	if (!findings || json_parse(&source, JSON_STRICT, arena, findings, &root) < 0)
		return; /* no event, whoever wrote it */
	event.root = root;
	if (!is_wanted(request, &event))
		return;
	if (request->format)
		template_print(stdout, request->format, member_of, &event);
	else
		puts(line->text);
}

static int print_events(const struct request *request, struct event_reader *reader, struct error *err)
{
	struct event_reader_line line;
	int r;

	while ((r = event_reader_next(reader, &line, err)) > 0) {
		if (request->since_text[0] && strcmp(line.time, request->since_text) < 0)
			continue;
		/* They come by time, but for a clock that was set back: the later ones are read, too. */
		if (request->until_text[0] && strcmp(line.time, request->until_text) > 0)
			continue;
		print_line(request, &line);
	}
	if (r < 0)
		return r;
	return fflush(stdout) < 0 ? error_set(err, errno, "print the events") : 0;
}

/* --- all of them -------------------------------------------------------------- */

/* Also services that write elsewhere than where this caller's would today. */
static int add_running(const struct request *request, struct event_reader *reader, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct record *records = NULL;
	size_t n = 0;
	int r;

	if (!arena)
		return error_set(err, ENOMEM, "list the services");
	r = record_list(request->host.run_dir, arena, &records, &n, err);
	for (size_t i = 0; r >= 0 && i < n; i++)
		if (records[i].events_path[0])
			r = event_reader_add(reader, records[i].events_path, err);
	return r < 0 ? r : 0;
}

/* Until then in milliseconds, rounded up; -1: for ever. */
static int time_left(const struct request *request)
{
	int64_t left;

	if (request->until_ns == LOG_TIME_MAX)
		return -1;
	left = (request->until_ns - log_time_now()) / 1000000 + 1;
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* First the watch, then the look, and the watch for what the look has found: nothing falls between. */
static int find_files(const struct request *request, struct event_reader *reader, int watch,
		      struct error *err)
{
	const char *log_dir = request->host.log_dir;
	int r = watch < 0 ? 0 : events_watch_all(watch, reader, log_dir, err);

	if (r == 0)
		r = event_reader_add_below(reader, log_dir, err);
	if (r == 0 && watch >= 0)
		r = events_watch_all(watch, reader, log_dir, err);
	return r;
}

static int follow(const struct request *request, struct event_reader *reader, struct error *err)
{
	_cleanup_fd_ int watch = events_watch_open(err);
	int r = watch < 0 ? watch : EVENTS_WATCH_NAMES;

	while (r >= 0) {
		int left;

		if (r == EVENTS_WATCH_NAMES)
			r = find_files(request, reader, watch, err);
		if (r >= 0)
			r = print_events(request, reader, err);
		left = time_left(request);
		if (r < 0 || left == 0)
			break;
		r = events_watch_wait(watch, left, err);
	}
	return r == -EPIPE ? 0 : r; /* nobody reads any more */
}

static int show(const struct request *request, struct error *err)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();
	struct rlimit files;
	int r;

	if (!reader)
		return error_set(err, ENOMEM, "read the events");
	/* One descriptor for each service. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	r = add_running(request, reader, err);
	if (r < 0)
		return r;
	if (request->follow)
		return follow(request, reader, err);
	r = find_files(request, reader, -1, err);
	return r < 0 ? r : print_events(request, reader, err);
}

/* --- options ------------------------------------------------------------------ */

static int parse_time(const struct command *command, const struct command_parse *parse, const char *option,
		      int64_t *ret_ns, char ret_text[TIME_SIZE])
{
	const char *text = command_given(command, parse, option);

	ret_text[0] = '\0';
	if (!text)
		return STATUS_OK;
	if (log_time_parse_option(text, log_time_now(), ret_ns) < 0)
		return command_usage_error(
			command,
			"--%s is a time like 2026-01-31T15:04:05, 1700000000 or 10m (ago), "
			"not \"%s\"",
			option, text);
	log_time_format(*ret_ns, ret_text);
	ret_text[TIME_SIZE - 1] = '\0';
	return STATUS_OK;
}

static int parse_request(const struct command *command, const struct command_parse *parse,
			 struct arena *arena, struct request *ret)
{
	const char *filter = command_given(command, parse, "filter");
	char mistake[FILTERS_MISTAKE_MAX], wrong_word[TEMPLATE_MISTAKE_MAX];
	int64_t since_ns;
	int status;

	*ret = (struct request){ .names = parse->operands,
				 .n_names = (size_t)parse->n_operands,
				 .follow = command_given(command, parse, "follow"),
				 .until_ns = LOG_TIME_MAX,
				 .format = command_given(command, parse, "format") };
	if (parse->after)
		return command_usage_error(command, "nothing may stand behind --");
	if (ret->format && command_given(command, parse, "json"))
		return command_usage_error(command, "--json and --format exclude each other");
	if (ret->format && template_check(ret->format, NULL, 0, wrong_word) < 0)
		return command_usage_error(command, "--format: %s", wrong_word);
	if (filter &&
	    filters_parse(filter, filter_keys, ARRAY_SIZE(filter_keys), arena, &ret->filters, mistake) < 0)
		return command_usage_error(command, "--filter: %s", mistake);
	status = parse_time(command, parse, "since", &since_ns, ret->since_text);
	if (status == STATUS_OK)
		status = parse_time(command, parse, "until", &ret->until_ns, ret->until_text);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct command_parse parse;
	struct request request;
	struct error err = { 0 };
	int status, r;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (!arena) {
		error_set(&err, ENOMEM, "read the events");
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	status = parse_request(command, &parse, arena, &request);
	if (status)
		return status;
	r = host_probe_caller(&request.host, &err);
	if (r == 0)
		r = show(&request, &err);
	if (r < 0)
		error_print(STDERR_FILENO, &err);
	return r < 0 ? STATUS_FINDING : STATUS_OK;
}

static const struct command_option options[] = {
	{ "follow", 'f', NULL, "go on with those to come" },
	{ "since", 0, "TIME", "2026-01-31T15:04:05, Unix seconds, or how long ago: 10m" },
	{ "until", 0, "TIME", "the same; with --follow it ends then" },
	{ "filter", 0, "LIST", "event=, name=; several with commas" },
	{ "json", 0, NULL, "one object a line (the default)" },
	{ "format", 0, "TEXT", "a line of members, like {time} {name} {event} {status}" },
	{ 0 },
};

const struct command command_events = {
	.name = "events",
	.usage = "[-f] [--since TIME] [--until TIME] [--filter LIST] [--json | --format TEXT] [NAME...]",
	.summary = "Shows what happened to services: starts, ends, refusals, health.",
	.example = "kapsel events -f --filter event=exit,event=oom",
	.options = options,
	.run = run,
};
