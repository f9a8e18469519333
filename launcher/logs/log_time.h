/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Points in time of a log: those that its entries bear, and those that a user names. All are
 * nanoseconds since 1970 in UTC, from 1678 to 2262.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/logs/json_line.h"

#define LOG_TIME_MIN    INT64_MIN
#define LOG_TIME_MAX    INT64_MAX
#define LOG_TIME_SECOND INT64_C(1000000000)

/**
 * log_time_parse() - an entry's time: RFC 3339, any number of digits in the fraction, Z or an offset
 * @text, @size: the whole of it and nothing else
 *
 * Digits beyond the ninth are cut off. Return: 0, -EINVAL, or -ERANGE for a year that does not fit.
 */
int log_time_parse(const char *text, size_t size, int64_t *ret_ns) _must_check_;

/**
 * log_time_parse_option() - what stands after --since and --until, in docker's forms
 * @text: Unix seconds with a fraction ("1700000000.5"), a duration before @now_ns in Go's form
 *        ("1m30s", "2h", "1.5h"), or a date with as much of the time as wanted ("2026-01-31",
 *        "2026-01-31T15:04", "2026-01-31T15:04:05.5+02:00"); without an offset in the local zone
 *
 * Return: 0, -EINVAL, or -ERANGE.
 */
int log_time_parse_option(const char *text, int64_t now_ns, int64_t *ret_ns) _must_check_;

/** log_time_format() - UTC with nine digits, no NUL; before 1970 it is 1970. */
void log_time_format(int64_t ns, char ret[static JSON_LINE_TIME_SIZE]);

/** log_time_now() - Return: the present (CLOCK_REALTIME). */
int64_t log_time_now(void);
