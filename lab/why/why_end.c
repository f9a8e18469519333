/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_end.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/event_reader.h"
#include "profiles/findings.h"
#include "profiles/json.h"

/* A first line may be written before the start is told. */
#define START_SLACK (2 * LOG_TIME_SECOND)

/* What the events before the present one have said. */
struct reading {
	struct arena *arena;
	const char *name;
	struct why_end now;  /* of the run that is being told */
	struct why_end last; /* of the last one that has ended */
	bool begun;          /* now has a start */
	bool exhausted;
};

static void clear(struct why_end *end)
{
	*end = (struct why_end){
		.name = "",
		.id = "",
		.started = "",
		.ended = "",
		.log_since_ns = LOG_TIME_MIN,
		.log_until_ns = LOG_TIME_MAX,
		.exit_status = WHY_END_UNKNOWN,
		.signal = "",
		.reason = "",
		.step = "",
		.error = "",
		.remedy = "",
		.stop_by = "",
		.stop_timeout_ms = WHY_END_UNKNOWN,
		.kill_signal = WHY_END_UNKNOWN,
		.killed_by = "",
		.oom_kills = WHY_END_UNKNOWN,
		.memory_peak = WHY_END_UNKNOWN,
		.memory_limit = WHY_END_UNKNOWN,
		.pids_limit_hits = WHY_END_UNKNOWN,
		.pids_limit = WHY_END_UNKNOWN,
		.cpu_throttled = WHY_END_UNKNOWN,
		.runtime_ms = WHY_END_UNKNOWN,
		.health_status = "",
		.health_output = "",
		.program = "",
		.profile = "",
		.rootfs = "",
		.log_driver = "",
		.log = "",
	};
}

/* --- one event ----------------------------------------------------------------- */

/* A copy: the line's tree goes with the line. */
static const char *text_of(struct reading *reading, const struct json *event, const char *name)
{
	const struct json *value = json_get(event, name);
	const char *copy;

	if (!value || value->type != JSON_STRING)
		return "";
	copy = arena_strdup(reading->arena, value->text);
	reading->exhausted = reading->exhausted || !copy;
	return copy ? copy : "";
}

static int64_t number_of(const struct json *event, const char *name)
{
	const struct json *value = json_get(event, name);

	return value && value->type == JSON_INTEGER ? value->integer : WHY_END_UNKNOWN;
}

static int64_t time_of(const char *text)
{
	int64_t ns;

	return log_time_parse(text, strlen(text), &ns) < 0 ? LOG_TIME_MIN : ns;
}

/* A start tells them, or the end of one that failed; the others leave them as they were. */
static void take_places(struct reading *reading, const struct json *event)
{
	struct why_end *now = &reading->now;

	if (!json_get(event, "profile"))
		return;
	now->program = text_of(reading, event, "program");
	now->profile = text_of(reading, event, "profile");
	now->rootfs = text_of(reading, event, "rootfs");
}

static void take_start(struct reading *reading, const struct json *event, const char *time)
{
	struct why_end *now = &reading->now;
	int64_t begin = time_of(time);

	reading->begun = true;
	now->started = time;
	take_places(reading, event);
	now->log_driver = text_of(reading, event, "log_driver");
	now->log = text_of(reading, event, "log");
	if (begin > LOG_TIME_MIN + START_SLACK)
		begin -= START_SLACK;
	/* What an earlier run of this name wrote until its end belongs to that one. */
	if (now->log_since_ns < begin)
		now->log_since_ns = begin;
}

static void take_denied(struct reading *reading, const struct json *event)
{
	struct why_end *now = &reading->now;

	if (now->n_denials >= WHY_END_DENIALS_MAX)
		return;
	now->denials[now->n_denials++] = (struct why_end_denial){
		.call = text_of(reading, event, "call"),
		.reason = text_of(reading, event, "reason"),
		.answer = text_of(reading, event, "answer"),
		.opens = text_of(reading, event, "opens"),
		.count = 1,
	};
}

