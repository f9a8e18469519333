/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/stats_row.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "launcher/service/sample.h"

enum { BYTES_TEXT_MAX = 32, SHORT_ID = 12 };

const struct stats_heading stats_headings[STATS_COLUMNS] = {
	[STATS_ID] = { "CONTAINER ID", "ID", "id" },
	[STATS_NAME] = { "NAME", "Name", "name" },
	[STATS_CPU] = { "CPU %", "CPUPerc", "cpu" },
	[STATS_MEMORY] = { "MEM USAGE / LIMIT", "MemUsage", "memory" },
	[STATS_MEMORY_SHARE] = { "MEM %", "MemPerc", "memory_share" },
	[STATS_NETWORK] = { "NET I/O", "NetIO", "network" },
	[STATS_BLOCK] = { "BLOCK I/O", "BlockIO", "block" },
	[STATS_PIDS] = { "PIDS", "PIDs", "pids" },
	[STATS_THROTTLED] = { "THROTTLED", "Throttled", "throttled" },
	[STATS_PSI] = { "PSI CPU/MEM/IO", "PSI", "psi" },
	[STATS_OOM] = { "OOM", "OOM", "oom" },
	[STATS_DENIED] = { "DENIED", "Denied", "denied" },
};

const char *stats_bytes(uint64_t bytes, unsigned int base, char *buffer, size_t size)
{
	static const char *const binary[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	static const char *const decimal[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	size_t unit = 0;

	/* 999.9 would be rounded to 1e+03. */
	while (value >= (base == 1024 ? 1023.95 : 999.5) && unit + 1 < ARRAY_SIZE(binary)) {
		value /= base;
		unit++;
	}
	snprintf(buffer, size, base == 1024 ? "%.4g%s" : "%.3g%s", value,
		 base == 1024 ? binary[unit] : decimal[unit]);
	return buffer;
}

/* What @now is more than @before, per time; a negative number where it is not known. */
struct span {
	const struct sample *now, *before;
	double us; /* how long it is; 0: unknown */
};

static double grown(uint64_t now, uint64_t before)
{
	if (!usage_known(now) || !usage_known(before))
		return -1;
	return now >= before ? (double)(now - before) : 0;
}

static double share_of_time(const struct span *span, uint64_t now, uint64_t before)
{
	double used = grown(now, span->before ? before : 0);

	return used < 0 || span->us <= 0 ? -1 : used / span->us * 100;
}

static void print_share(double share, char *text)
{
	if (share < 0)
		snprintf(text, STATS_TEXT_MAX, "--");
	else
		snprintf(text, STATS_TEXT_MAX, "%.2f%%", share);
}

static void print_two(uint64_t a, uint64_t b, unsigned int base, char *text)
{
	char first[BYTES_TEXT_MAX] = "--", second[BYTES_TEXT_MAX] = "--";

	if (usage_known(a))
		stats_bytes(a, base, first, sizeof(first));
	if (usage_known(b))
		stats_bytes(b, base, second, sizeof(second));
	snprintf(text, STATS_TEXT_MAX, "%s / %s", first, second);
}

static void print_count(uint64_t count, char *text)
{
	if (usage_known(count))
		snprintf(text, STATS_TEXT_MAX, "%" PRIu64, count);
	else
		snprintf(text, STATS_TEXT_MAX, "--");
}

static void fill_memory(const struct sample *sample, struct stats_row *row)
{
	const uint64_t used = usage_working_set(&sample->usage);
	uint64_t limit = sample->usage.memory_max_bytes;

	if (limit == USAGE_NO_LIMIT)
		limit = sample_host_memory();
	print_two(used, limit, 1024, row->text[STATS_MEMORY]);
	print_share(usage_known(used) && usage_known(limit) && limit > 0 ? (double)used / (double)limit * 100
									 : -1,
		    row->text[STATS_MEMORY_SHARE]);
}

static void fill_throttled(const struct span *span, char *text)
{
	const struct usage *now = &span->now->usage, *before = span->before ? &span->before->usage : NULL;
	double periods = grown(now->cpu_periods, before ? before->cpu_periods : 0);
	double throttled = grown(now->cpu_throttled_periods, before ? before->cpu_throttled_periods : 0);

	if (periods < 0 || throttled < 0 || span->us <= 0)
		print_share(-1, text);
	else
		print_share(periods > 0 ? throttled / periods * 100 : 0, text);
}

static void fill_pressure(const struct span *span, char *text)
{
	const struct usage *now = &span->now->usage;
	const struct usage *before = span->before ? &span->before->usage : now;
	const struct usage_pressure *pairs[][2] = {
		{ &now->cpu_pressure, &before->cpu_pressure },
		{ &now->memory_pressure, &before->memory_pressure },
		{ &now->io_pressure, &before->io_pressure },
	};
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		char one[STATS_TEXT_MAX];

		print_share(share_of_time(span, pairs[i][0]->some_us, pairs[i][1]->some_us), one);
		used += (size_t)snprintf(text + used, STATS_TEXT_MAX - used, "%s%.20s", i ? " / " : "", one);
	}
}

static void fill_traffic(const struct sample *sample, char *text)
{
	uint64_t received, sent;

	sample_traffic(sample, &received, &sent);
	if (sample->network_known)
		print_two(received, sent, 1000, text);
	else
		print_two(USAGE_ABSENT, USAGE_ABSENT, 1000, text);
}

static struct span find_span(const struct sample *sample, const struct sample *before,
			     enum stats_period period)
{
	struct span span = { .now = sample };
	const uint64_t started_ns = sample->record->started_ns;

	/* Restarted in between: the numbers began anew. */
	if (before && before->record->started_ns == started_ns)
		span.before = before;
	if (span.before)
		span.us = (double)(sample->taken_us - before->taken_us);
	else if (period == STATS_SINCE_START && started_ns > 0 && sample->taken_ns > started_ns)
		span.us = (double)(sample->taken_ns - started_ns) / 1000;
	return span;
}

void stats_row_fill(const struct sample *sample, const struct sample *before, enum stats_period period,
		    bool truncate, struct stats_row *ret)
{
	const struct span span = find_span(sample, before, period);
	const struct usage *usage = &sample->usage;
	uint64_t denied = 0;

	*ret = (struct stats_row){ 0 };
	snprintf(ret->text[STATS_ID], STATS_TEXT_MAX, "%.*s", truncate ? SHORT_ID : RECORD_ID_SIZE,
		 sample->record->id);
	snprintf(ret->text[STATS_NAME], STATS_TEXT_MAX, "%s", sample->record->name);
	print_share(
		share_of_time(&span, usage->cpu_usage_us, span.before ? span.before->usage.cpu_usage_us : 0),
		ret->text[STATS_CPU]);
	fill_memory(sample, ret);
	fill_traffic(sample, ret->text[STATS_NETWORK]);
	print_two(usage->io_read_bytes, usage->io_write_bytes, 1000, ret->text[STATS_BLOCK]);
	print_count(usage->threads, ret->text[STATS_PIDS]);
	fill_throttled(&span, ret->text[STATS_THROTTLED]);
	fill_pressure(&span, ret->text[STATS_PSI]);
	print_count(sample->counters.oom_kills, ret->text[STATS_OOM]);
	for (size_t i = 0; i < COUNTERS_LAYERS; i++)
		denied += sample->counters.denied[i];
	print_count(denied, ret->text[STATS_DENIED]);
}

unsigned int stats_parts(unsigned int columns)
{
	unsigned int parts = 0;

	if (columns & (1U << STATS_CPU | 1U << STATS_THROTTLED))
		parts |= USAGE_CPU;
	if (columns & (1U << STATS_MEMORY | 1U << STATS_MEMORY_SHARE))
		parts |= USAGE_MEMORY;
	if (columns & 1U << STATS_PIDS)
		parts |= USAGE_PIDS;
	if (columns & 1U << STATS_BLOCK)
		parts |= USAGE_IO;
	if (columns & 1U << STATS_NETWORK)
		parts |= SAMPLE_NETWORK;
	if (columns & 1U << STATS_PSI)
		parts |= USAGE_PRESSURE;
	if (columns & (1U << STATS_OOM | 1U << STATS_DENIED))
		parts |= SAMPLE_COUNTERS;
	return parts;
}
