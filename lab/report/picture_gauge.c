/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the cgroup counted: the most that was used of what was allowed, and how long the processor was
 * withheld. */
#include <inttypes.h>

#include "lab/exercises/result.h"
#include "lab/report/picture.h"

enum { WIDTH = 3200, ROW = 620, TRACK = 240 };

static const struct text title = { "What the cgroup counted", "Was die cgroup gezählt hat" };
static const struct text memory = { "memory", "Speicher" };
static const struct text processes = { "processes", "Prozesse" };
static const struct text processor = { "processor", "Prozessor" };
static const struct text peak = { "peak {1} of {2}", "höchstens {1} von {2}" };
static const struct text throttled = { "held back for {1} s", "{1} s lang gebremst" };

static bool known(uint64_t used, uint64_t limit)
{
	return used != RESULT_UNKNOWN && limit != RESULT_UNKNOWN && limit > 0;
}

static void bytes(char *buffer, size_t size, uint64_t number)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)number;
	size_t unit = 0;

	while (value >= 1024 && unit < sizeof(units) / sizeof(units[0]) - 1) {
		value /= 1024;
		unit++;
	}
	snprintf(buffer, size, unit == 0 || value == (double)(uint64_t)value ? "%.0f %s" : "%.1f %s", value,
		 units[unit]);
}

static void count(char *buffer, size_t size, uint64_t number)
{
	snprintf(buffer, size, "%" PRIu64, number);
}

struct row {
	const struct text *name;
	const struct text *sentence;
	char first[32], second[32];
	uint64_t used, limit; /* limit 0: no bar */
};

static size_t collect(const struct result_run *run, struct row rows[3])
{
	size_t n = 0;

	if (known(run->memory_peak_bytes, run->memory_max_bytes)) {
		rows[n] = (struct row){ &memory, &peak, .used = run->memory_peak_bytes,
					.limit = run->memory_max_bytes };
		bytes(rows[n].first, sizeof(rows[n].first), run->memory_peak_bytes);
		bytes(rows[n].second, sizeof(rows[n].second), run->memory_max_bytes);
		n++;
	}
	if (known(run->pids_peak, run->pids_max)) {
		rows[n] = (struct row){ &processes, &peak, .used = run->pids_peak, .limit = run->pids_max };
		count(rows[n].first, sizeof(rows[n].first), run->pids_peak);
		count(rows[n].second, sizeof(rows[n].second), run->pids_max);
		n++;
	}
	if (run->cpu_throttled_us != RESULT_UNKNOWN) {
		rows[n] = (struct row){ &processor, &throttled };
		snprintf(rows[n].first, sizeof(rows[n].first), "%.2f", (double)run->cpu_throttled_us / 1e6);
		n++;
	}
	return n;
}

static void draw_row(struct html *h, const struct row *row, int y)
{
	picture_label(h, "name", 0, y + 130);
	html_say(h, row->name, "", "");
	html_close(h, "text");
	picture_label(h, "value", WIDTH, y + 130);
	html_say(h, row->sentence, row->first, row->second);
	html_close(h, "text");
	if (row->limit > 0) {
		bool full = row->used >= row->limit;
		double part = full ? 1.0 : (double)row->used / (double)row->limit;

		picture_box(h, "track", 0, y + 200, WIDTH, TRACK, TRACK / 2);
		picture_box(h, full ? "fill full" : "fill", 0, y + 200, TRACK + (int)(part * (WIDTH - TRACK)),
			    TRACK, TRACK / 2);
	}
}

bool gauge_draw(struct html *h, const char *id, const struct result_run *run)
{
	struct picture picture = { .id = id, .width = WIDTH, .title = title };
	struct row rows[3];
	size_t n = collect(run, rows);
	int y = 20;

	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		picture.height += rows[i].limit > 0 ? ROW : ROW / 2;
	picture_open(h, &picture);
	for (size_t i = 0; i < n; i++) {
		html_say(h, rows[i].name, "", "");
		html_text(h, ": ");
		html_say(h, rows[i].sentence, rows[i].first, rows[i].second);
		html_text(h, ". ");
	}
	picture_draw(h);
	for (size_t i = 0; i < n; i++) {
		draw_row(h, &rows[i], y);
		y += rows[i].limit > 0 ? ROW : ROW / 2;
	}
	picture_close(h);
	return true;
}
