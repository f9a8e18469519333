/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/systemd_variant.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cgroups/systemd_request.h"

static char joined[4096];

/* The request's strings with '|' between them, or "refused". */
static char *parse(const char *name, const char *text)
{
	_cleanup_request_ struct systemd_request request = { 0 };
	struct error err = { 0 };
	size_t length = 0;

	if (systemd_variant_add(name, text, &request, &err) < 0) {
		cr_assert(eq(int, err.code, EINVAL));
		cr_assert(ne(ptr, strstr(err.msg, name), NULL), "%s", err.msg);
		return strcpy(joined, "refused");
	}
	cr_assert(not(request.failed));
	for (const char *at = request.text, *field;
	     (field = systemd_request_next(&at, request.text + request.length));)
		length += (size_t)snprintf(joined + length, sizeof(joined) - length, "%s%s",
					   length ? "|" : "", field);
	return joined;
}

Test(systemd_variant, takes_strings_in_both_quotes)
{
	cr_assert(eq(str, parse("Name", "'a b'"), "Name|s|a b"));
	cr_assert(eq(str, parse("Name", " \"it's\" "), "Name|s|it's"));
	cr_assert(eq(str, parse("Name", "''"), "Name|s|"));
	cr_assert(eq(str, parse("Name", "string 'x'"), "Name|s|x"));
}

Test(systemd_variant, resolves_escapes)
{
	cr_assert(eq(str, parse("Name", "'it\\'s \\\\ \\\"'"), "Name|s|it's \\ \""));
	cr_assert(eq(str, parse("Name", "'a\\u0000b'"), "refused"));
	cr_assert(eq(str, parse("Name", "'a\\'"), "refused"));
}

Test(systemd_variant, takes_booleans)
{
	cr_assert(eq(str, parse("Name", "true"), "Name|b|true"));
	cr_assert(eq(str, parse("Name", "boolean false"), "Name|b|false"));
	cr_assert(eq(str, parse("Name", "True"), "refused"));
	cr_assert(eq(str, parse("Name", "boolean 1"), "refused"));
	cr_assert(eq(str, parse("Name", "uint32 true"), "refused"));
}

Test(systemd_variant, takes_a_number_without_a_type_for_an_int32)
{
	cr_assert(eq(str, parse("Name", "5"), "Name|i|5"));
	cr_assert(eq(str, parse("Name", "-2147483648"), "Name|i|-2147483648"));
	cr_assert(eq(str, parse("Name", "2147483648"), "refused"));
	cr_assert(eq(str, parse("Name", "0.5"), "Name|d|0.5"));
}

Test(systemd_variant, keeps_each_type_to_its_range)
{
	cr_assert(eq(str, parse("Name", "uint64 18446744073709551615"), "Name|t|18446744073709551615"));
	cr_assert(eq(str, parse("Name", "uint64 18446744073709551616"), "refused"));
	cr_assert(eq(str, parse("Name", "uint64 -1"), "refused"));
	cr_assert(eq(str, parse("Name", "uint32 4294967295"), "Name|u|4294967295"));
	cr_assert(eq(str, parse("Name", "uint32 4294967296"), "refused"));
	cr_assert(eq(str, parse("Name", "uint16 65536"), "refused"));
	cr_assert(eq(str, parse("Name", "int16 -32768"), "Name|n|-32768"));
	cr_assert(eq(str, parse("Name", "int16 -32769"), "refused"));
	cr_assert(eq(str, parse("Name", "byte 255"), "Name|y|255"));
	cr_assert(eq(str, parse("Name", "byte 256"), "refused"));
	cr_assert(eq(str, parse("Name", "int64 -9223372036854775808"), "Name|x|-9223372036854775808"));
	cr_assert(eq(str, parse("Name", "int64 9223372036854775808"), "refused"));
	cr_assert(eq(str, parse("Name", "double 1e999"), "refused"));
}

