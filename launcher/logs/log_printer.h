/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * From entries to lines on stdout and stderr. A line that came in pieces is put together, up to
 * LOG_PRINTER_JOIN bytes of it; what is longer is judged by these and then passed on piece by piece.
 */
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/logs/log_entry.h"
#include "launcher/logs/log_lines.h"

enum { LOG_PRINTER_JOIN = 1024 * 1024 };

struct log_printer_options {
	bool timestamps, details;
	bool json;              /* the objects themselves, all to out_fd */
	const regex_t *pattern; /* only lines that match; NULL: all */
	int out_fd, err_fd;
};

struct log_printer;

/** log_printer_new() - Return: a printer, NULL when memory is exhausted. @options must stay. */
struct log_printer *log_printer_new(const struct log_printer_options *options) _must_check_;

/** log_printer_free() - NULL is allowed; writes nothing. Return: NULL. */
struct log_printer *log_printer_free(struct log_printer *printer);

static inline void log_printer_freep(struct log_printer **printer)
{
	*printer = log_printer_free(*printer);
}
#define _cleanup_log_printer_ _cleanup_(log_printer_freep)

/** log_printer_matches() - Return: whether there is a pattern: lines can only be counted by reading them. */
bool log_printer_matches(const struct log_printer *printer);

/** log_printer_count() - from now on only count the lines that would be shown; or show them again. */
void log_printer_count(struct log_printer *printer, bool on);

/** log_printer_counted() - Return: lines that were counted. */
uint64_t log_printer_counted(const struct log_printer *printer);

/** log_printer_skip() - do not show the next @lines lines that match. */
void log_printer_skip(struct log_printer *printer, uint64_t lines);

/** log_printer_entry() - take the next entry, and the line that it stood in. 0, -ENOMEM, or -errno of
 * write(2).
 */
int log_printer_entry(struct log_printer *printer, const struct log_line *line, const struct log_entry *entry)
	_must_check_;

/** log_printer_idle() - nothing more for now: write all, begun lines too unless they must match. As above. */
int log_printer_idle(struct log_printer *printer) _must_check_;

/** log_printer_finish() - the end: what is begun is a line now. As above. */
int log_printer_finish(struct log_printer *printer) _must_check_;
