/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What keeps a service running: restart, health check, notification, watchdog, and who is told. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/reader.h"

static void read_restart(struct reader *reader)
{
	static const char *const policies[] = { [SPEC_RESTART_NO] = "no",
						[SPEC_RESTART_ON_FAILURE] = "on-failure",
						[SPEC_RESTART_ALWAYS] = "always",
						NULL };
	static const char *const details[] = { "max", "delay" };
	const struct json *restart = reader_get(reader->root, "restart");
	struct spec_restart *ret = &reader->spec->restart;

	ret->policy = reader_word(reader, restart, "restart.policy", policies);
	ret->max = reader_count(reader, restart, "restart.max");
	ret->delay_ms = reader_duration(reader, restart, "restart.delay");
	/* "no" beside a parent's "max" is meant; forgotten, it would be a service that is never restarted. */
	for (size_t i = 0; i < ARRAY_SIZE(details) && !json_get(restart, "policy"); i++) {
		const struct json *detail = json_get(restart, details[i]);

		if (!detail)
			continue;
		finding_help(reader_error(reader, "E007", &restart->place, "\"restart.policy\" is missing"),
			     "without it nothing is restarted, and \"%s\" has no meaning: add \"policy\": "
			     "\"on-failure\" or \"always\"",
			     details[i]);
		return;
	}
}

/* @where: "the container" or "the host", where the program is */
static struct spec_strings read_argv(struct reader *reader, const struct json *in, const char *path,
				     const char *where)
{
	const struct json *array = reader_get(in, path), *program;
	struct spec_strings none = { 0 };
	struct finding *finding;

	if (!array || array->type != JSON_ARRAY)
		return none;
	program = array->first;
	if (!program) {
		finding_help(reader_error(reader, "E032", &array->place, "\"%s\" is empty", path),
			     "name a program of %s, or leave the key out", where);
		return none;
	}
	if (program->type != JSON_STRING)
		return none;
	if (program->text[0] != '/') {
		finding = reader_error(reader, "E032", &program->place, "\"%s\" is not an absolute path",
				       program->text);
		finding_label(finding, "the program of \"%s\"", path);
		finding_help(finding, "write where it is in %s: there is no shell that would search for it",
			     where);
		return none;
	}
	if (!values_path(reader->findings, reader->arena, "the program to start", &program->place,
			 program->text))
		return none;
	return reader_strings(reader, in, path, NULL);
}

static void read_health(struct reader *reader)
{
	static const char *const actions[] = {
		[SPEC_HEALTH_RESTART] = "restart", [SPEC_HEALTH_REPORT] = "report", NULL
	};
	const struct json *health = reader_get(reader->root, "health");
	struct spec_health *ret = &reader->spec->health;

	ret->command = read_argv(reader, health, "health.command", "the container");
	ret->interval_ms = reader_duration(reader, health, "health.interval");
	ret->timeout_ms = reader_duration(reader, health, "health.timeout");
	ret->start_period_ms = reader_duration(reader, health, "health.start_period");
	ret->retries = reader_count(reader, health, "health.retries");
	ret->on_failure = reader_word(reader, health, "health.on_failure", actions);
	if (health && health->type == JSON_OBJECT && !json_get(health, "command"))
		finding_help(reader_error(reader, "E007", &health->place, "\"health.command\" is missing"),
			     "add the program that checks, like \"command\": [\"/usr/bin/redis-cli\", "
			     "\"ping\"], or write null for no check");
}

static void read_watchdog(struct reader *reader)
{
	const struct json *watchdog = reader_get(reader->root, "watchdog");
	struct spec *spec = reader->spec;

	spec->notify = reader_bool(reader, reader->root, "notify");
	if (!watchdog)
		return;
	spec->watchdog_ms = reader_duration(reader, reader->root, "watchdog");
	if (!spec->notify)
		finding_help(reader_error(reader, "E039", &watchdog->name_place,
					  "\"watchdog\" needs \"notify\": true"),
			     "its sign of life comes through the socket that \"notify\" gives");
}

void reader_service(struct reader *reader)
{
	static const char *const orphan_words[] = {
		[SPEC_ORPHAN_END] = "end", [SPEC_ORPHAN_ADOPT] = "adopt", NULL
	};
	const struct json *events = reader_get(reader->root, "events");
	struct spec *spec = reader->spec;

	read_restart(reader);
	read_health(reader);
	read_watchdog(reader);
	spec->on_supervisor_death = reader_word(reader, reader->root, "on_supervisor_death", orphan_words);
	spec->events.exec = read_argv(reader, events, "events.exec", "the host");
	spec->events.socket = reader_socket(reader, events, "events.socket");
}
