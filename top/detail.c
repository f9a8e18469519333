/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/detail.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/sample.h"
#include "launcher/service/stats_row.h"
#include "top/event_list.h"

enum {
	LABEL_WIDTH = 14,
	STEPS_MAX_BYTES = 64 * 1024,
	NUMBER_MAX = 32,
	EVENTS_SHOWN = 10,
	EVENTS_LOOKED = 12
};

static void _printf_(3, 4) field(FILE *out, const char *label, const char *format, ...)
{
	va_list args;

	fprintf(out, "  %-*s", LABEL_WIDTH, label);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fputc('\n', out);
}

static const char *bytes(uint64_t value, char buffer[NUMBER_MAX])
{
	if (value == USAGE_NO_LIMIT)
		return "unlimited";
	if (!usage_known(value))
		return "--";
	return stats_bytes(value, 1024, buffer, NUMBER_MAX);
}

static const char *count(uint64_t value, char buffer[NUMBER_MAX])
{
	if (value == USAGE_NO_LIMIT)
		return "unlimited";
	snprintf(buffer, NUMBER_MAX, "%" PRIu64, value);
	return usage_known(value) ? buffer : "--";
}

static void print_local(int64_t ns, char *ret, size_t size)
{
	time_t seconds = (time_t)(ns / LOG_TIME_SECOND);
	struct tm parts;

	ret[0] = '\0';
	if (localtime_r(&seconds, &parts))
		strftime(ret, size, "%Y-%m-%d %H:%M:%S", &parts);
}

static void print_identity(FILE *out, const struct record *record)
{
	char text[NUMBER_MAX];

	fprintf(out, "%s\n", record->name);
	field(out, "id", "%s", record->id);
	field(out, "status", "%s, health %s%s%s", record_status_name(record->status),
	      record_health_name(record->health), record->status_text[0] ? ": " : "", record->status_text);
	if (record->health_output[0])
		field(out, "last check", "%s", record->health_output);
	print_local((int64_t)record->started_ns, text, sizeof(text));
	if (record->started_ns > 0)
		field(out, "started", "%s, %" PRIu64 " restart%s", text, record->restarts,
		      record->restarts == 1 ? "" : "s");
	print_local((int64_t)record->finished_ns, text, sizeof(text));
	if (record->finished_ns > 0)
		field(out, "last end", "%s with %d%s%s", text, record->exit_status,
		      record->reason[0] ? ": " : "", record->reason);
	field(out, "command", "%s", record->command);
	field(out, "profile", "%s", record->profile);
	field(out, "rootfs", "%s", record->rootfs);
	field(out, "user", "%s, network %s", record->user, record->network);
	if (record->labels[0])
		field(out, "labels", "%s", record->labels);
	field(out, "processes", "supervisor %d, standby %d, init %d, workload %d",
	      (int)record->supervisor.pid, (int)record->standby.pid, (int)record->init.pid,
	      (int)record->payload_pid);
	field(out, "cgroup", "%s", record->cgroup[0] ? record->cgroup : "none");
	field(out, "log", "%s %s", record->log_driver, record->log_path);
}

static void print_cpu(FILE *out, const struct usage *usage)
{
	char quota[NUMBER_MAX] = "unlimited", periods[NUMBER_MAX], throttled[NUMBER_MAX];

	if (usage_known(usage->cpu_quota_us) && usage_known(usage->cpu_period_us) && usage->cpu_period_us > 0)
		snprintf(quota, sizeof(quota), "%.2f",
			 (double)usage->cpu_quota_us / (double)usage->cpu_period_us);
	else if (usage->cpu_quota_us == USAGE_ABSENT)
		snprintf(quota, sizeof(quota), "--");
	field(out, "cpu", "limit %s, throttled %s of %s periods", quota,
	      count(usage->cpu_throttled_periods, throttled), count(usage->cpu_periods, periods));
}

static void print_limits(FILE *out, const struct usage *usage)
{
	char a[NUMBER_MAX], b[NUMBER_MAX], c[NUMBER_MAX];

	fputs("\nlimits\n", out);
	field(out, "memory", "%s of %s, highest %s", bytes(usage->memory_current_bytes, a),
	      bytes(usage->memory_max_bytes, b), bytes(usage->memory_peak_bytes, c));
	field(out, "", "anonymous %s, files %s, at the limit %s times", bytes(usage->memory_anon_bytes, a),
	      bytes(usage->memory_file_bytes, b), count(usage->memory_max_hits, c));
	field(out, "swap", "%s of %s", bytes(usage->swap_current_bytes, a), bytes(usage->swap_max_bytes, b));
	print_cpu(out, usage);
	field(out, "pids", "%s of %s in %s processes", count(usage->threads, a), count(usage->threads_max, b),
	      count(usage->processes, c));
}

static double share(uint64_t now, uint64_t before, double us)
{
	return usage_known(now) && usage_known(before) && now >= before && us > 0
		       ? (double)(now - before) / us * 100
		       : -1;
}

