/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "launcher/service/sample.h"
#include "launcher/service/stats_row.h"

enum { SECOND_NS = 1000000000 };

const char *verdict_name(enum verdict_result result)
{
	static const char *const names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

	return names[result];
}

enum verdict_result verdict_worse(enum verdict_result a, enum verdict_result b)
{
	static const int ranks[] = {
		[VERDICT_OK] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_WARNING] = 2, [VERDICT_CRITICAL] = 3
	};

	return ranks[a] >= ranks[b] ? a : b;
}

static _printf_(3, 4) void add(struct verdict *verdict, enum verdict_result result, const char *format, ...)
{
	size_t used = strlen(verdict->text);
	va_list args;

	va_start(args, format);
	vsnprintf(verdict->text + used, sizeof(verdict->text) - used, format, args);
	va_end(args);
	verdict->result = verdict_worse(verdict->result, result);
}

/*
 * Text of the workload (a failed check's output) would begin the numbers with a bar, or a second line:
 * what comes from inside may not fake either.
 */
static void add_foreign(struct verdict *verdict, const char *text)
{
	char clean[RECORD_TEXT_MAX];

	if (!text[0])
		return;
	str_escape(clean, sizeof(clean), text);
	for (char *next = clean; *next; next++)
		if (*next == '|')
			*next = '/';
	add(verdict, VERDICT_OK, ": %s", clean);
}

static void add_duration(struct verdict *verdict, const char *what, uint64_t from_ns, uint64_t to_ns)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	const uint64_t seconds = to_ns > from_ns ? (to_ns - from_ns) / SECOND_NS : 0;
	size_t unit = 0;

	/* "90 min" tells more than "1 h". */
	while (unit + 1 < ARRAY_SIZE(units) && seconds < 2 * units[unit].seconds)
		unit++;
	add(verdict, VERDICT_OK, "%s %" PRIu64 " %s", what, seconds / units[unit].seconds, units[unit].name);
}

static void judge_status(const struct sample *sample, struct verdict *verdict)
{
	const struct record *record = sample->record;

	switch (record->status) {
	case RECORD_STARTING:
		add(verdict, VERDICT_OK, "is being started");
		break;
	case RECORD_RUNNING:
		add_duration(verdict, "up", record->started_ns, sample->taken_ns);
		break;
	case RECORD_RESTARTING:
		add(verdict, VERDICT_WARNING, "waits for its next start after exit code %d",
		    record->exit_status);
		add_foreign(verdict, record->reason);
		break;
	case RECORD_EXITED:
		add_duration(verdict, "ended", record->finished_ns, sample->taken_ns);
		add(verdict, VERDICT_CRITICAL, " ago with exit code %d", record->exit_status);
		add_foreign(verdict, record->reason);
		break;
	case RECORD_LOST:
		add(verdict, VERDICT_CRITICAL, "lost: its supervisor is gone");
		break;
	}
}

static void judge_health(const struct record *record, struct verdict *verdict)
{
	if (record->status != RECORD_RUNNING || record->health == RECORD_HEALTH_NONE)
		return;
	if (record->health != RECORD_UNHEALTHY) {
		add(verdict, VERDICT_OK, ", %s",
		    record->health == RECORD_HEALTHY ? "healthy" : "health not known yet");
		return;
	}
	add(verdict, VERDICT_CRITICAL, ", unhealthy after %" PRIu64 " failed checks",
	    record->health_failures);
	add_foreign(verdict, record->health_output);
}

/* The machine's memory is the limit of who has none, as `stats` shows it. */
static uint64_t memory_limit(const struct sample *sample)
{
	return sample->usage.memory_max_bytes == USAGE_NO_LIMIT ? sample_host_memory()
								: sample->usage.memory_max_bytes;
}

static void judge_share(struct verdict *verdict, const char *what, uint64_t used, uint64_t limit,
			uint64_t warn, uint64_t crit)
{
	enum verdict_result result = VERDICT_OK;
	double percent;

	if (limit == USAGE_NO_LIMIT)
		return;
	if (!usage_known(used) || !usage_known(limit) || limit == 0) {
		if (warn != VERDICT_NO_BOUND || crit != VERDICT_NO_BOUND)
			add(verdict, VERDICT_UNKNOWN, ", %s not known", what);
		return;
	}
	percent = (double)used / (double)limit * 100;
	if (crit != VERDICT_NO_BOUND && percent >= (double)crit)
		result = VERDICT_CRITICAL;
	else if (warn != VERDICT_NO_BOUND && percent >= (double)warn)
		result = VERDICT_WARNING;
	add(verdict, result, ", %s %.0f %%", what, percent);
}

void verdict_reach(const struct sample *sample, const struct verdict_bounds *bounds, struct verdict *ret)
{
	const struct record *record = sample->record;
	const uint64_t restarts = record->restarts;

	*ret = (struct verdict){ .result = VERDICT_OK };
	add(ret, VERDICT_OK, "%s: ", record->name);
	judge_status(sample, ret);
	judge_health(record, ret);
	if (record->status == RECORD_RUNNING) {
		judge_share(ret, "memory", usage_working_set(&sample->usage), memory_limit(sample),
			    bounds->warn_memory, bounds->crit_memory);
		judge_share(ret, "processes", sample->usage.threads, sample->usage.threads_max,
			    bounds->warn_pids, bounds->crit_pids);
	}
	if (bounds->max_restarts != VERDICT_NO_BOUND && restarts > bounds->max_restarts)
		add(ret, VERDICT_WARNING, ", %" PRIu64 " restarts", restarts);
}

static void print_bound(FILE *out, uint64_t percent, uint64_t limit)
{
	fputc(';', out);
	if (percent != VERDICT_NO_BOUND)
		fprintf(out, "%" PRIu64, (uint64_t)((double)limit / 100 * (double)percent));
}

/* 'label'=value[unit];warn;crit;min;max */
static void print_share(FILE *out, const char *name, const char *what, const char *unit, uint64_t used,
			uint64_t limit, uint64_t warn, uint64_t crit)
{
	if (!usage_known(used))
		return;
	fprintf(out, " %s_%s=%" PRIu64 "%s", name, what, used, unit);
	if (!usage_known(limit) || limit == 0) {
		fputs(";;;0;", out);
		return;
	}
	print_bound(out, warn, limit);
	print_bound(out, crit, limit);
	fprintf(out, ";0;%" PRIu64, limit);
}

void verdict_print_numbers(FILE *out, const struct sample *sample, const struct verdict_bounds *bounds)
{
	const char *name = sample->record->name;
	const uint64_t cpu_us = sample->usage.cpu_usage_us;
	uint64_t denied = 0;

	print_share(out, name, "memory", "B", usage_working_set(&sample->usage), memory_limit(sample),
		    bounds->warn_memory, bounds->crit_memory);
	print_share(out, name, "pids", "", sample->usage.threads, sample->usage.threads_max,
		    bounds->warn_pids, bounds->crit_pids);
	/* "c": it only grows, and is drawn as what it grew by. Only whole numbers may be counters. */
	if (usage_known(cpu_us))
		fprintf(out, " %s_cpu_ms=%" PRIu64 "c;;;0;", name, cpu_us / 1000);
	fprintf(out, " %s_restarts=%" PRIu64, name, sample->record->restarts);
	print_bound(out, bounds->max_restarts, 100);
	fputs(";;0;", out);
	for (size_t i = 0; i < COUNTERS_LAYERS; i++)
		denied += sample->counters.denied[i];
	fprintf(out, " %s_denied=%" PRIu64 "c;;;0;", name, denied);
}
