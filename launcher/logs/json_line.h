/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The pieces of one line of a json-file log, byte for byte as dockerd writes them:
 *
 *	{"log":"…\n","stream":"stdout","attrs":{…},"time":"2016-10-06T00:17:09.669794202Z"}
 *
 * A JSON generator does not give this: dockerd escapes < > & and what is not UTF-8 in its
 * own way, and readers compare bytes.
 */
#include <stddef.h>
#include <time.h>

#include "base/macro.h"
#include "profiles/spec.h"

enum {
	JSON_LINE_GROWTH = 6,     /* bytes that one byte becomes at most: \u0000 */
	JSON_LINE_TIME_SIZE = 30, /* 2016-10-06T00:17:09.669794202Z, no NUL */
};

/* The current time as text; the second is only formatted when it changes. */
struct json_clock {
	time_t second;
	char text[JSON_LINE_TIME_SIZE];
};

/** json_line_clock() - set @clock to @now: UTC, RFC 3339, always nine digits. Years 1970 to 9999. */
void json_line_clock(struct json_clock *clock, const struct timespec *now);

/**
 * json_line_escape() - the inside of a JSON string, as dockerd escapes log text
 * @out: room for @size * JSON_LINE_GROWTH bytes; no NUL is written
 *
 * Each byte that does not belong to a valid UTF-8 sequence within @text becomes \ufffd.
 * Return: bytes written to @out, never less than @size.
 */
size_t json_line_escape(char *out, const unsigned char *text, size_t size) _must_check_;

/**
 * json_line_attrs() - the "attrs" member with its comma, keys sorted by their bytes
 *
 * Return: to be freed with free(3); "" without pairs; NULL when memory is exhausted.
 */
char *json_line_attrs(const struct spec_pairs *pairs) _must_check_;