Test(systemd_variant, takes_arrays_of_one_type)
{
	cr_assert(eq(str, parse("After", "['a.target', \"b\"]"), "After|as|2|a.target|b"));
	cr_assert(eq(str, parse("Name", "[uint32 1, 2 ,3]"), "Name|au|3|1|2|3"));
	cr_assert(eq(str, parse("Name", "@as []"), "Name|as|0"));
	cr_assert(eq(str, parse("Name", "@ay [1, 255]"), "Name|ay|01ff"));
	cr_assert(eq(str, parse("Name", "[true, false]"), "Name|ab|2|true|false"));
}

Test(systemd_variant, refuses_arrays_that_are_not_of_one_type)
{
	cr_assert(eq(str, parse("Name", "['a', 1]"), "refused"));
	cr_assert(eq(str, parse("Name", "[]"), "refused"));
	cr_assert(eq(str, parse("Name", "['a',]"), "refused"));
	cr_assert(eq(str, parse("Name", "['a'"), "refused"));
	cr_assert(eq(str, parse("Name", "[['a']]"), "refused"));
	cr_assert(eq(str, parse("Name", "@as 'a'"), "refused"));
}

Test(systemd_variant, refuses_what_is_left_behind_the_value)
{
	cr_assert(eq(str, parse("Name", "5 6"), "refused"));
	cr_assert(eq(str, parse("Name", "'a' 'b'"), "refused"));
	cr_assert(eq(str, parse("Name", "'a'x"), "refused"));
	cr_assert(eq(str, parse("Name", ""), "refused"));
	cr_assert(eq(str, parse("Name", "uint64"), "refused"));
	cr_assert(eq(str, parse("Name", "{'a': 1}"), "refused"));
	cr_assert(eq(str, parse("Name", "<5>"), "refused"));
	cr_assert(eq(str, parse("Name", "@"), "refused"));
}

Test(systemd_variant, refuses_a_string_without_end_or_measure)
{
	char text[8192];

	cr_assert(eq(str, parse("Name", "'abc"), "refused"));
	memset(text, 'a', sizeof(text));
	text[0] = text[sizeof(text) - 2] = '\'';
	text[sizeof(text) - 1] = '\0';
	cr_assert(eq(str, parse("Name", text), "refused"));
}

Test(systemd_variant, makes_microseconds_of_a_property_in_seconds)
{
	cr_assert(eq(str, parse("TimeoutStopSec", "9"), "TimeoutStopUSec|t|9000000"));
	cr_assert(eq(str, parse("TimeoutStopSec", "uint64 9"), "TimeoutStopUSec|t|9000000"));
	cr_assert(eq(str, parse("TimeoutStopSec", "0.5"), "TimeoutStopUSec|t|500000"));
	cr_assert(eq(str, parse("TimeoutStopUSec", "uint64 9"), "TimeoutStopUSec|t|9"));
	cr_assert(eq(str, parse("TimeoutStopSec", "-1"), "refused"));
	cr_assert(eq(str, parse("TimeoutStopSec", "'9'"), "refused"));
	cr_assert(eq(str, parse("TimeoutStopSec", "[9]"), "refused"));
	cr_assert(eq(str, parse("TimeoutStopSec", "true"), "refused"));
	cr_assert(eq(str, parse("TimeoutStopSec", "uint64 18446744073709551615"), "refused"));
	cr_assert(eq(str, parse("TimeoutStopSec", "-0.5"), "refused"));
}

Test(systemd_variant, refuses_what_can_not_be_the_name_of_a_property)
{
	cr_assert(eq(str, parse("", "true"), "refused"));
	cr_assert(eq(str, parse("Na me", "true"), "refused"));
	cr_assert(eq(str, parse("Name;", "true"), "refused"));
	cr_assert(eq(str, parse("?Name", "true"), "refused"));
	cr_assert(eq(str, parse("NameNameNameNameNameNameNameNameNameNameNameNameNameNameNameName", "true"),
		     "refused"));
}

Test(systemd_request, fails_once_it_is_too_large)
{
	_cleanup_request_ struct systemd_request request = { 0 };
	char text[4096];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < SYSTEMD_REQUEST_MAX / (int)sizeof(text); i++)
		systemd_request_add(&request, text);
	cr_assert(not(request.failed));
	systemd_request_add(&request, "");
	cr_assert(request.failed);
}
