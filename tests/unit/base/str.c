/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>

static const char *const not_decimal[] = {
	"",  " ",   " 1",  "1 ",  "1\n", "\t1",          "+1",  "-1",  "-0",  "+",
	"-", "0x1", "1e3", "1.0", "1,0", "1_000",        "abc", "12a", "a12", "\xd9\xa1", /* Arabic one */
	"/", ":",   "1:",  "--1", "0b1", "\xef\xbc\x91",                                  /* full-width one */
};

Test(str, reads_decimal_numbers_to_the_last_one)
{
	uint64_t value = 7;
	uint32_t small = 7;

	cr_assert(zero(int, str_to_u64("0", &value)));
	cr_assert(zero(u64, value));
	cr_assert(zero(int, str_to_u64("007", &value)));
	cr_assert(eq(u64, value, 7));
	cr_assert(zero(int, str_to_u64("18446744073709551615", &value)));
	cr_assert(eq(u64, value, UINT64_MAX));
	cr_assert(zero(int, str_to_u32("4294967295", &small)));
	cr_assert(eq(u32, small, UINT32_MAX));
}

Test(str, refuses_all_that_is_not_a_digit)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_decimal); i++) {
		uint64_t value = 7;
		uint32_t small = 7;

		cr_assert(eq(int, str_to_u64(not_decimal[i], &value), -EINVAL), "\"%s\"", not_decimal[i]);
		cr_assert(eq(int, str_to_u32(not_decimal[i], &small), -EINVAL), "\"%s\"", not_decimal[i]);
		cr_assert(eq(u64, value, 7), "the output is untouched");
		cr_assert(eq(u32, small, 7), "the output is untouched");
	}
}

Test(str, refuses_numbers_that_overflow)
{
	const char *const large[] = {
		"18446744073709551616",
		"18446744073709551620",
		"99999999999999999999",
		"36893488147419103233", /* 1 where 2^64 wraps around twice */
		"100000000000000000000000000000000000000000",
	};
	uint64_t value = 7;
	uint32_t small = 7;

	for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
		cr_assert(eq(int, str_to_u64(large[i], &value), -ERANGE), "%s", large[i]);
		cr_assert(eq(int, str_to_u32(large[i], &small), -ERANGE), "%s", large[i]);
	}
	cr_assert(eq(int, str_to_u32("4294967296", &small), -ERANGE));
	cr_assert(eq(u64, value, 7));
	cr_assert(eq(u32, small, 7));
}

Test(str, compares_whole_strings_and_beginnings)
{
	cr_assert(str_equal("a", "a"));
	cr_assert(not(str_equal("a", "ab")));
	cr_assert(str_starts("ab", "a"));
	cr_assert(str_starts("ab", ""));
	cr_assert(not(str_starts("a", "ab")));
}

static const char *escaped(const char *text)
{
	static char buffer[256];

	str_escape(buffer, sizeof(buffer), text);
	return buffer;
}

Test(str, escapes_every_control_byte)
{
	for (int byte = 1; byte < 0x80; byte++) {
		const char text[] = { (char)byte, '\0' };
		char wanted[8];

		snprintf(wanted, sizeof(wanted), byte < 0x20 || byte == 0x7f ? "\\x%02x" : "%c", byte);
		cr_assert(eq(str, escaped(text), wanted), "byte %02x", byte);
	}
}

/* U+009B alone starts a control sequence on some terminals, as ESC [ does. */
Test(str, escapes_c1_controls_in_both_forms)
{
	for (int c1 = 0x80; c1 < 0xa0; c1++) {
		const char utf8[] = { (char)0xc2, (char)c1, '\0' }, raw[] = { (char)c1, '\0' };
		char wanted[16];

		snprintf(wanted, sizeof(wanted), "\\xc2\\x%02x", c1);
		cr_assert(eq(str, escaped(utf8), wanted));
		cr_assert(eq(str, escaped(raw), wanted + 4));
	}
	cr_assert(eq(str, escaped("\xc2\xa0"), "\xc2\xa0"), "U+00A0 is no control");
}

