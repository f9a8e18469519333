/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "launcher/service/sample.h"

struct printer {
	FILE *out;
	const char *mount;
	enum metrics_form form;
	bool headed; /* HELP and TYPE of this family are written */
};

enum family_type { COUNTER, GAUGE, UNKNOWN };

/*
 * A family's name stands here without the "_total" of a counter: OpenMetrics has it on the samples
 * only, the older form everywhere.
 */
struct family {
	const char *name;
	enum family_type type;
	const char *help;
	void (*print)(struct printer *printer, const struct family *family, const struct sample *sample);
	size_t offset; /* of the number, for the functions that need one */
};

/* A label beside those that all samples of a family have; name NULL: none. */
struct label {
	const char *name, *value;
};

void metrics_print_label(FILE *out, const char *value)
{
	const unsigned char *next = (const unsigned char *)value;
	size_t left = strlen(value);

	fputc('"', out);
	while (left > 0) {
		size_t length = str_utf8_length(next, left);

		if (length == 0)
			fputs("\xef\xbf\xbd", out);
		else if (*next == '"' || *next == '\\')
			fprintf(out, "\\%c", *next);
		else if (*next == '\n')
			fputs("\\n", out);
		else
			fwrite(next, 1, length, out);
		next += length > 0 ? length : 1;
		left -= length > 0 ? length : 1;
	}
	fputc('"', out);
}

static const char *find_unit(const char *name)
{
	static const char *const units[] = { "_bytes", "_seconds" };
	const size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (length > strlen(units[i]) && str_equal(name + length - strlen(units[i]), units[i]))
			return units[i] + 1;
	return NULL;
}

static void print_head(struct printer *printer, const struct family *family)
{
	const bool open = printer->form == METRICS_OPENMETRICS;
	const char *total = family->type == COUNTER && !open ? "_total" : "", *unit = find_unit(family->name);
	const char *types[] = { "counter", "gauge", open ? "unknown" : "untyped" };

	if (printer->headed)
		return;
	printer->headed = true;
	fprintf(printer->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, total, family->help,
		family->name, total, types[family->type]);
	if (open && unit)
		fprintf(printer->out, "# UNIT %s %s\n", family->name, unit);
}

static void print_name(const struct printer *printer, const struct family *family, const char *suffix,
		       const struct sample *sample, struct label label)
{
	const struct record *record = sample->record;
	const char *id = record->cgroup;
	const size_t length = strlen(printer->mount);

	if (strncmp(id, printer->mount, length) == 0 && id[length] == '/')
		id += length;
	fprintf(printer->out, "%s%s{", family->name, suffix);
	if (str_starts(family->name, "container_")) {
		fputs("id=", printer->out);
		metrics_print_label(printer->out, id);
		fputs(",image=", printer->out);
		metrics_print_label(printer->out, record->rootfs);
		fputc(',', printer->out);
	}
	fputs("name=", printer->out);
	metrics_print_label(printer->out, record->name);
	if (label.name) {
		fprintf(printer->out, ",%s=", label.name);
		metrics_print_label(printer->out, label.value);
	}
	fputs("} ", printer->out);
}

/* The decimal point is a comma nowhere: the program never calls setlocale(). */
static void print_fraction(FILE *out, uint64_t value, uint64_t scale, int digits)
{
	fprintf(out, "%" PRIu64 ".%0*" PRIu64 "\n", value / scale, digits, value % scale);
}

static void print_created(struct printer *printer, const struct family *family, const struct sample *sample,
			  struct label label)
{
	/* The group's numbers begin anew with a restart, of which we only see the end. */
	if (printer->form != METRICS_OPENMETRICS || family->type != COUNTER ||
	    str_starts(family->name, "container_") || sample->record->created_ns == 0)
		return;
	print_name(printer, family, "_created", sample, label);
	print_fraction(printer->out, sample->record->created_ns, 1000000000, 9);
}

static void emit(struct printer *printer, const struct family *family, const struct sample *sample,
		 struct label label, uint64_t value)
{
	print_head(printer, family);
	print_name(printer, family, family->type == COUNTER ? "_total" : "", sample, label);
	fprintf(printer->out, "%" PRIu64 "\n", value);
	print_created(printer, family, sample, label);
}