static void print_pressure(FILE *out, const struct sample *sample, const struct sample *before)
{
	const struct usage *now = &sample->usage, *then = before ? &before->usage : now;
	const double us = before ? (double)(sample->taken_us - before->taken_us) : 0;
	const struct {
		const char *name;
		const struct usage_pressure *now, *before;
	} kinds[] = {
		{ "cpu", &now->cpu_pressure, &then->cpu_pressure },
		{ "memory", &now->memory_pressure, &then->memory_pressure },
		{ "io", &now->io_pressure, &then->io_pressure },
	};

	fputs("\npressure: time in which some, and all, processes waited\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		double some = share(kinds[i].now->some_us, kinds[i].before->some_us, us);
		double full = share(kinds[i].now->full_us, kinds[i].before->full_us, us);

		if (!usage_known(kinds[i].now->some_us))
			field(out, kinds[i].name, "--");
		else if (some < 0 || full < 0)
			field(out, kinds[i].name, "%.3f s in all", (double)kinds[i].now->some_us / 1000000);
		else
			field(out, kinds[i].name, "some %.2f%%, full %.2f%%, %.3f s in all", some, full,
			      (double)kinds[i].now->some_us / 1000000);
	}
}

static void print_counters(FILE *out, const struct sample *sample)
{
	const struct counters *counters = &sample->counters;
	char text[NUMBER_MAX], received[NUMBER_MAX], sent[NUMBER_MAX];

	fputs("\ncounted\n", out);
	field(out, "runs", "%" PRIu64 " starts, %" PRIu64 " failures, %" PRIu64 " out of memory",
	      counters->starts, counters->failures, counters->oom_kills);
	field(out, "denied",
	      "seccomp %" PRIu64 ", landlock %" PRIu64 ", devices %" PRIu64 ", policy %" PRIu64,
	      counters->denied[COUNTERS_SECCOMP], counters->denied[COUNTERS_LANDLOCK],
	      counters->denied[COUNTERS_DEVICE], counters->denied[COUNTERS_POLICY]);
	field(out, "health", "%" PRIu64 " checks, %" PRIu64 " failed", counters->health_checks,
	      counters->health_failures);
	field(out, "log", "%" PRIu64 " bytes, %" PRIu64 " dropped", counters->log_bytes,
	      counters->log_dropped_bytes);
	field(out, "descriptors", "%s", count(sample->descriptors, text));
	for (size_t i = 0; i < sample->n_interfaces; i++) {
		const struct network_interface *interface = &sample->interfaces[i];

		field(out, interface->name, "received %s, sent %s, dropped %" PRIu64 " and %" PRIu64,
		      stats_bytes(interface->received.bytes, 1000, received, sizeof(received)),
		      stats_bytes(interface->sent.bytes, 1000, sent, sizeof(sent)),
		      interface->received.dropped, interface->sent.dropped);
	}
}

static void print_events(FILE *out, const struct record *record, const struct event_list *all)
{
	struct event_list list = { .n = 0 };
	size_t first;

	for (size_t i = 0; i < all->n; i++)
		if (str_equal(all->items[i].name, record->name))
			event_list_add(&list, &all->items[i]);
	event_list_read(&list, record->events_path, EVENTS_LOOKED);
	fputs("\nlast events\n", out);
	first = list.n > EVENTS_SHOWN ? list.n - EVENTS_SHOWN : 0;
	for (size_t i = first; i < list.n; i++) {
		char time[NUMBER_MAX];

		print_local(list.items[i].time_ns, time, sizeof(time));
		fprintf(out, "  %s  %-8s %s\n", time, list.items[i].event, list.items[i].text);
	}
}

/* "NAME\tPHASE\tVERDICT\tREPORT" a line, as the supervisor wrote it. */
static void print_restrictions(FILE *out, const char *run_dir, const struct record *record)
{
	_cleanup_fd_ int dir = record_open(run_dir, record->name, NULL);
	char text[STEPS_MAX_BYTES], *save = NULL;

	fputs("\nrestrictions, as the kernel confirmed them\n", out);
	if (dir < 0 || fd_read_file(dir, "steps", text, sizeof(text)) < 0) {
		fputs("  not verified yet\n", out);
		return;
	}
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *name = strsep(&line, "\t"), *phase = strsep(&line, "\t");
		const char *verdict = strsep(&line, "\t");

		fprintf(out, "  %-18s %-6s %-7s %s\n", name, phase ? phase : "", verdict ? verdict : "",
			line ? line : "");
	}
}

void detail_print(FILE *out, const char *run_dir, const struct sample *sample, const struct sample *before,
		  const struct event_list *events)
{
	print_identity(out, sample->record);
	print_limits(out, &sample->usage);
	print_pressure(out, sample, before);
	print_counters(out, sample);
	print_events(out, sample->record, events);
	print_restrictions(out, run_dir, sample->record);
}
