/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The events of many services as one, by time: each service's older file, then its present one, also while
 * it is written to and rotated. Lines that are none of ours are passed over.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "launcher/logs/json_line.h"
#include "launcher/service/events.h"

struct error;
struct event_reader;

struct event_reader_line {
	const char *text; /* without its newline, NUL-terminated; valid until the next call */
	size_t size;
	char time[JSON_LINE_TIME_SIZE + 1]; /* texts of this form compare as the times do */
};

/** event_reader_new() - Return: a reader of no file; NULL when memory is exhausted. */
struct event_reader *event_reader_new(void) _must_check_;

/** event_reader_free() - NULL is allowed. Return: NULL. */
struct event_reader *event_reader_free(struct event_reader *reader);

static inline void event_reader_freep(struct event_reader **reader)
{
	*reader = event_reader_free(*reader);
}
#define _cleanup_event_reader_ _cleanup_(event_reader_freep)

/**
 * event_reader_add() - read this file, too, which need not exist yet
 *
 * Return: 1: it is new to the reader; 0: it is there already; -errno with *err filled.
 */
int event_reader_add(struct event_reader *reader, const char *path, struct error *err) _must_check_;

/**
 * event_reader_add_below() - add what is in <log_dir>/NAME/NAME-events.jsonl, for every NAME
 *
 * Return: 0, also without the directory, or -errno with *err filled.
 */
int event_reader_add_below(struct event_reader *reader, const char *log_dir, struct error *err) _must_check_;

/**
 * event_reader_next() - the oldest line that was not read yet
 *
 * Return: 1 with *ret; 0: there is none for now; -errno with *err filled: too many files are open.
 */
int event_reader_next(struct event_reader *reader, struct event_reader_line *ret, struct error *err)
	_must_check_;

/**
 * event_reader_each() - the present files, for watching them
 *
 * @see gets each; its negative return ends the loop and is returned.
 */
int event_reader_each(const struct event_reader *reader, int (*see)(void *arg, const char *path), void *arg);
