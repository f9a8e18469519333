/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/template.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *const words[] = { "name", "status" };

static const char *value(const void *arg, const char *word)
{
	return str_equal(word, "name") ? arg : str_equal(word, "status") ? "Up" : NULL;
}

static char *print(const char *format, const char *name)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	template_print(out, format, value, name);
	fclose(out);
	return text;
}

static void prints(const char *format, const char *name, const char *expected)
{
	char *text = print(format, name);

	cr_assert(eq(str, text, expected));
	free(text);
}

Test(template, words_become_values_and_escapes_what_they_mean)
{
	prints("{name}: {status}", "web", "web: Up\n");
	prints("{name}\\t{status}\\n\\x", "web", "web\tUp\n\\x\n");
	prints("{other}|", "web", "|\n");
	prints("", "web", "\n");
}

Test(template, a_value_does_nothing_to_a_terminal)
{
	prints("{name}", "a\x1b[31m\n{status}", "a\\x1b[31m\\x0a{status}\n");
}

static void refuses(const char *format, const char *why)
{
	char mistake[TEMPLATE_MISTAKE_MAX];

	cr_assert(eq(int, template_check(format, words, 2, mistake), -EINVAL), "%s", format);
	cr_assert(eq(str, mistake, why));
}

Test(template, mistakes_are_named)
{
	char mistake[TEMPLATE_MISTAKE_MAX];

	cr_assert(zero(int, template_check("{name} } {status}", words, 2, mistake)));
	cr_assert(zero(int, template_check("{anything}", NULL, 0, mistake)));
	refuses("{naem}", "unknown word {naem}; did you mean {name}?");
	refuses("{x}", "unknown word {x}; there are name, status");
	refuses("{name", "a { without a word and its }");
	refuses("{}", "a { without a word and its }");
	refuses("{{.Names}}", "one brace and a plain word, as in {name}, not a Go template");
}
