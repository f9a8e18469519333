/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_entry.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "launcher/logs/json_line.h"

static char scratch[4096];

static int parse(const char *line, struct log_entry *ret)
{
	cr_assert(lt(sz, strlen(line), sizeof(scratch)));
	return log_entry_parse(line, strlen(line), scratch, ret);
}

static void is_text(const struct log_entry *entry, const char *text, size_t size)
{
	cr_assert(eq(sz, entry->text_size, size));
	cr_assert(eq(int, memcmp(entry->text, text, size), 0));
}
#define IS_TEXT(entry, literal) is_text(entry, literal, sizeof(literal) - 1)

Test(reader_entry, reads_what_dockerd_writes)
{
	struct log_entry entry;
	int64_t ns;

	cr_assert(eq(
		int,
		parse("{\"log\":\"a\\tb \\\"c\\\" \\u003cd\\u003e\\r\\n\",\"stream\":\"stderr\",\"attrs\":{\"tag\":\"x\"},"
		      "\"time\":\"2016-10-06T00:17:09.669794202Z\"}",
		      &entry),
		0));
	IS_TEXT(&entry, "a\tb \"c\" <d>\r\n");
	cr_assert(eq(int, entry.stream, LOG_STDERR));
	cr_assert(eq(int, log_entry_time(&entry, &ns), 0));
	cr_assert(eq(i64, ns, 1475713029669794202));
	cr_assert(log_entry_ends_line(&entry) && entry.json);
	cr_assert(eq(sz, entry.attrs_size, strlen("{\"tag\":\"x\"}")));
}

Test(reader_entry, takes_keys_in_any_order_and_passes_over_unknown_ones)
{
	struct log_entry entry;

	cr_assert(eq(
		int,
		parse("{ \"x\":[1,{\"log\":\"no\"},\"]\\\"}\"], \"time\":\"2016-10-06T00:17:09Z\" , \"n\":-1.5e3,"
		      "\"t\":true,\"stream\":\"stdout\",\"y\":{\"log\":{}},\"log\":\"yes\"} ",
		      &entry),
		0));
	IS_TEXT(&entry, "yes");
	cr_assert(not(log_entry_ends_line(&entry)));
}

Test(reader_entry, an_empty_text_may_be_missing)
{
	struct log_entry entry;

	cr_assert(eq(int, parse("{\"stream\":\"stdout\",\"time\":\"2016-10-06T00:17:09Z\"}", &entry), 0));
	cr_assert(eq(sz, entry.text_size, 0));
}

Test(reader_entry, decodes_every_escape)
{
	struct log_entry entry;

	cr_assert(eq(
		int,
		parse("{\"log\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e4\\u20AC\\ud83d\\ude00\"}", &entry),
		0));
	IS_TEXT(&entry, "\"\\/\b\f\n\r\t\0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	/* halves of a surrogate pair */
	cr_assert(eq(int, parse("{\"log\":\"\\ud83d|\\ude00|\\ud83d\\u0041|\\ud83d\\ud83d\\ude00\"}", &entry),
		     0));
	IS_TEXT(&entry, "\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd"
			"A|\xef\xbf\xbd\xf0\x9f\x98\x80");
	/* bytes that are no UTF-8 stay as they are */
	cr_assert(eq(int, parse("{\"log\":\"a\xff\xc3\"}", &entry), 0));
	IS_TEXT(&entry, "a\xff\xc3");
}

Test(reader_entry, refuses_lines_that_are_torn_or_no_entry)
{
	static const char whole[] =
		"{\"log\":\"a\\u00e4\\n\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"},\"time\":\"2016-10-06T00:17:09Z\"}";
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"{}",
		"[]",
		"null",
		"\"log\"",
		"{\"stream\":\"stdout\"}",
		"{\"log\":1}",
		"{\"log\":null}",
		"{\"log\":\"a\"}x",
		"{\"log\":\"a\"}{\"log\":\"b\"}",
		"{\"log\":\"a\",}",
		"{,\"log\":\"a\"}",
		"{\"log\" \"a\"}",
		"{\"log\":\"\\x\"}",
		"{\"log\":\"\\u12\"}",
		"{\"log\":\"\\u12g4\"}",
		"{\"log\":\"\x01\"}",
		"{\"log\":\"a\",\"stream\":\"stdin\"}",
		"{\"log\":\"a\",\"stream\":1}",
		"{\"log\":\"a\",\"time\":5}",
		"{\"log\":\"a\",\"x\":{]}}",
		"{\"log\":\"a\",\"x\":",
		"{\"log\":\"a\",\"x\":[}",
		"hello",
		"{\"msg\":\"a\"}",
	};
	struct log_entry entry;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, parse(bad[i], &entry), -EINVAL), "%s", bad[i]);
	cr_assert(eq(int, parse(whole, &entry), 0));
	for (size_t cut = 0; cut < sizeof(whole) - 1; cut++)
		cr_assert(eq(int, log_entry_parse(whole, cut, scratch, &entry), -EINVAL), "cut at %zu", cut);
}

Test(reader_entry, deep_nesting_is_refused_and_not_followed)
{
	char line[2048] = "{\"log\":\"a\",\"x\":";
	struct log_entry entry;

	memset(line + strlen(line), '[', 1000);
	cr_assert(eq(int, parse(line, &entry), -EINVAL));
}

