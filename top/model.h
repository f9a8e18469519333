/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is shown, without how: one row for each service, its last numbers, which rows pass the filter, in
 * which order, and which one is selected. Pure: it reads nothing but what it is given.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/service/record.h"

struct error;
struct sample;

enum { MODEL_HISTORY = 60, MODEL_FILTER_MAX = 64 };

enum model_sort {
	MODEL_BY_NAME, /* upwards; the others downwards */
	MODEL_BY_CPU,
	MODEL_BY_MEMORY,
	MODEL_BY_RESTARTS,
	MODEL_BY_PIDS,
};

struct model_history {
	float values[MODEL_HISTORY]; /* the oldest first; negative: unknown */
	size_t n;
};

struct model_row {
	const struct sample *now, *before; /* before: NULL, or the previous reading of the same run */
	double cpu;                        /* per cent of one core since before; negative: unknown */
	double memory;                     /* bytes, the working set; negative: unknown */
	double memory_limit;               /* the service's, or what the machine has */
	bool limited;                      /* memory_limit is the service's */
	uint64_t new_events;               /* since the previous reading; of a new row: 1, if there are any */
	struct model_history cpu_history, memory_history;
};

struct model {
	struct model_row *rows; /* by name */
	size_t n;
	size_t *shown; /* indexes into rows, as they are shown */
	size_t n_shown;
	enum model_sort sort;
	bool reversed;
	bool alive_only;
	char filter[MODEL_FILTER_MAX];  /* a part of the name; "": all */
	char selected[RECORD_NAME_MAX]; /* "": none is shown */
	size_t at;                      /* its place in shown */
};

struct model_totals {
	size_t services, running, unhealthy, restarting, failed; /* failed: ended other than by 0, or lost */
	double cpu, memory; /* memory: negative where no service's is known */
};

/**
 * model_update() - take over a new reading of all services
 * @samples: by name, each name once; they stay the caller's, and must live until the call after the next one
 *
 * Return: 0, or -ENOMEM with *err filled; the model is as it was then.
 */
int model_update(struct model *model, const struct sample *samples, size_t n, struct error *err) _must_check_;

/** model_clear() - free what it holds. */
void model_clear(struct model *model);

/** model_arrange() - reckon anew what is shown, after filter or alive_only changed. */
void model_arrange(struct model *model);

/** model_sort_by() - sort by @sort; if it already is, the other way round. */
void model_sort_by(struct model *model, enum model_sort sort);

/** model_move() - select the row @by further down (negative: up), at most the last one. */
void model_move(struct model *model, long by);

/** model_selected() - Return: the selected row, NULL when none is shown. */
const struct model_row *model_selected(const struct model *model);

/** model_total() - sums over all services, whether they are shown or not. */
void model_total(const struct model *model, struct model_totals *ret);
