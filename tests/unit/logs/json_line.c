/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/json_line.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/logs/log_fixture.h"

#define BYTES(literal) .text = (literal), .size = sizeof(literal) - 1

static const struct {
	const char *text;
	size_t size;
	const char *escaped;
} nasty[] = {
	{ BYTES(""), "" },
	{ BYTES("plain text, 100%"), "plain text, 100%" },
	{ BYTES("say \"hi\" \\ back"), "say \\\"hi\\\" \\\\ back" },
	{ BYTES("<b>&amp;</b>"), "\\u003cb\\u003e\\u0026amp;\\u003c/b\\u003e" },
	{ BYTES("\n\r\t"), "\\n\\r\\u0009" },
	{ BYTES("\0\1\b\f\x1f"), "\\u0000\\u0001\\u0008\\u000c\\u001f" },
	{ BYTES("\x1b[31mred\x7f"), "\\u001b[31mred\x7f" },
	{ BYTES("\",\"stream\":\"stderr\"}\n{\"log\":\""),
	  "\\\",\\\"stream\\\":\\\"stderr\\\"}\\n{\\\"log\\\":\\\"" },
	/* valid UTF-8 stays, up to U+10FFFF, and U+FFFD itself and C1 controls too */
	{ BYTES("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
	  "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ BYTES("\xef\xbf\xbd\xf4\x8f\xbf\xbf\xc2\x80"), "\xef\xbf\xbd\xf4\x8f\xbf\xbf\xc2\x80" },
	{ BYTES("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"),
	  "\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa" },
	/* invalid: each byte by itself */
	{ BYTES("\xff\xfe"), "\\ufffd\\ufffd" },
	{ BYTES("a\x80z"), "a\\ufffdz" },
	{ BYTES("\xc0\x80\xc1\xbf"), "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xe0\x9f\xbf"), "\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xf5\x80\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xe2\x82"), "\\ufffd\\ufffd" },
	{ BYTES("\xe2\x82("), "\\ufffd\\ufffd(" },
	{ BYTES("\xf0\x9f\x98"), "\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xc3\xe2\x82\xac"), "\\ufffd\xe2\x82\xac" },
	{ BYTES("\xc3\""), "\\ufffd\\\"" },
};

static char *escape(const void *text, size_t size)
{
	char *out = malloc(size * JSON_LINE_GROWTH + 1);

	cr_assert(out != NULL);
	out[json_line_escape(out, text, size)] = '\0';
	return out;
}

Test(json_line, escapes_nasty_input_as_dockerd_does)
{
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		char *escaped = escape(nasty[i].text, nasty[i].size);

		cr_expect(eq(str, escaped, STR(nasty[i].escaped)), "row %zu", i);
		free(escaped);
	}
}

/* The blocks of 16 and the bytes behind them must not tell a difference. */
Test(json_line, escapes_the_same_at_every_offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++)
		for (size_t offset = 0; offset < 40; offset++) {
			char text[128], expected[512], *escaped;

			memset(text, 'x', sizeof(text));
			memcpy(text + offset, nasty[i].text, nasty[i].size);
			snprintf(expected, sizeof(expected), "%.*s%s%.*s", (int)offset,
				 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", nasty[i].escaped, 20,
				 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
			escaped = escape(text, offset + nasty[i].size + 20);
			cr_assert(eq(str, escaped, expected), "row %zu, offset %zu", i, offset);
			free(escaped);
		}
}

Test(json_line, escapes_each_of_the_256_bytes)
{
	for (int byte = 0; byte < 256; byte++) {
		char text = (char)byte, expected[8], *escaped = escape(&text, 1);

		if (byte >= 0x80)
			strcpy(expected, "\\ufffd");
		else if (byte == '"' || byte == '\\')
			snprintf(expected, sizeof(expected), "\\%c", byte);
		else if (byte == '\n' || byte == '\r')
			strcpy(expected, byte == '\n' ? "\\n" : "\\r");
		else if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&')
			snprintf(expected, sizeof(expected), "\\u%04x", byte);
		else
			snprintf(expected, sizeof(expected), "%c", byte);
		cr_assert(eq(str, escaped, expected), "byte %d", byte);
		free(escaped);
	}
}

