/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/unit_text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

typedef void writer(FILE *out, const char *text);

static char *written(writer *write, const char *text)
{
	static char kept[512];
	char *buffer = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&buffer, &size);

	write(out, text);
	fclose(out);
	snprintf(kept, sizeof(kept), "%s", buffer);
	free(buffer);
	return kept;
}

Test(unit_text, doubles_what_begins_a_specifier)
{
	cr_assert(eq(str, written(unit_text_bare, "/srv/100%"), "/srv/100%%"));
	cr_assert(eq(str, written(unit_text_quoted, "/srv/%i"), "\"/srv/%%i\""));
	cr_assert(eq(str, written(unit_text_words, "100% of it"), "100%% of it"));
}

Test(unit_text, quotes_spaces_quotes_and_backslashes)
{
	cr_assert(eq(str, written(unit_text_quoted, "a b"), "\"a b\""));
	cr_assert(eq(str, written(unit_text_quoted, "a\"b\\"), "\"a\\\"b\\\\\""));
	cr_assert(eq(str, written(unit_text_quoted, "a$b'c"), "\"a$b'c\""));
}

Test(unit_text, leaves_no_variable_in_an_argument)
{
	cr_assert(eq(str, written(unit_text_argument, "/srv/$HOME/${X}%"), "\"/srv/$$HOME/$${X}%%\""));
}

Test(unit_text, makes_one_line_of_free_text)
{
	cr_assert(eq(str, written(unit_text_words, " a\n[Service]\r\n\tUser=\\ "), "a [Service] User= "));
	cr_assert(eq(str, written(unit_text_words, "Grüße \xff!"), "Grüße !"));
	cr_assert(eq(str, written(unit_text_words, ""), ""));
}

Test(unit_text, escapes_what_a_unit_name_may_not_have)
{
	cr_assert(eq(str, written(unit_text_name, "http-2.0_x"), "http-2.0_x"));
	cr_assert(eq(str, written(unit_text_name, "a/b%"), "a\\x2fb\\x25"));
}

Test(unit_text, knows_what_a_unit_can_not_say)
{
	const char *const bad[] = { "", "a\nb", "a\x7f", "a\tb", "\xc2\x85", "\xff", "a\x01" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert(not(unit_text_allowed(bad[i])), "%zu", i);
	cr_assert(unit_text_allowed("/srv/a b\\"));
	cr_assert(unit_text_allowed("Grüße"));
	cr_assert(not(unit_text_bare_allowed("/srv/a\\")), "the line would go on");
	cr_assert(not(unit_text_bare_allowed("/srv/a ")));
	cr_assert(not(unit_text_bare_allowed(" /srv/a")));
	cr_assert(unit_text_bare_allowed("/srv/a b"));
}
