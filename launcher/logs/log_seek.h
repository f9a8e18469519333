/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where to begin: of a log of a gigabyte the last ten lines, or those since five minutes ago, are
 * found without reading the rest.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/logs/log_filter.h"
#include "launcher/logs/log_set.h"

struct error;

#define LOG_SEEK_ALL UINT64_MAX

struct log_start {
	bool found;           /* false: the log has no file yet */
	struct log_slot slot; /* the file to begin with */
	uint64_t offset;      /* in it */
	uint64_t skip;        /* lines that are wanted by the filter, but are before the last ones */
};

/**
 * log_seek_start() - find the begin of the last @lines lines that @filter takes
 * @lines: LOG_SEEK_ALL: no such bound
 *
 * Files that end before the filter begins are not opened but for their header; plain files are searched by
 * halves for the filter's begin, and read backwards for the last lines. Only gzipped files are read whole.
 * Return: 0, or -errno with *err filled.
 */
int log_seek_start(const struct log_set *set, const struct log_filter *filter, uint64_t lines,
		   struct log_start *ret, struct error *err) _must_check_;

/**
 * log_seek_time() - the offset of a line in @fd, before which all entries are older than @since_ns
 *
 * Return: 0 or -errno.
 */
int log_seek_time(int fd, uint64_t size, int64_t since_ns, uint64_t *ret_offset) _must_check_;