Test(json_line, stays_within_six_bytes_for_one)
{
	char text[1000], *out = malloc(sizeof(text) * JSON_LINE_GROWTH);

	cr_assert(out != NULL);
	for (int byte = 0; byte < 256; byte++) {
		memset(text, byte, sizeof(text));
		/* the sanitizers of a dev build watch the end of @out */
		cr_assert(
			le(sz, json_line_escape(out, (unsigned char *)text, sizeof(text)), sizeof(text) * 6));
	}
	free(out);
}

static const struct {
	time_t second;
	long nanosecond;
	const char *text;
} times[] = {
	{ 0, 0, "1970-01-01T00:00:00.000000000Z" },
	{ 951782399, 1, "2000-02-28T23:59:59.000000001Z" },
	{ 951782400, 1, "2000-02-29T00:00:00.000000001Z" },
	{ 951868800, 120000000, "2000-03-01T00:00:00.120000000Z" },
	{ 1475798829, 669794202, "2016-10-07T00:07:09.669794202Z" },
	{ 1483228799, 999999999, "2016-12-31T23:59:59.999999999Z" },
	{ 1483228800, 0, "2017-01-01T00:00:00.000000000Z" },
	{ 4107542400, 0, "2100-03-01T00:00:00.000000000Z" },
	{ 253402300799, 5, "9999-12-31T23:59:59.000000005Z" },
	{ 253402300800, 5, "9999-12-31T23:59:59.000000005Z" },
	{ -1, 5, "1970-01-01T00:00:00.000000005Z" },
};

Test(json_line, writes_the_time_with_nine_digits)
{
	struct json_clock clock = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct timespec now = { .tv_sec = times[i].second, .tv_nsec = times[i].nanosecond };
		char text[JSON_LINE_TIME_SIZE + 1] = "";

		json_line_clock(&clock, &now);
		memcpy(text, clock.text, JSON_LINE_TIME_SIZE);
		cr_expect(eq(str, text, STR(times[i].text)));
	}
}

Test(json_line, agrees_with_the_c_library_on_every_day)
{
	struct json_clock clock = { 0 };

	for (time_t second = 0; second < 253402300799; second += 86400 * 11 + 3671) {
		struct timespec now = { .tv_sec = second };
		char expected[64], text[20] = "";
		struct tm tm;

		gmtime_r(&second, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm);
		json_line_clock(&clock, &now);
		memcpy(text, clock.text, 19);
		cr_assert(eq(str, text, expected));
	}
}

static void expect_attrs(const struct spec_pair *items, size_t n, const char *expected)
{
	const struct spec_pairs pairs = { .items = items, .n = n };
	char *text = json_line_attrs(&pairs);

	cr_expect(eq(str, text, STR(expected)));
	free(text);
}

Test(json_line, leaves_attrs_out_when_nothing_was_chosen)
{
	expect_attrs(NULL, 0, "");
}

Test(json_line, sorts_attrs_by_the_bytes_of_their_names)
{
	const struct spec_pair items[] = {
		{ "tag", "web" }, { "\xc3\xa4", "3" }, { "Zone", "1" }, { "app", "x<y" }
	};

	expect_attrs(items, ARRAY_SIZE(items),
		     "\"attrs\":{\"Zone\":\"1\",\"app\":\"x\\u003cy\",\"tag\":\"web\",\"\xc3\xa4\":\"3\"},");
}

Test(json_line, escapes_attrs_as_the_general_encoder_of_go_does)
{
	const struct spec_pair items[] = { { "a\"\n", "\t\b\f\x01 \xff\xe2\x80\xa8" }, { "empty", "" } };

	expect_attrs(items, ARRAY_SIZE(items),
		     "\"attrs\":{\"a\\\"\\n\":\"\\t\\b\\f\\u0001 \\ufffd\\u2028\",\"empty\":\"\"},");
}

Test(json_line, takes_the_last_of_attrs_with_the_same_name)
{
	const struct spec_pair items[] = {
		{ "b", "1" }, { "a", "label" }, { "a", "env" }, { "b", "2" }, { "b", "3" }
	};

	expect_attrs(items, ARRAY_SIZE(items), "\"attrs\":{\"a\":\"env\",\"b\":\"3\"},");
}