static const struct label no_label = { NULL, NULL };

static uint64_t number_at(const struct sample *sample, const struct family *family)
{
	return *(const uint64_t *)(const void *)((const char *)sample + family->offset);
}

static void print_number(struct printer *printer, const struct family *family, const struct sample *sample)
{
	const uint64_t value = number_at(sample, family);

	if (usage_known(value))
		emit(printer, family, sample, no_label, value);
}

/* cAdvisor says 0 where there is no limit. */
static void print_limit(struct printer *printer, const struct family *family, const struct sample *sample)
{
	const uint64_t value = number_at(sample, family);

	if (value != USAGE_ABSENT)
		emit(printer, family, sample, no_label, value == USAGE_NO_LIMIT ? 0 : value);
}

static void print_micro(struct printer *printer, const struct family *family, const struct sample *sample)
{
	const uint64_t value = number_at(sample, family);
	/* Boards ask for the sum of all processors by this label. */
	const struct label all = { "cpu", "total" };

	if (!usage_known(value))
		return;
	print_head(printer, family);
	print_name(printer, family, family->type == COUNTER ? "_total" : "", sample,
		   str_equal(family->name, "container_cpu_usage_seconds") ? all : no_label);
	print_fraction(printer->out, value, 1000000, 6);
}

static void print_nanoseconds(struct printer *printer, const struct family *family,
			      const struct sample *sample, uint64_t value)
{
	print_head(printer, family);
	print_name(printer, family, "", sample, no_label);
	print_fraction(printer->out, value, 1000000000, 9);
}

static bool is_up(const struct sample *sample)
{
	return sample->record->status == RECORD_RUNNING;
}

static void print_started(struct printer *printer, const struct family *family, const struct sample *sample)
{
	if (is_up(sample) && sample->record->started_ns)
		print_nanoseconds(printer, family, sample, sample->record->started_ns);
}

static void print_seen(struct printer *printer, const struct family *family, const struct sample *sample)
{
	if (is_up(sample))
		print_nanoseconds(printer, family, sample, sample->taken_ns);
}

static void print_working_set(struct printer *printer, const struct family *family,
			      const struct sample *sample)
{
	const uint64_t value = usage_working_set(&sample->usage);

	if (usage_known(value))
		emit(printer, family, sample, no_label, value);
}

/* The weight of version 2 (1 to 10000) as shares of version 1 (2 to 262144), as cAdvisor reckons. */
static void print_shares(struct printer *printer, const struct family *family, const struct sample *sample)
{
	const uint64_t weight = sample->usage.cpu_weight;

	if (usage_known(weight) && weight > 0)
		emit(printer, family, sample, no_label, 2 + (weight - 1) * 262142 / 9999);
}

/* family->offset is within struct network_interface. */
static void print_interfaces(struct printer *printer, const struct family *family,
			     const struct sample *sample)
{
	for (size_t i = 0; i < sample->n_interfaces; i++) {
		const struct network_interface *interface = &sample->interfaces[i];
		const struct label label = { "interface", interface->name };

		emit(printer, family, sample, label,
		     *(const uint64_t *)(const void *)((const char *)interface + family->offset));
	}
}

static void print_up(struct printer *printer, const struct family *family, const struct sample *sample)
{
	emit(printer, family, sample, no_label, is_up(sample));
}

static void print_health(struct printer *printer, const struct family *family, const struct sample *sample)
{
	static const enum record_health states[] = { RECORD_HEALTH_NONE, RECORD_HEALTH_STARTING,
						     RECORD_HEALTHY, RECORD_UNHEALTHY };

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		const struct label label = { "state", record_health_name(states[i]) };

		emit(printer, family, sample, label, sample->record->health == states[i]);
	}
}