Test(str, escapes_invalid_utf8_and_keeps_the_valid)
{
	cr_assert(eq(str, escaped("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
		     "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"));
	cr_assert(eq(str, escaped("\xff"), "\\xff"));
	cr_assert(eq(str, escaped("a\xc3"), "a\\xc3"));
	cr_assert(eq(str, escaped("\xe2\x82z"), "\\xe2\\x82z"));
	cr_assert(eq(str, escaped("\xc0\xaf"), "\\xc0\\xaf"), "an overlong slash");
	cr_assert(eq(str, escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80"), "a surrogate");
	cr_assert(eq(str, escaped(""), ""));
}

Test(str, escapes_no_character_in_part_when_room_ends)
{
	char buffer[8];

	memset(buffer, '#', sizeof(buffer));
	str_escape(buffer, 0, "a");
	cr_assert(eq(chr, buffer[0], '#'), "no room, not even for the end");
	str_escape(buffer, 1, "a");
	cr_assert(eq(str, buffer, ""));
	str_escape(buffer, 4, "abcdef");
	cr_assert(eq(str, buffer, "abc"));
	str_escape(buffer, 5, "\x1b\x1b");
	cr_assert(eq(str, buffer, "\\x1b"));
	str_escape(buffer, 4, "\x1b");
	cr_assert(eq(str, buffer, ""));
	str_escape(buffer, 8, "a\xc2\x9b");
	cr_assert(eq(str, buffer, "a"));
	str_escape(buffer, 3, "a\xe2\x82\xac");
	cr_assert(eq(str, buffer, "a"));
}

Test(str, knows_the_length_of_utf8_sequences)
{
	static const struct {
		const char *text;
		size_t size, length;
	} rows[] = {
		{ "", 0, 0 },
		{ "\0", 1, 1 },
		{ "a", 1, 1 },
		{ "\x7f", 1, 1 },
		{ "\x80", 1, 0 }, /* a continuation alone */
		{ "\xbf", 1, 0 },
		{ "\xc0\x80", 2, 0 }, /* overlong NUL */
		{ "\xc1\xbf", 2, 0 }, /* overlong U+007F */
		{ "\xc2\x80", 2, 2 }, /* U+0080 */
		{ "\xdf\xbf", 2, 2 }, /* U+07FF */
		{ "\xc2", 1, 0 },     /* cut */
		{ "\xc2\x7f", 2, 0 },
		{ "\xc2\xc0", 2, 0 },
		{ "\xe0\x80\x80", 3, 0 }, /* overlong */
		{ "\xe0\x9f\xbf", 3, 0 }, /* overlong U+07FF */
		{ "\xe0\xa0\x80", 3, 3 }, /* U+0800 */
		{ "\xe2\x82\xac", 3, 3 },
		{ "\xe2\x82", 2, 0 },
		{ "\xe2\x82\x7f", 3, 0 },
		{ "\xed\x9f\xbf", 3, 3 }, /* U+D7FF */
		{ "\xed\xa0\x80", 3, 0 }, /* U+D800, a surrogate */
		{ "\xed\xbf\xbf", 3, 0 }, /* U+DFFF, a surrogate */
		{ "\xee\x80\x80", 3, 3 }, /* U+E000 */
		{ "\xef\xbf\xbf", 3, 3 }, /* U+FFFF */
		{ "\xf0\x80\x80\x80", 4, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 }, /* overlong U+FFFF */
		{ "\xf0\x90\x80\x80", 4, 4 }, /* U+10000 */
		{ "\xf4\x8f\xbf\xbf", 4, 4 }, /* U+10FFFF */
		{ "\xf4\x90\x80\x80", 4, 0 }, /* U+110000 */
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xf8\x88\x80\x80\x80", 5, 0 },
		{ "\xff", 1, 0 },
		{ "\xf0\x9f\x98", 3, 0 },
		{ "\xf0\x9f\x98\x41", 4, 0 },
		{ "\xf0\x9f\x98\x80\x80", 5, 4 }, /* only the first is asked for */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert(eq(sz, str_utf8_length((const unsigned char *)rows[i].text, rows[i].size),
			     rows[i].length),
			  "row %zu", i);
}

Test(str, counts_edits_and_adjacent_swaps)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "memory", "memory", 0 },
		{ "memory", "memroy", 1 },
		{ "memory", "emmory", 1 },
		{ "memory", "memor", 1 },
		{ "memory", "memoryy", 1 },
		{ "memory", "nemory", 1 },
		{ "kitten", "sitting", 3 },
		{ "ab", "ba", 1 },
		{ "abcd", "badc", 2 },
		{ "abc", "xyz", 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert(eq(sz, str_distance(rows[i].a, rows[i].b), rows[i].distance), "%s, %s", rows[i].a,
			  rows[i].b);
		cr_assert(eq(sz, str_distance(rows[i].b, rows[i].a), rows[i].distance), "%s, %s", rows[i].b,
			  rows[i].a);
	}
}

Test(str, looks_at_64_bytes_when_counting_edits)
{
	char a[200], b[200];

	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	a[sizeof(a) - 1] = b[sizeof(b) - 1] = '\0';
	cr_assert(eq(sz, str_distance(a, b), 64));
	cr_assert(eq(sz, str_distance(a, ""), 64));
}

Test(str, finds_the_word_that_was_meant)
{
	static const char *const words[] = { "memory", "memory_high", "swap",      "cpu",
					     "cpus",   "pids",        "open_files" };
	const size_t n = ARRAY_SIZE(words);

	cr_assert(eq(str, str_nearest("memroy", words, n), "memory"));
	cr_assert(eq(str, str_nearest("memory", words, n), "memory"));
	cr_assert(eq(str, str_nearest("memoryhigh", words, n), "memory_high"));
	cr_assert(eq(str, str_nearest("openfiles", words, n), "open_files"));
	cr_assert(eq(str, str_nearest("cpus", words, n), "cpus"), "an exact one beats an earlier near one");
	cr_assert(eq(str, str_nearest("cpux", words, n), "cpu"), "the first of two that are as near");
}

Test(str, suggests_nothing_when_no_word_is_near)
{
	static const char *const words[] = { "memory", "swap", "cpu", "x" };

	cr_assert(str_nearest("network", words, ARRAY_SIZE(words)) == NULL);
	cr_assert(str_nearest("memory", words, 0) == NULL);
	cr_assert(str_nearest("memory", NULL, 0) == NULL);
	cr_assert(str_nearest("", words, ARRAY_SIZE(words)) == NULL);
	cr_assert(str_nearest("y", words, ARRAY_SIZE(words)) == NULL, "one letter is as near to any other");
	cr_assert(str_nearest("zz", words, ARRAY_SIZE(words)) == NULL);
}
