/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The lines of one file, forwards from any place (also of a gzipped file, from its begin) or
 * backwards from its end. Memory is bounded: a line of more than LOG_LINE_MAX bytes, which no writer
 * of logs makes, is passed over.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct error;

enum { LOG_LINE_MAX = 1024 * 1024 };

enum log_lines_result {
	LOG_LINES_END,      /* there is no whole line at present */
	LOG_LINES_LINE,     /* here is one */
	LOG_LINES_OVERLONG, /* one was passed over */
};

struct log_line {
	const char *text; /* valid until the next call */
	size_t size;      /* without the newline */
	uint64_t offset;  /* in the (uncompressed) file */
};

struct log_lines;

/**
 * log_lines_open() - read the lines of @fd from its begin
 * @fd: a regular file; taken over, also by a failure
 *
 * Return: 0, or -errno with *err filled.
 */
int log_lines_open(int fd, bool gzipped, struct log_lines **ret, struct error *err) _must_check_;

/** log_lines_free() - NULL is allowed. Return: NULL. */
struct log_lines *log_lines_free(struct log_lines *lines);

static inline void log_lines_freep(struct log_lines **lines)
{
	*lines = log_lines_free(*lines);
}
#define _cleanup_log_lines_ _cleanup_(log_lines_freep)

/** log_lines_fd() - Return: the file, still owned by @lines. */
int log_lines_fd(const struct log_lines *lines);

/** log_lines_seek() - go on at @offset, the begin of a line; only for a file that is not gzipped. */
void log_lines_seek(struct log_lines *lines, uint64_t offset);

/**
 * log_lines_next() - the next line
 *
 * At the end of a file that grows it can be called again. Return: an enum log_lines_result, or
 * -errno: the file can't be read on (-EBADMSG: a gzipped one is damaged or cut off).
 */
int log_lines_next(struct log_lines *lines, struct log_line *ret) _must_check_;

/** log_lines_offset() - Return: where the next line begins. */
uint64_t log_lines_offset(const struct log_lines *lines);

/** log_lines_rest() - Return: bytes at the end that have no newline yet. */
size_t log_lines_rest(const struct log_lines *lines);

/* Backwards. */
struct log_lines_back;

/**
 * log_lines_back_open() - read the lines of @fd from the last newline to the begin
 * @fd: stays the caller's; not gzipped
 *
 * What stands behind the last newline is no line yet. Return: 0, or -errno with *err filled.
 */
int log_lines_back_open(int fd, struct log_lines_back **ret, struct error *err) _must_check_;

struct log_lines_back *log_lines_back_free(struct log_lines_back *back);

static inline void log_lines_back_freep(struct log_lines_back **back)
{
	*back = log_lines_back_free(*back);
}
#define _cleanup_log_lines_back_ _cleanup_(log_lines_back_freep)

/** log_lines_back_end() - Return: the offset behind the last whole line. */
uint64_t log_lines_back_end(const struct log_lines_back *back);

/** log_lines_back_next() - the line before. As log_lines_next(); LOG_LINES_END: the file's begin. */
int log_lines_back_next(struct log_lines_back *back, struct log_line *ret) _must_check_;
