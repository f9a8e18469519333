/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The columns of the table: what stands in them, how wide they are, and which ones a terminal has room for.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "launcher/service/stats_row.h"

struct cells;
struct error;
struct model;
struct model_row;

enum column {
	COLUMN_NAME,
	COLUMN_STATUS,
	COLUMN_UP,
	COLUMN_RESTARTS,
	COLUMN_CPU,
	COLUMN_CPU_HISTORY, /* pictures, empty in the plain table */
	COLUMN_MEMORY,
	COLUMN_MEMORY_BAR,
	COLUMN_MEMORY_HISTORY,
	COLUMN_PIDS,
	COLUMN_NETWORK,
	COLUMN_BLOCK,
	COLUMN_DENIED,
	COLUMNS,
};

struct columns {
	int width[COLUMNS]; /* 0: no room for it */
	int gap;            /* between two of them */
};

/* How a status is to be looked at. */
enum columns_tone { COLUMNS_PLAIN, COLUMNS_GOOD, COLUMNS_WAITING, COLUMNS_BAD, COLUMNS_OVER };

struct columns_row {
	char text[COLUMNS][STATS_TEXT_MAX]; /* "" in the pictures */
	enum columns_tone tone;
};

/** columns_title() - Return: the heading. */
const char *columns_title(enum column column);

/** columns_right() - Return: whether the column stands flush right. */
bool columns_right(enum column column);

/**
 * columns_fit() - choose columns for a terminal, the most wanted ones first
 * @name_width: of the longest name
 */
void columns_fit(struct columns *ret, int width, int name_width);

/** columns_fill() - the texts of a row; they may hold anything that a record holds. */
void columns_fill(const struct model_row *row, enum stats_period period, struct columns_row *ret);

/** columns_picture() - the sparkline or the bar of a column that has one; @width columns. */
void columns_picture(struct cells *ret, const struct model_row *row, enum column column, int width,
		     bool utf8);

/** columns_memory_tone() - Return: how the use of the memory limit is to be looked at. */
enum columns_tone columns_memory_tone(const struct model_row *row);

/**
 * columns_print() - the rows that are shown as a plain table with all columns but the pictures
 *
 * Return: 0, or -ENOMEM with *err filled.
 */
int columns_print(FILE *out, const struct model *model, enum stats_period period, struct error *err);

/** columns_duration() - "12s", "3m05s", "2h14m", "5d03h". Return: @buffer. */
const char *columns_duration(uint64_t seconds, char *buffer, size_t size);
