/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_time.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { FRACTION_DIGITS = 9, SECONDS_A_DAY = 86400 };

/* What is left of the text. */
struct cursor {
	const char *at, *end;
};

/* A date as it was written. */
struct moment {
	int year, month, day, hour, minute, second;
	int64_t fraction_ns;
	bool zoned;
	int offset_seconds; /* east of Greenwich */
};

static bool take(struct cursor *cursor, char wanted)
{
	if (cursor->at == cursor->end || *cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

static bool take_number(struct cursor *cursor, int digits, int *ret)
{
	int value = 0;

	if (cursor->end - cursor->at < digits)
		return false;
	while (digits-- > 0) {
		unsigned int digit = (unsigned int)(*cursor->at++ - '0');

		if (digit > 9)
			return false;
		value = value * 10 + (int)digit;
	}
	*ret = value;
	return true;
}

/* What follows a decimal point, in billionths: "5" is 500000000. */
static bool take_fraction(struct cursor *cursor, int64_t *ret)
{
	int64_t value = 0;
	int digits = 0;

	for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++, digits++)
		if (digits < FRACTION_DIGITS)
			value = value * 10 + (*cursor->at - '0');
	for (int i = digits; i < FRACTION_DIGITS; i++)
		value *= 10;
	*ret = value;
	return digits > 0;
}

static bool take_zone(struct cursor *cursor, struct moment *moment)
{
	int hours, minutes, sign;

	moment->zoned = true;
	if (take(cursor, 'Z') || take(cursor, 'z'))
		return true;
	sign = take(cursor, '+') ? 1 : take(cursor, '-') ? -1 : 0;
	if (!sign || !take_number(cursor, 2, &hours) || !take(cursor, ':') ||
	    !take_number(cursor, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	moment->offset_seconds = sign * (hours * 60 + minutes) * 60;
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool take_date(struct cursor *cursor, struct moment *moment)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return take_number(cursor, 4, &moment->year) && take(cursor, '-') &&
	       take_number(cursor, 2, &moment->month) && take(cursor, '-') &&
	       take_number(cursor, 2, &moment->day) && moment->month >= 1 && moment->month <= 12 &&
	       moment->day >= 1 &&
	       moment->day <= lengths[moment->month - 1] + (moment->month == 2 && is_leap(moment->year));
}

/* Second 60 is a leap second, which the kernel's clock does not have: it becomes the next one's begin. */
static bool take_second(struct cursor *cursor, struct moment *moment)
{
	return take_number(cursor, 2, &moment->second) && moment->second <= 60 &&
	       (!take(cursor, '.') || take_fraction(cursor, &moment->fraction_ns));
}

static bool take_minute(struct cursor *cursor, struct moment *moment)
{
	return take_number(cursor, 2, &moment->hour) && moment->hour <= 23 && take(cursor, ':') &&
	       take_number(cursor, 2, &moment->minute) && moment->minute <= 59;
}

/* Days since 1970 in the Gregorian calendar; years are counted from March, so that a leap day ends one. */
static int64_t days_of(int year, int month, int day)
{
	int64_t from_march = month > 2 ? month - 3 : month + 9, years = month > 2 ? year : year - 1;
	int64_t day_of_year = (153 * from_march + 2) / 5 + day - 1;

	/* 719468 days lie between the 1st of March of year 0 and 1970. */
	return years * 365 + years / 4 - years / 100 + years / 400 + day_of_year - 719468;
}

static int to_ns(int64_t seconds, int64_t fraction_ns, int64_t *ret_ns)
{
	int64_t ns;

	if (__builtin_mul_overflow(seconds, LOG_TIME_SECOND, &ns) ||
	    __builtin_add_overflow(ns, fraction_ns, &ns))
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}

static int moment_ns(const struct moment *moment, int64_t *ret_ns)
{
	int64_t seconds = days_of(moment->year, moment->month, moment->day) * SECONDS_A_DAY +
			  moment->hour * 3600 + moment->minute * 60 + moment->second - moment->offset_seconds;

	return to_ns(seconds, moment->fraction_ns, ret_ns);
}

int log_time_parse(const char *text, size_t size, int64_t *ret_ns)
{
	struct cursor cursor = { text, text + size };
	struct moment moment = { 0 };

	if (!take_date(&cursor, &moment) || !(take(&cursor, 'T') || take(&cursor, 't')) ||
	    !take_minute(&cursor, &moment) || !take(&cursor, ':') || !take_second(&cursor, &moment) ||
	    !take_zone(&cursor, &moment) || cursor.at != cursor.end)
		return -EINVAL;
	return moment_ns(&moment, ret_ns);
}

static int local_ns(const struct moment *moment, int64_t *ret_ns)
{
	struct tm tm = {
		.tm_year = moment->year - 1900,
		.tm_mon = moment->month - 1,
		.tm_mday = moment->day,
		.tm_hour = moment->hour,
		.tm_min = moment->minute,
		.tm_sec = moment->second,
		.tm_isdst = -1,
		.tm_wday = -1, /* set by mktime(3) if it succeeds: -1 is a time, too */
	};
	time_t seconds = mktime(&tm);

	if (tm.tm_wday < 0)
		return -ERANGE;
	return to_ns(seconds, moment->fraction_ns, ret_ns);
}

static int parse_date(const char *text, int64_t *ret_ns)
{
	struct cursor cursor = { text, text + strlen(text) };
	struct moment moment = { 0 };

	if (!take_date(&cursor, &moment))
		return -EINVAL;
	if (take(&cursor, 'T') || take(&cursor, 't') || take(&cursor, ' ')) {
		struct cursor hour = cursor;

		if (!take_minute(&cursor, &moment)) { /* "2026-01-31T15" */
			cursor = hour;
			if (!take_number(&cursor, 2, &moment.hour) || moment.hour > 23)
				return -EINVAL;
		} else if (take(&cursor, ':') && !take_second(&cursor, &moment)) {
			return -EINVAL;
		}
	}
	if (cursor.at != cursor.end && !take_zone(&cursor, &moment))
		return -EINVAL;
	if (cursor.at != cursor.end)
		return -EINVAL;
	return moment.zoned ? moment_ns(&moment, ret_ns) : local_ns(&moment, ret_ns);
}

/* Digits with a fraction. Return: 1: taken, 0: there is none, -ERANGE. */
static int take_decimal(struct cursor *cursor, int64_t *ret_whole, int64_t *ret_billionths)
{
	const char *begin = cursor->at;

	*ret_whole = *ret_billionths = 0;
	for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++)
		if (__builtin_mul_overflow(*ret_whole, 10, ret_whole) ||
		    __builtin_add_overflow(*ret_whole, *cursor->at - '0', ret_whole))
			return -ERANGE;
	if (cursor->at == begin)
		return 0;
	return !take(cursor, '.') || take_fraction(cursor, ret_billionths);
}

static int parse_unix(const char *text, int64_t *ret_ns)
{
	struct cursor cursor = { text, text + strlen(text) };
	int64_t seconds, fraction;
	int r = take_decimal(&cursor, &seconds, &fraction);

	if (r < 0)
		return r;
	if (r == 0 || cursor.at != cursor.end)
		return -EINVAL;
	return to_ns(seconds, fraction, ret_ns);
}

static int64_t take_unit(struct cursor *cursor)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		/* "ms" before "m" */
		{ "ns", 1 },
		{ "us", 1000 },
		{ "\xc2\xb5s", 1000 }, /* the micro sign and the Greek letter, as Go has both */
		{ "\xce\xbcs", 1000 },
		{ "ms", 1000000 },
		{ "s", LOG_TIME_SECOND },
		{ "m", 60 * LOG_TIME_SECOND },
		{ "h", 3600 * LOG_TIME_SECOND },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t length = strlen(units[i].name);

		if ((size_t)(cursor->end - cursor->at) >= length &&
		    memcmp(cursor->at, units[i].name, length) == 0) {
			cursor->at += length;
			return units[i].ns;
		}
	}
	return 0;
}