static void print_denied(struct printer *printer, const struct family *family, const struct sample *sample)
{
	static const char *const layers[COUNTERS_LAYERS] = {
		[COUNTERS_SECCOMP] = "seccomp",
		[COUNTERS_LANDLOCK] = "landlock",
		[COUNTERS_DEVICE] = "device",
		[COUNTERS_POLICY] = "policy",
	};

	for (size_t i = 0; i < COUNTERS_LAYERS; i++) {
		const struct label label = { "layer", layers[i] };

		emit(printer, family, sample, label, sample->counters.denied[i]);
	}
}

static void print_exit_status(struct printer *printer, const struct family *family,
			      const struct sample *sample)
{
	if (sample->record->finished_ns)
		emit(printer, family, sample, no_label, (uint64_t)sample->record->exit_status);
}

#define USAGE(member)     offsetof(struct sample, usage.member)
#define COUNTED(member)   offsetof(struct sample, counters.member)
#define INTERFACE(member) offsetof(struct network_interface, member)

static const struct family families[] = {
	{ "container_cpu_usage_seconds", COUNTER, "Processor time used.", print_micro, USAGE(cpu_usage_us) },
	{ "container_cpu_user_seconds", COUNTER, "Processor time used in user mode.", print_micro,
	  USAGE(cpu_user_us) },
	{ "container_cpu_system_seconds", COUNTER, "Processor time used in the kernel.", print_micro,
	  USAGE(cpu_system_us) },
	{ "container_cpu_cfs_periods", COUNTER, "Periods in which the processor limit was enforced.",
	  print_number, USAGE(cpu_periods) },
	{ "container_cpu_cfs_throttled_periods", COUNTER, "Periods in which the processor limit was hit.",
	  print_number, USAGE(cpu_throttled_periods) },
	{ "container_cpu_cfs_throttled_seconds", COUNTER, "Time for which the processor limit held tasks up.",
	  print_micro, USAGE(cpu_throttled_us) },
	{ "container_memory_usage_bytes", GAUGE, "Memory in use, page cache included.", print_number,
	  USAGE(memory_current_bytes) },
	{ "container_memory_working_set_bytes", GAUGE, "Memory in use less the inactive page cache.",
	  print_working_set, 0 },
	{ "container_memory_rss", GAUGE, "Anonymous memory, in bytes.", print_number,
	  USAGE(memory_anon_bytes) },
	{ "container_memory_cache", GAUGE, "Page cache, in bytes.", print_number, USAGE(memory_file_bytes) },
	{ "container_memory_swap", GAUGE, "Swap in use, in bytes.", print_number, USAGE(swap_current_bytes) },
	{ "container_memory_max_usage_bytes", GAUGE, "The most memory that was ever in use.", print_number,
	  USAGE(memory_peak_bytes) },
	{ "container_memory_failcnt", UNKNOWN, "How often the memory limit was hit.", print_number,
	  USAGE(memory_max_hits) },
	{ "container_oom_events", COUNTER, "Processes killed because memory ran out, over all runs.",
	  print_number, COUNTED(oom_kills) },
	{ "container_fs_reads_bytes", COUNTER, "Bytes read from block devices.", print_number,
	  USAGE(io_read_bytes) },
	{ "container_fs_writes_bytes", COUNTER, "Bytes written to block devices.", print_number,
	  USAGE(io_write_bytes) },
	{ "container_network_receive_bytes", COUNTER, "Bytes received.", print_interfaces,
	  INTERFACE(received.bytes) },
	{ "container_network_receive_packets", COUNTER, "Packets received.", print_interfaces,
	  INTERFACE(received.packets) },
	{ "container_network_receive_errors", COUNTER, "Errors while receiving.", print_interfaces,
	  INTERFACE(received.errors) },
	{ "container_network_receive_packets_dropped", COUNTER, "Received packets that were dropped.",
	  print_interfaces, INTERFACE(received.dropped) },
	{ "container_network_transmit_bytes", COUNTER, "Bytes sent.", print_interfaces,
	  INTERFACE(sent.bytes) },
	{ "container_network_transmit_packets", COUNTER, "Packets sent.", print_interfaces,
	  INTERFACE(sent.packets) },
	{ "container_network_transmit_errors", COUNTER, "Errors while sending.", print_interfaces,
	  INTERFACE(sent.errors) },
	{ "container_network_transmit_packets_dropped", COUNTER, "Packets to be sent that were dropped.",
	  print_interfaces, INTERFACE(sent.dropped) },
	{ "container_processes", GAUGE, "Processes.", print_number, USAGE(processes) },
	{ "container_threads", GAUGE, "Threads.", print_number, USAGE(threads) },
	{ "container_threads_max", GAUGE, "Threads allowed; 0 is no limit.", print_limit,
	  USAGE(threads_max) },
	{ "container_file_descriptors", GAUGE, "Open file descriptors of all processes.", print_number,
	  offsetof(struct sample, descriptors) },
	{ "container_start_time_seconds", GAUGE, "When this run was started, since 1970.", print_started, 0 },
	{ "container_last_seen", GAUGE, "When these numbers were read, in seconds since 1970.", print_seen,
	  0 },
	{ "container_spec_cpu_period", GAUGE, "Length of the processor limit's period, in microseconds.",
	  print_number, USAGE(cpu_period_us) },
	{ "container_spec_cpu_quota", GAUGE, "Processor time allowed in each period, in microseconds.",
	  print_number, USAGE(cpu_quota_us) },
	{ "container_spec_cpu_shares", GAUGE, "Weight among others that want the processor.", print_shares,
	  0 },
	{ "container_spec_memory_limit_bytes", GAUGE, "Memory allowed; 0 is no limit.", print_limit,
	  USAGE(memory_max_bytes) },
	{ "container_spec_memory_swap_limit_bytes", GAUGE, "Swap allowed; 0 is none, or no limit.",
	  print_limit, USAGE(swap_max_bytes) },
	{ "container_pressure_cpu_waiting_seconds", COUNTER,
	  "Time in which some task waited for a processor.", print_micro, USAGE(cpu_pressure.some_us) },
	{ "container_pressure_cpu_stalled_seconds", COUNTER,
	  "Time in which all tasks waited for a processor.", print_micro, USAGE(cpu_pressure.full_us) },
	{ "container_pressure_memory_waiting_seconds", COUNTER, "Time in which some task waited for memory.",
	  print_micro, USAGE(memory_pressure.some_us) },
	{ "container_pressure_memory_stalled_seconds", COUNTER, "Time in which all tasks waited for memory.",
	  print_micro, USAGE(memory_pressure.full_us) },
	{ "container_pressure_io_waiting_seconds", COUNTER, "Time in which some task waited for a device.",
	  print_micro, USAGE(io_pressure.some_us) },
	{ "container_pressure_io_stalled_seconds", COUNTER, "Time in which all tasks waited for a device.",
	  print_micro, USAGE(io_pressure.full_us) },
	{ "kapsel_up", GAUGE, "Whether the workload runs.", print_up, 0 },
	{ "kapsel_health", GAUGE, "1 for the state of health that the service is in.", print_health, 0 },
	{ "kapsel_restarts", COUNTER, "Restarts, by policy or on request.", print_number, COUNTED(restarts) },
	{ "kapsel_exit_status", GAUGE, "What the last run ended with; 128 and a signal's number.",
	  print_exit_status, 0 },
	{ "kapsel_denied", COUNTER, "Refused operations of the workload, by the layer that refused.",
	  print_denied, 0 },
	{ "kapsel_log_bytes", COUNTER, "Bytes of output that were taken.", print_number, COUNTED(log_bytes) },
	{ "kapsel_log_dropped_bytes", COUNTER, "Bytes of output that were lost.", print_number,
	  COUNTED(log_dropped_bytes) },
	{ "kapsel_events_lost", COUNTER, "Events that feed or hook could not be told.", print_number,
	  COUNTED(events_lost) },
};

void metrics_print(FILE *out, const struct sample *samples, size_t n, const char *cgroup_mount,
		   enum metrics_form form)
{
	struct printer printer = { .out = out, .mount = cgroup_mount, .form = form };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		printer.headed = false;
		for (size_t k = 0; k < n; k++)
			families[i].print(&printer, &families[i], &samples[k]);
	}
	if (form == METRICS_OPENMETRICS)
		fputs("# EOF\n", out);
}