/* "mkdir 3, ptrace 1", in the order in which they were told. */
static void take_denied_counts(struct why_end *now, const char *calls)
{
	for (size_t i = 0; i < now->n_denials && calls; i++) {
		size_t length = strlen(now->denials[i].call);
		long long count;

		if (strncmp(calls, now->denials[i].call, length) != 0 || calls[length] != ' ')
			return;
		count = strtoll(calls + length + 1, NULL, 10);
		now->denials[i].count = count > 0 ? count : 1;
		calls = strstr(calls, ", ");
		calls = calls ? calls + 2 : NULL;
	}
}

static void take_exit(struct reading *reading, const struct json *event, const char *time)
{
	struct why_end *now = &reading->now;
	int64_t ended_ns = time_of(time);

	now->state = WHY_END_OVER;
	now->ended = time;
	now->log_until_ns = ended_ns == LOG_TIME_MIN ? LOG_TIME_MAX : ended_ns;
	now->by_launcher = str_equal(text_of(reading, event, "origin"), "launcher");
	now->exit_status = number_of(event, "status");
	now->signal = text_of(reading, event, "signal");
	now->reason = text_of(reading, event, "reason");
	now->step = text_of(reading, event, "step");
	now->error = text_of(reading, event, "error");
	now->remedy = text_of(reading, event, "remedy");
	now->stop_timeout_ms = number_of(event, "stop_timeout_ms");
	now->killed_by = text_of(reading, event, "killed_by");
	now->oom = number_of(event, "oom") == 1;
	now->oom_kills = number_of(event, "oom_kills");
	now->memory_peak = number_of(event, "memory_peak");
	now->memory_limit = number_of(event, "memory_limit");
	now->pids_limit_hits = number_of(event, "pids_limit_hits");
	now->pids_limit = number_of(event, "pids_limit");
	now->cpu_throttled = number_of(event, "cpu_throttled");
	now->runtime_ms = number_of(event, "runtime_ms");
	take_denied_counts(now, text_of(reading, event, "denied_calls"));
	take_places(reading, event);
	reading->last = *now;
	clear(&reading->now);
	reading->begun = false;
	/* Those stay for the service: not each of its ends tells them. */
	reading->now.id = reading->last.id;
	reading->now.log_since_ns = ended_ns;
	reading->now.profile = reading->last.profile;
	reading->now.rootfs = reading->last.rootfs;
	reading->now.program = reading->last.program;
	reading->now.log_driver = reading->last.log_driver;
	reading->now.log = reading->last.log;
}

/* Another run began although nobody told the end of the one before. */
static void take_id(struct reading *reading, const char *id)
{
	if (str_equal(reading->now.id, id))
		return;
	if (reading->begun) {
		reading->last = reading->now;
		reading->last.state = WHY_END_LOST;
	}
	clear(&reading->now);
	reading->begun = false;
	reading->now.id = id;
	if (reading->last.state == WHY_END_OVER && reading->last.log_until_ns != LOG_TIME_MAX)
		reading->now.log_since_ns = reading->last.log_until_ns;
}

static void take(struct reading *reading, const struct json *event)
{
	const char *kind = text_of(reading, event, "event"), *time = text_of(reading, event, "time");

	if (!str_equal(text_of(reading, event, "name"), reading->name))
		return;
	take_id(reading, text_of(reading, event, "id"));
	if (str_equal(kind, "start")) {
		take_start(reading, event, time);
	} else if (str_equal(kind, "denied")) {
		take_denied(reading, event);
	} else if (str_equal(kind, "stop")) {
		reading->now.stop_by = text_of(reading, event, "by");
	} else if (str_equal(kind, "kill")) {
		reading->now.kill_signal = number_of(event, "signal");
	} else if (str_equal(kind, "health")) {
		reading->now.health_status = text_of(reading, event, "status");
		reading->now.health_output = text_of(reading, event, "output");
	} else if (str_equal(kind, "log_loss") || str_equal(kind, "log_full")) {
		reading->now.log_lost = true;
	} else if (str_equal(kind, "exit")) {
		take_exit(reading, event, time);
	}
}