static int parse_duration(const char *text, int64_t *ret_ns)
{
	struct cursor cursor = { text, text + strlen(text) };
	int64_t total = 0;

	if (*text == '\0')
		return -EINVAL;
	while (cursor.at < cursor.end) {
		int64_t whole, billionths, unit, part;
		int r = take_decimal(&cursor, &whole, &billionths);

		if (r < 0)
			return r;
		unit = r == 0 ? 0 : take_unit(&cursor);
		if (unit == 0)
			return -EINVAL;
		if (__builtin_mul_overflow(whole, unit, &part) || __builtin_add_overflow(total, part, &total))
			return -ERANGE;
		part = (int64_t)((__int128)billionths * unit / LOG_TIME_SECOND);
		if (__builtin_add_overflow(total, part, &total))
			return -ERANGE;
	}
	*ret_ns = total;
	return 0;
}

int log_time_parse_option(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	int64_t duration_ns;
	int r = parse_unix(text, ret_ns);

	if (r != -EINVAL)
		return r;
	r = parse_duration(text, &duration_ns);
	if (r == 0)
		return __builtin_sub_overflow(now_ns, duration_ns, ret_ns) ? -ERANGE : 0;
	return r == -EINVAL ? parse_date(text, ret_ns) : r;
}

void log_time_format(int64_t ns, char ret[static JSON_LINE_TIME_SIZE])
{
	const struct timespec time = {
		.tv_sec = ns < 0 ? 0 : ns / LOG_TIME_SECOND,
		.tv_nsec = ns < 0 ? 0 : ns % LOG_TIME_SECOND,
	};
	struct json_clock clock = { 0 };

	json_line_clock(&clock, &time);
	memcpy(ret, clock.text, JSON_LINE_TIME_SIZE);
}

int64_t log_time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * LOG_TIME_SECOND + now.tv_nsec;
}
