/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/columns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/service/sample.h"
#include "top/cells.h"
#include "top/model.h"
#include "top/sparkline.h"

enum {
	PICTURE_MIN = 10,
	NAME_MIN = 8,
	NAME_SHARE = 5, /* of the width at most: one fifth */
	WIDE = 100,     /* from here on there is air between the columns */
	PLAIN_GAP = 3,
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
};

static const struct {
	const char *title;
	int width; /* of the widest usual text */
	bool right;
} kinds[COLUMNS] = {
	[COLUMN_NAME] = { "NAME", NAME_MIN, false },
	[COLUMN_STATUS] = { "STATUS", 10, false },
	[COLUMN_UP] = { "UP", 6, true },
	[COLUMN_RESTARTS] = { "RESTARTS", 8, true },
	[COLUMN_CPU] = { "CPU %", 8, true },
	[COLUMN_CPU_HISTORY] = { "CPU", PICTURE_MIN, false },
	[COLUMN_MEMORY] = { "MEM / LIMIT", 19, true },
	[COLUMN_MEMORY_BAR] = { "MEM", PICTURE_MIN, false },
	[COLUMN_MEMORY_HISTORY] = { "MEM", PICTURE_MIN, false },
	[COLUMN_PIDS] = { "PIDS", 5, true },
	[COLUMN_NETWORK] = { "NET I/O", 15, true },
	[COLUMN_BLOCK] = { "BLOCK I/O", 15, true },
	[COLUMN_DENIED] = { "DENIED", 6, true },
};

/* What an operator misses first. */
static const enum column wanted[] = {
	COLUMN_NAME,           COLUMN_STATUS,     COLUMN_CPU,
	COLUMN_MEMORY,         COLUMN_UP,         COLUMN_RESTARTS,
	COLUMN_PIDS,           COLUMN_MEMORY_BAR, COLUMN_DENIED,
	COLUMN_CPU_HISTORY,    COLUMN_NETWORK,    COLUMN_BLOCK,
	COLUMN_MEMORY_HISTORY,
};

_Static_assert(ARRAY_SIZE(wanted) == COLUMNS, "every column has its rank");

const char *columns_title(enum column column)
{
	return kinds[column].title;
}

bool columns_right(enum column column)
{
	return kinds[column].right;
}

/* @share of what is left goes to one of the pictures. Return: what is left then. */
static int widen(struct columns *columns, enum column column, int left, int share)
{
	int more = left / share;

	if (columns->width[column] == 0)
		return left;
	if (more > MODEL_HISTORY - columns->width[column])
		more = MODEL_HISTORY - columns->width[column];
	columns->width[column] += more;
	return left - more;
}

void columns_fit(struct columns *ret, int width, int name_width)
{
	int left = width;

	/* Long names often differ at their ends only. */
	if (name_width > width / NAME_SHARE)
		name_width = width / NAME_SHARE;
	*ret = (struct columns){ .gap = width >= WIDE ? 2 : 1 };
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const enum column column = wanted[i];
		int own = kinds[column].width, needed;

		if (column == COLUMN_NAME && name_width > own)
			own = name_width;
		needed = own + (i > 0 ? ret->gap : 0);
		/* What is wanted less may be narrower, but the choice should not jump about. */
		if (needed > left)
			break;
		ret->width[column] = own;
		left -= needed;
	}
	left = widen(ret, COLUMN_CPU_HISTORY, left, ret->width[COLUMN_MEMORY_HISTORY] > 0 ? 2 : 1);
	widen(ret, COLUMN_MEMORY_HISTORY, left, 1);
}

const char *columns_duration(uint64_t seconds, char *buffer, size_t size)
{
	if (seconds < MINUTE)
		snprintf(buffer, size, "%" PRIu64 "s", seconds);
	else if (seconds < HOUR)
		snprintf(buffer, size, "%" PRIu64 "m%02" PRIu64 "s", seconds / MINUTE, seconds % MINUTE);
	else if (seconds < DAY)
		snprintf(buffer, size, "%" PRIu64 "h%02" PRIu64 "m", seconds / HOUR, seconds % HOUR / MINUTE);
	else
		snprintf(buffer, size, "%" PRIu64 "d%02" PRIu64 "h", seconds / DAY, seconds % DAY / HOUR);
	return buffer;
}

static void fill_status(const struct record *record, struct columns_row *ret)
{
	char *text = ret->text[COLUMN_STATUS];
	const char *word = record_status_name(record->status);

	ret->tone = COLUMNS_GOOD;
	switch (record->status) {
	case RECORD_RUNNING:
		if (record->health != RECORD_HEALTH_NONE)
			word = record_health_name(record->health);
		else if (!record->ready)
			word = "not ready";
		if (record->health == RECORD_UNHEALTHY)
			ret->tone = COLUMNS_BAD;
		else if (record->health == RECORD_HEALTH_STARTING || !record->ready)
			ret->tone = COLUMNS_WAITING;
		break;
	case RECORD_STARTING:
	case RECORD_RESTARTING:
		ret->tone = COLUMNS_WAITING;
		break;
	case RECORD_EXITED:
		ret->tone = record->exit_status == 0 ? COLUMNS_OVER : COLUMNS_BAD;
		snprintf(text, STATS_TEXT_MAX, "exited %d", record->exit_status);
		return;
	case RECORD_LOST:
		ret->tone = COLUMNS_BAD;
		break;
	}
	snprintf(text, STATS_TEXT_MAX, "%s", word);
}

