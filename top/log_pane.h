/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The last lines of one service's log, and what comes to it. Of a log that grows faster than anybody can
 * read only its newest part is looked at; gzipped files are never opened.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "launcher/logs/log_writer.h"

struct error;
struct log_pane;
struct record;

enum {
	LOG_PANE_LINES = 256,
	LOG_PANE_TEXT_MAX = 1024, /* bytes that are kept of a line */
	LOG_PANE_PAUSE_MS = 100,  /* between two looks at a log that grows */
};

struct log_pane_line {
	char time[9]; /* "12:34:56", local; "" */
	enum log_stream stream;
	bool ended; /* the workload has ended the line */
	size_t size;
	char text[LOG_PANE_TEXT_MAX]; /* as the workload wrote it: not harmless */
};

/** log_pane_new() - Return: 0 with *ret, or -errno with *err filled. */
int log_pane_new(struct log_pane **ret, struct error *err) _must_check_;

/** log_pane_free() - NULL is allowed. Return: NULL. */
struct log_pane *log_pane_free(struct log_pane *pane);

/** log_pane_fd() - Return: readable when the log may have grown; log_pane_drain() then. The pane's. */
int log_pane_fd(const struct log_pane *pane);

/** log_pane_drain() - forget that something happened; somebody will call log_pane_refresh(). */
void log_pane_drain(struct log_pane *pane);

/**
 * log_pane_watch() - show the log of this service from now on; NULL: of none
 *
 * Does nothing when it is shown already. What hinders it is told by log_pane_note().
 */
void log_pane_watch(struct log_pane *pane, const struct record *record);

/** log_pane_refresh() - read what is new. Return: whether there was anything. */
bool log_pane_refresh(struct log_pane *pane);

/** log_pane_count() - Return: how many lines there are, at most LOG_PANE_LINES. */
size_t log_pane_count(const struct log_pane *pane);

/** log_pane_line() - Return: the line @back lines before the last one, below log_pane_count(). */
const struct log_pane_line *log_pane_line(const struct log_pane *pane, size_t back);

/** log_pane_note() - Return: why there are no lines, "" when nothing is known. */
const char *log_pane_note(const struct log_pane *pane);
