/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/service/sample.h"

static void history_push(struct model_history *history, double value)
{
	if (history->n == MODEL_HISTORY) {
		memmove(history->values, history->values + 1, sizeof(float) * (MODEL_HISTORY - 1));
		history->n--;
	}
	history->values[history->n++] = (float)value;
}

static double cpu_between(const struct sample *now, const struct sample *before)
{
	uint64_t used, us;

	if (!before || !usage_known(now->usage.cpu_usage_us) || !usage_known(before->usage.cpu_usage_us))
		return -1;
	if (now->taken_us <= before->taken_us || now->usage.cpu_usage_us < before->usage.cpu_usage_us)
		return -1;
	used = now->usage.cpu_usage_us - before->usage.cpu_usage_us;
	us = now->taken_us - before->taken_us;
	return (double)used / (double)us * 100;
}

/* @old: the row of the same name, or NULL. */
static void fill_row(struct model_row *row, const struct sample *now, const struct model_row *old)
{
	const uint64_t used = usage_working_set(&now->usage);
	uint64_t limit = now->usage.memory_max_bytes;

	*row = (struct model_row){ .now = now, .limited = usage_known(limit) };
	row->new_events = now->counters.events > 0;
	if (old && str_equal(old->now->record->id, now->record->id)) {
		row->new_events = now->counters.events - old->now->counters.events;
		row->cpu_history = old->cpu_history;
		row->memory_history = old->memory_history;
		/* Started again in between: the group and its numbers are new. */
		if (old->now->record->started_ns == now->record->started_ns)
			row->before = old->now;
	}
	if (limit == USAGE_NO_LIMIT)
		limit = sample_host_memory();
	row->cpu = cpu_between(now, row->before);
	row->memory = usage_known(used) ? (double)used : -1;
	row->memory_limit = usage_known(limit) ? (double)limit : -1;
	history_push(&row->cpu_history, row->cpu);
	history_push(&row->memory_history, row->memory);
}

int model_update(struct model *model, const struct sample *samples, size_t n, struct error *err)
{
	struct model_row *rows = calloc(n + 1, sizeof(*rows));
	size_t *shown = calloc(n + 1, sizeof(*shown));
	size_t old = 0;

	if (!rows || !shown) {
		free(rows);
		free(shown);
		return error_set(err, ENOMEM, "keep %zu services", n);
	}
	/* Both are sorted by name. */
	for (size_t i = 0; i < n; i++) {
		const char *name = samples[i].record->name;

		while (old < model->n && strcmp(model->rows[old].now->record->name, name) < 0)
			old++;
		fill_row(&rows[i], &samples[i],
			 old < model->n && str_equal(model->rows[old].now->record->name, name)
				 ? &model->rows[old]
				 : NULL);
	}
	free(model->rows);
	free(model->shown);
	model->rows = rows;
	model->shown = shown;
	model->n = n;
	model_arrange(model);
	return 0;
}

void model_clear(struct model *model)
{
	free(model->rows);
	free(model->shown);
	*model = (struct model){ 0 };
}

static int compare_numbers(double a, double b)
{
	return a < b ? -1 : a > b;
}

static double threads_of(const struct model_row *row)
{
	return usage_known(row->now->usage.threads) ? (double)row->now->usage.threads : -1;
}

static int compare(const void *first, const void *second, void *arg)
{
	const struct model *model = arg;
	const struct model_row *a = &model->rows[*(const size_t *)first];
	const struct model_row *b = &model->rows[*(const size_t *)second];
	int by_name = strcmp(a->now->record->name, b->now->record->name), order = 0;

	switch (model->sort) {
	case MODEL_BY_NAME:
		return model->reversed ? -by_name : by_name;
	case MODEL_BY_CPU:
		order = compare_numbers(b->cpu, a->cpu);
		break;
	case MODEL_BY_MEMORY:
		order = compare_numbers(b->memory, a->memory);
		break;
	case MODEL_BY_RESTARTS:
		order = compare_numbers((double)b->now->record->restarts, (double)a->now->record->restarts);
		break;
	case MODEL_BY_PIDS:
		order = compare_numbers(threads_of(b), threads_of(a));
		break;
	}
	if (model->reversed)
		order = -order;
	return order ? order : by_name; /* equal rows must not dance */
}

static void select_at(struct model *model, size_t at)
{
	model->at = at;
	snprintf(model->selected, sizeof(model->selected), "%s",
		 model->n_shown > 0 ? model->rows[model->shown[at]].now->record->name : "");
}

void model_arrange(struct model *model)
{
	size_t at = model->at;

	model->n_shown = 0;
	for (size_t i = 0; i < model->n; i++) {
		const struct record *record = model->rows[i].now->record;

		if (model->alive_only && !record_alive(record))
			continue;
		if (strcasestr(record->name, model->filter))
			model->shown[model->n_shown++] = i;
	}
	qsort_r(model->shown, model->n_shown, sizeof(*model->shown), compare, model);
	for (size_t i = 0; i < model->n_shown; i++)
		if (str_equal(model->rows[model->shown[i]].now->record->name, model->selected))
			at = i;
	if (at >= model->n_shown)
		at = model->n_shown > 0 ? model->n_shown - 1 : 0;
	select_at(model, at);
}

void model_sort_by(struct model *model, enum model_sort sort)
{
	model->reversed = model->sort == sort && !model->reversed;
	model->sort = sort;
	model_arrange(model);
}

void model_move(struct model *model, long by)
{
	size_t at = model->at, up = by < 0 ? (size_t)-by : 0, down = by > 0 ? (size_t)by : 0;

	if (model->n_shown == 0)
		return;
	at -= up < at ? up : at;
	at += down < model->n_shown - 1 - at ? down : model->n_shown - 1 - at;
	select_at(model, at);
}

const struct model_row *model_selected(const struct model *model)
{
	return model->n_shown > 0 ? &model->rows[model->shown[model->at]] : NULL;
}

void model_total(const struct model *model, struct model_totals *ret)
{
	*ret = (struct model_totals){ .services = model->n, .memory = -1 };
	for (size_t i = 0; i < model->n; i++) {
		const struct model_row *row = &model->rows[i];
		const struct record *record = row->now->record;

		ret->running += record->status == RECORD_RUNNING;
		ret->restarting += record->status == RECORD_RESTARTING;
		ret->unhealthy += record->status == RECORD_RUNNING && record->health == RECORD_UNHEALTHY;
		ret->failed += record->status == RECORD_LOST ||
			       (record->status == RECORD_EXITED && record->exit_status != 0);
		ret->cpu += row->cpu > 0 ? row->cpu : 0;
		if (row->memory >= 0)
			ret->memory = (ret->memory > 0 ? ret->memory : 0) + row->memory;
	}
}