void columns_fill(const struct model_row *row, enum stats_period period, struct columns_row *ret)
{
	const struct sample *now = row->now;
	const struct record *record = now->record;
	struct stats_row stats;

	*ret = (struct columns_row){ 0 };
	stats_row_fill(now, row->before, period, true, &stats);
	fill_status(record, ret);
	snprintf(ret->text[COLUMN_NAME], STATS_TEXT_MAX, "%s", record->name);
	snprintf(ret->text[COLUMN_RESTARTS], STATS_TEXT_MAX, "%" PRIu64, record->restarts);
	if (record->status == RECORD_RUNNING && record->started_ns > 0 && now->taken_ns >= record->started_ns)
		columns_duration((now->taken_ns - record->started_ns) / 1000000000, ret->text[COLUMN_UP],
				 STATS_TEXT_MAX);
	else
		snprintf(ret->text[COLUMN_UP], STATS_TEXT_MAX, "--");
	memcpy(ret->text[COLUMN_CPU], stats.text[STATS_CPU], STATS_TEXT_MAX);
	memcpy(ret->text[COLUMN_MEMORY], stats.text[STATS_MEMORY], STATS_TEXT_MAX);
	memcpy(ret->text[COLUMN_PIDS], stats.text[STATS_PIDS], STATS_TEXT_MAX);
	memcpy(ret->text[COLUMN_NETWORK], stats.text[STATS_NETWORK], STATS_TEXT_MAX);
	memcpy(ret->text[COLUMN_BLOCK], stats.text[STATS_BLOCK], STATS_TEXT_MAX);
	memcpy(ret->text[COLUMN_DENIED], stats.text[STATS_DENIED], STATS_TEXT_MAX);
}

static double memory_share(const struct model_row *row)
{
	return row->memory >= 0 && row->memory_limit > 0 ? row->memory / row->memory_limit : -1;
}

enum columns_tone columns_memory_tone(const struct model_row *row)
{
	const double share = memory_share(row);

	return share >= 0.9 ? COLUMNS_BAD : share >= 0.7 ? COLUMNS_WAITING : COLUMNS_GOOD;
}

/* The highest value, at least @least: noise of an idle service must not look like load. */
static double highest(const struct model_history *history, double least)
{
	double most = least;

	for (size_t i = 0; i < history->n; i++)
		if ((double)history->values[i] > most)
			most = (double)history->values[i];
	return most;
}

void columns_picture(struct cells *ret, const struct model_row *row, enum column column, int width, bool utf8)
{
	const struct model_history *history = &row->memory_history;

	if (column == COLUMN_MEMORY_BAR) {
		sparkline_bar(ret, memory_share(row), width, utf8);
		return;
	}
	if (column == COLUMN_CPU_HISTORY) {
		history = &row->cpu_history;
		sparkline_fill(ret, history->values, history->n, highest(history, 10), width, utf8);
		return;
	}
	sparkline_fill(ret, history->values, history->n,
		       row->limited ? row->memory_limit : highest(history, 1024 * 1024), width, utf8);
}

static bool is_picture(enum column column)
{
	return column == COLUMN_CPU_HISTORY || column == COLUMN_MEMORY_BAR || column == COLUMN_MEMORY_HISTORY;
}

/* What a terminal must not get goes before the widths are reckoned. */
static void escape_row(struct columns_row *row)
{
	char escaped[STATS_TEXT_MAX];

	for (enum column column = 0; column < COLUMNS; column++) {
		str_escape(escaped, sizeof(escaped), row->text[column]);
		memcpy(row->text[column], escaped, sizeof(escaped));
	}
}

static void print_row(FILE *out, const struct columns_row *row, const size_t width[COLUMNS])
{
	for (enum column column = 0; column < COLUMNS; column++) {
		if (is_picture(column))
			continue;
		if (column + 1 == COLUMNS)
			fprintf(out, "%s\n", row->text[column]);
		else
			fprintf(out, "%-*s", (int)width[column] + PLAIN_GAP, row->text[column]);
	}
}

int columns_print(FILE *out, const struct model *model, enum stats_period period, struct error *err)
{
	struct columns_row *rows = calloc(model->n_shown + 1, sizeof(*rows));
	size_t width[COLUMNS] = { 0 };

	if (!rows)
		return error_set(err, ENOMEM, "print %zu services", model->n_shown);
	for (enum column column = 0; column < COLUMNS; column++)
		snprintf(rows[0].text[column], STATS_TEXT_MAX, "%s", kinds[column].title);
	for (size_t i = 0; i < model->n_shown; i++) {
		columns_fill(&model->rows[model->shown[i]], period, &rows[i + 1]);
		escape_row(&rows[i + 1]);
	}
	for (size_t i = 0; i <= model->n_shown; i++)
		for (enum column column = 0; column < COLUMNS; column++)
			if (strlen(rows[i].text[column]) > width[column])
				width[column] = strlen(rows[i].text[column]);
	for (size_t i = 0; i <= model->n_shown; i++)
		print_row(out, &rows[i], width);
	free(rows);
	return 0;
}