static void round_trip(const unsigned char *text, size_t size)
{
	static char line[64 * JSON_LINE_GROWTH + 64], decoded[sizeof(line)];
	struct log_entry entry;
	size_t length = (size_t)sprintf(line, "{\"log\":\"");
	size_t from = 0;

	length += json_line_escape(line + length, text, size);
	length += (size_t)sprintf(line + length, "\",\"stream\":\"stdout\",\"time\":\"x\"}");
	cr_assert(eq(int, log_entry_parse(line, length, decoded, &entry), 0), "%s", line);
	for (size_t i = 0; i < size;) {
		size_t valid = str_utf8_length(text + i, size - i);
		const void *wanted = valid ? (const void *)(text + i) : "\xef\xbf\xbd";
		size_t wanted_size = valid ? valid : 3;

		cr_assert(le(sz, from + wanted_size, entry.text_size), "byte %zu of %s", i, line);
		cr_assert(eq(int, memcmp(entry.text + from, wanted, wanted_size), 0), "byte %zu of %s", i,
			  line);
		from += wanted_size;
		i += valid ? valid : 1;
	}
	cr_assert(eq(sz, from, entry.text_size));
}

Test(reader_entry, gives_back_what_the_writer_escaped)
{
	static const char *const nasty[] = {
		"\",\"stream\":\"stderr\"}\n{\"log\":\"",
		"\\",
		"\\\"",
		"\\u0041",
		"\x1b]0;title\x07",
		"<&>",
		"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa",
		"\xff\xfe\xc0\x80",
		"\xed\xa0\x80",
		"\xf0\x9f\x98\x80\xf0\x9f",
		"{\"a\":[1,2]}",
		"\r\n",
		"\\n",
	};
	unsigned char bytes[64];

	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++)
		round_trip((const unsigned char *)nasty[i], strlen(nasty[i]));
	round_trip((const unsigned char *)"a\0b", 3);
	for (unsigned int byte = 0; byte < 256; byte++)
		round_trip(&(const unsigned char){ (unsigned char)byte }, 1);
	srandom(1);
	for (int round = 0; round < 20000; round++) {
		size_t size = (size_t)random() % sizeof(bytes);

		for (size_t i = 0; i < size; i++)
			bytes[i] =
				(unsigned char)(random() % 3
							? random()
							: "\"\\\n{}<&,u0\xe2\x80\xa8\xed\xa0"[random() % 15]);
		round_trip(bytes, size);
	}
}

Test(reader_entry, reads_cri_lines)
{
	struct log_entry entry;
	int64_t ns;

	cr_assert(eq(int, parse("2016-10-06T00:17:09.669794202Z stderr F some  text ", &entry), 0));
	IS_TEXT(&entry, "some  text \n");
	cr_assert(eq(int, entry.stream, LOG_STDERR));
	cr_assert(not(entry.json));
	cr_assert(eq(int, log_entry_time(&entry, &ns), 0));
	cr_assert(eq(i64, ns, 1475713029669794202));
	cr_assert(eq(int, parse("2016-10-06T02:17:09.6+02:00 stdout P \"half", &entry), 0));
	IS_TEXT(&entry, "\"half");
	cr_assert(eq(int, parse("2016-10-06T00:17:09Z stdout F:x ", &entry), 0));
	IS_TEXT(&entry, "\n");
	cr_assert(eq(int, parse("2016-10-06T00:17:09Z stdout F", &entry), 0));
	IS_TEXT(&entry, "\n");
}

Test(reader_entry, refuses_lines_that_only_look_like_cri)
{
	static const char *const bad[] = {
		"2016-10-06T00:17:09Z stdout",
		"2016-10-06T00:17:09Z stdout X text",
		"2016-10-06T00:17:09Z stdin F text",
		"2016-10-06 stdout F text",
		"now stdout F text",
		"2016-10-06T00:17:09Z  stdout F text",
		"2016-10-06T00:17:09Z stdout FF text",
		" 2016-10-06T00:17:09Z stdout F text",
	};
	struct log_entry entry;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, parse(bad[i], &entry), -EINVAL), "%s", bad[i]);
}

Test(reader_entry, shows_attributes_encoded_so_that_none_can_be_forged)
{
	struct log_entry entry;
	char details[512] = "";

	cr_assert(
		eq(int,
		   parse("{\"log\":\"x\",\"attrs\":{ \"a b\":\"c,d=e\", \"tag\":\"\\u001b\xc3\xa4-_.~9Z\"}}",
			 &entry),
		   0));
	details[log_entry_details(&entry, details)] = '\0';
	cr_assert(eq(str, details, "a+b=c%2Cd%3De,tag=%1B%C3%A4-_.~9Z"));
	cr_assert(eq(int, parse("{\"log\":\"x\"}", &entry), 0));
	cr_assert(eq(sz, log_entry_details(&entry, details), 0));
	/* what is no string ends it */
	cr_assert(eq(int, parse("{\"log\":\"x\",\"attrs\":{\"a\":\"b\",\"c\":5}}", &entry), 0));
	details[log_entry_details(&entry, details)] = '\0';
	cr_assert(eq(str, details, "a=b"));
}
