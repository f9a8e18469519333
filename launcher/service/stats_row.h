/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One line of `kapsel stats`: the texts of its columns from one or two readings, written as Docker
 * writes them, so that what reads `docker stats` reads this.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct sample;

enum stats_column {
	STATS_ID,
	STATS_NAME,
	STATS_CPU,
	STATS_MEMORY,
	STATS_MEMORY_SHARE,
	STATS_NETWORK,
	STATS_BLOCK,
	STATS_PIDS,
	STATS_USUAL_COLUMNS, /* those above are always shown, those below on request */
	STATS_THROTTLED = STATS_USUAL_COLUMNS,
	STATS_PSI,
	STATS_OOM,
	STATS_DENIED,
	STATS_COLUMNS,
};

enum { STATS_TEXT_MAX = 88 };

struct stats_heading {
	const char *title; /* "CPU %" */
	const char *key;   /* Docker's key in JSON: "CPUPerc" */
	const char *word;  /* in --format and --columns: "cpu" */
};

extern const struct stats_heading stats_headings[STATS_COLUMNS];

struct stats_row {
	char text[STATS_COLUMNS][STATS_TEXT_MAX];
};

/* How shares of time are reckoned. */
enum stats_period {
	STATS_SINCE_START,   /* one reading: the average since the start of this run */
	STATS_SINCE_READING, /* two readings; without the first one the shares are unknown */
};

/**
 * stats_row_fill() - the texts of a reading; what is not known is "--"
 * @before: an earlier reading of the same service, or NULL
 * @truncate: cut the id to 12 digits
 */
void stats_row_fill(const struct sample *sample, const struct sample *before, enum stats_period period,
		    bool truncate, struct stats_row *ret);

/** stats_parts() - Return: enum usage_part and sample_part that columns need. @columns: bits by enum
 * stats_column. */
unsigned int stats_parts(unsigned int columns);

/** stats_bytes() - "21.5MiB" (@base 1024, four digits) or "1.2kB" (1000, three). Return: @buffer. */
const char *stats_bytes(uint64_t bytes, unsigned int base, char *buffer, size_t size);