static void take_line(struct reading *reading, const struct event_reader_line *line)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct findings *findings = arena ? arena_alloc(arena, sizeof(*findings)) : NULL;
	const struct source source = { .name = "events", .text = line->text, .size = line->size };
	struct json *event = NULL;

	if (!findings)
		reading->exhausted = true;
	else if (json_parse(&source, JSON_STRICT, arena, findings, &event) == 0)
		take(reading, event);
}

static int read_events(struct reading *reading, const char *path, struct error *err)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();
	struct event_reader_line line;
	int r;

	if (!reader)
		return error_set(err, ENOMEM, "read the events");
	r = event_reader_add(reader, path, err);
	while (r >= 0) {
		r = event_reader_next(reader, &line, err);
		if (r <= 0)
			break;
		take_line(reading, &line);
		if (reading->exhausted)
			return error_set(err, ENOMEM, "read the events");
	}
	return r;
}

/* --- what the record adds ------------------------------------------------------ */

/* Of an end whose event is gone: rotated away, or the disk was full. */
static void take_recorded_end(const struct record *record, struct arena *arena, struct why_end *ret)
{
	char *ended = arena_alloc(arena, JSON_LINE_TIME_SIZE + 1);

	ret->state = WHY_END_OVER;
	ret->by_launcher = record->by_launcher;
	ret->exit_status = record->exit_status;
	ret->oom = record->oom_killed;
	ret->reason = record->reason;
	if (ended) {
		log_time_format((int64_t)record->finished_ns, ended);
		ret->ended = ended;
	}
	ret->log_until_ns = (int64_t)record->finished_ns;
}

static void take_record(const struct reading *reading, struct arena *arena, struct why_end *ret)
{
	const struct record *record = &ret->record;
	bool ours = ret->state != WHY_END_NONE && str_equal(ret->id, record->id);

	ret->alive = record_alive(record);
	ret->status = record->status;
	if (ret->alive && !ours) {
		ret->state = WHY_END_RUNNING;
		if (str_equal(reading->now.id, record->id))
			ret->started = reading->now.started;
	} else if (!ours) {
		ret->state = WHY_END_LOST;
		if (record->status == RECORD_EXITED && record->finished_ns)
			take_recorded_end(record, arena, ret);
	}
	ret->id = record->id;
	ret->health_status = ret->health_status[0] ? ret->health_status : record_health_name(record->health);
	if (record->health_output[0])
		ret->health_output = record->health_output;
	ret->profile = record->profile;
	ret->rootfs = record->rootfs;
	ret->log_driver = record->log_driver;
	ret->log = record->log_path;
}

/* Where it was killed with its supervisor, or ran while the machine went down. */
static bool of_other_boot(const struct record *record)
{
	char boot_id[64];

	return record->boot_id[0] &&
	       fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id)) > 0 &&
	       !str_starts(boot_id, record->boot_id);
}

int why_end_read(const struct host *host, const char *which, struct arena *arena, struct why_end *ret,
		 struct error *err)
{
	struct reading *reading = arena_alloc(arena, sizeof(*reading));
	struct record record;
	char path[HOST_PATH_MAX + 2 * RECORD_NAME_MAX + 32];
	struct error none = { 0 };
	bool recorded = record_find(host->run_dir, which, &record, &none) == 0;
	int r;

	if (!reading)
		return error_set(err, ENOMEM, "read the events");
	*reading = (struct reading){ .arena = arena, .name = recorded ? record.name : which };
	clear(&reading->now);
	clear(&reading->last);
	if (recorded && record.events_path[0])
		r = read_events(reading, record.events_path, err);
	else
		r = read_events(reading, events_path(host, which, path, sizeof(path)), err);
	if (r < 0)
		return r;
	*ret = reading->last;
	/* Without a record nobody looks after it any more, so a start without an end is a lost one. */
	if (reading->begun && (!recorded || !record_alive(&record))) {
		*ret = reading->now;
		ret->state = WHY_END_LOST;
	}
	ret->recorded = recorded;
	if (recorded) {
		ret->record = record;
		take_record(reading, arena, ret);
		ret->other_boot = ret->state == WHY_END_LOST && of_other_boot(&ret->record);
	}
	ret->name = arena_strdup(arena, reading->name);
	return ret->name ? 0 : error_set(err, ENOMEM, "read the events");
}
