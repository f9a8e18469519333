/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_time.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t parsed(const char *text)
{
	int64_t ns = -1;

	cr_assert(eq(int, log_time_parse(text, strlen(text), &ns), 0), "%s", text);
	return ns;
}

static int64_t option(const char *text)
{
	int64_t ns = -1;

	cr_assert(eq(int, log_time_parse_option(text, 10000 * LOG_TIME_SECOND, &ns), 0), "%s", text);
	return ns;
}

Test(reader_time, parses_what_entries_bear)
{
	cr_assert(eq(i64, parsed("1970-01-01T00:00:00Z"), 0));
	cr_assert(eq(i64, parsed("2016-10-06T00:17:09.669794202Z"), 1475713029669794202));
	cr_assert(eq(i64, parsed("2016-10-06T00:17:09.6Z"), 1475713029600000000));
	cr_assert(eq(i64, parsed("2016-10-06T02:17:09.000000001+02:00"), 1475713029000000001));
	cr_assert(eq(i64, parsed("2016-10-05T20:47:09-03:30"), 1475713029000000000));
	cr_assert(eq(i64, parsed("2016-10-06T00:17:09.6697942029999Z"), 1475713029669794202));
	cr_assert(eq(i64, parsed("2000-02-29T12:00:00Z"), 951825600 * LOG_TIME_SECOND));
	cr_assert(eq(i64, parsed("1969-12-31T23:59:59Z"), -LOG_TIME_SECOND));
	cr_assert(eq(i64, parsed("2262-04-11T23:47:16.854775807Z"), INT64_MAX));
}

Test(reader_time, agrees_with_the_c_library_on_every_day_of_four_centuries)
{
	char text[64];
	struct tm tm;

	for (time_t day = -100000; day < 46000; day += 7) {
		time_t second = day * 86400 + 3661;

		if (second < -9000000000)
			continue;
		gmtime_r(&second, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		cr_assert(eq(i64, parsed(text), second * LOG_TIME_SECOND), "%s", text);
	}
}

Test(reader_time, refuses_what_is_no_time)
{
	static const char *const bad[] = {
		"",
		"2016",
		"2016-10-06",
		"2016-10-06T00:17Z",
		"2016-10-06T00:17:09",
		"2016-10-06T00:17:09.Z",
		"2016-13-06T00:17:09Z",
		"2016-00-06T00:17:09Z",
		"2015-02-29T00:17:09Z",
		"1900-02-29T00:00:00Z",
		"2016-10-06T24:17:09Z",
		"2016-10-06T00:60:09Z",
		"2016-10-06T00:17:61Z",
		"2016-10-06T00:17:09ZZ",
		"2016-10-06T00:17:09+2:00",
		"2016-10-06T00:17:09+24:00",
		" 2016-10-06T00:17:09Z",
		"2016-10-06T00:17:09,5Z",
		"+016-10-06T00:17:09Z",
		"2016-10-06T00:17:09.-1Z",
	};
	int64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, log_time_parse(bad[i], strlen(bad[i]), &ns), -EINVAL), "%s", bad[i]);
	cr_assert(eq(int, log_time_parse("2263-01-01T00:00:00Z", 20, &ns), -ERANGE));
}

Test(reader_time, reads_exactly_the_bytes_that_it_was_given)
{
	int64_t ns;

	cr_assert(eq(int, log_time_parse("1970-01-01T00:00:01Zxx", 20, &ns), 0));
	cr_assert(eq(int, log_time_parse("1970-01-01T00:00:01Z", 19, &ns), -EINVAL));
}

Test(reader_time, takes_unix_seconds_with_a_fraction)
{
	cr_assert(eq(i64, option("0"), 0));
	cr_assert(eq(i64, option("1136073600"), 1136073600 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("1136073600.000000001"), 1136073600 * LOG_TIME_SECOND + 1));
	cr_assert(eq(i64, option("1.5"), 1500000000));
}

Test(reader_time, takes_durations_as_go_writes_them)
{
	cr_assert(eq(i64, option("1m30s"), 9910 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("2h"), 2800 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("1.5h"), 4600 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("100ms"), 9999900000000));
	cr_assert(eq(i64, option("3us"), 10000 * LOG_TIME_SECOND - 3000));
	cr_assert(eq(i64, option("3\xc2\xb5s"), 10000 * LOG_TIME_SECOND - 3000));
	cr_assert(eq(i64, option("7ns"), 10000 * LOG_TIME_SECOND - 7));
	cr_assert(eq(i64, option("0s"), 10000 * LOG_TIME_SECOND));
}

Test(reader_time, takes_dates_with_as_much_of_the_time_as_wanted)
{
	setenv("TZ", "UTC-2", 1); /* POSIX: two hours east */
	tzset();
	cr_assert(eq(i64, option("2016-10-06"), 1475704800 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("2016-10-06T02"), 1475712000 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("2016-10-06T02:17"), 1475713020 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("2016-10-06T02:17:09"), 1475713029 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("2016-10-06 02:17:09.5"), 1475713029500000000));
	cr_assert(eq(i64, option("2016-10-06T00:17:09Z"), 1475713029 * LOG_TIME_SECOND));
	cr_assert(eq(i64, option("2016-10-06T00:17:09.25+00:00"), 1475713029250000000));
	cr_assert(eq(i64, option("2016-10-06Z"), 1475712000 * LOG_TIME_SECOND));
}

Test(reader_time, refuses_options_that_are_none_of_these)
{
	static const char *const bad[] = {
		"",
		"x",
		"1d",
		"h",
		"1m30",
		"-5m",
		"1h-2m",
		"1.h",
		".5s",
		"2016-10",
		"2016-10-06T",
		"2016-10-06T1",
		"2016-10-06T02:17:",
		"2016-10-06T02:17:09+",
		"yesterday",
		"1700000000.",
		"1700000000.5.5",
		"2016-10-06X",
		"1 h",
		" 5m",
	};
	int64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, log_time_parse_option(bad[i], 0, &ns), -EINVAL), "%s", bad[i]);
	cr_assert(eq(int, log_time_parse_option("99999999999999999999", 0, &ns), -ERANGE));
	cr_assert(eq(int, log_time_parse_option("9999999999h", 0, &ns), -ERANGE));
	cr_assert(eq(int, log_time_parse_option("9999-01-01", 0, &ns), -ERANGE));
}

Test(reader_time, formats_nine_digits)
{
	char text[JSON_LINE_TIME_SIZE + 1] = "";

	log_time_format(1475713029600000000, text);
	cr_assert(eq(str, text, "2016-10-06T00:17:09.600000000Z"));
	log_time_format(-1, text);
	cr_assert(eq(str, text, "1970-01-01T00:00:00.000000000Z"));
}
