/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/report/html.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "tests/unit/lab_report/markup.h"

static char *page;
static size_t size;

static struct html begin(void)
{
	return (struct html){ .out = open_memstream(&page, &size) };
}

static const char *written(struct html *h)
{
	fclose(h->out);
	return markup_keep(page);
}

static const char *text_of(const char *text)
{
	struct html h = begin();

	html_text(&h, text);
	return written(&h);
}

Test(lab_html, markup_in_a_text_is_text)
{
	cr_assert(eq(str, text_of("<b a=\"1\" c='2'>&lt;</b>"),
		     "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;lt;&lt;/b&gt;"));
}

Test(lab_html, control_bytes_are_shown_and_do_nothing)
{
	cr_assert(eq(str, text_of("a\x1b[2J\x01\x7f\r\xc2\x9b!"), "a\\x1b[2J\\x01\\x7f\\x0d\\xc2\\x9b!"));
}

Test(lab_html, newlines_tabs_and_umlauts_stay)
{
	cr_assert(eq(str, text_of("gr\xc3\xbc\xc3\x9f\n\t\xe2\x9c\x93 \xf0\x9f\x8c\xb0"),
		     "gr\xc3\xbc\xc3\x9f\n\t\xe2\x9c\x93 \xf0\x9f\x8c\xb0"));
}

Test(lab_html, invalid_utf8_is_shown_byte_by_byte)
{
	/* A lone continuation, an overlong slash, a surrogate, a sequence that ends too early. */
	cr_assert(eq(str, text_of("\x80|\xc0\xaf|\xed\xa0\x80|\xe2\x82"),
		     "\\x80|\\xc0\\xaf|\\xed\\xa0\\x80|\\xe2\\x82"));
}

Test(lab_html, characters_that_turn_a_line_round_are_shown)
{
	cr_assert(eq(str,
		     text_of("\xe2\x80\xae"
			     "a\xe2\x81\xa6"
			     "b\xd8\x9c"
			     "c\xe2\x80\x8f"),
		     "\\u202ea\\u2066b\\u061cc\\u200f"));
}

Test(lab_html, an_attribute_can_not_be_left)
{
	struct html h = begin();

	html_open(&h, "p");
	html_attribute(&h, "class", "a\" onclick=\"b>");
	html_measure(&h, "x", -3);
	html_close(&h, "p");
	cr_assert(eq(str, written(&h), "<p class=\"a&quot; onclick=&quot;b&gt;\" x=\"-3\"></p>\n"));
	cr_assert(not(h.broken));
}

Test(lab_html, a_sentence_gets_its_values_escaped_and_keeps_other_braces)
{
	static const struct text text = { "{2} of {1} in {\"a\": {}}", "{1}" };
	struct html h = begin();

	html_say(&h, &text, "<1>", "{1}");
	cr_assert(eq(str, written(&h), "{1} of &lt;1&gt; in {&quot;a&quot;: {}}"));
}

Test(lab_html, a_text_comes_in_the_language_of_the_page)
{
	static const struct text text = { "yes", "ja" }, shared = { "Landlock", NULL };
	struct html h = begin();

	h.language = TEXT_GERMAN;
	html_say(&h, &text, "", "");
	html_say(&h, &shared, "", "");
	cr_assert(eq(str, written(&h), "jaLandlock"));
}

Test(lab_html, closing_another_element_than_the_last_is_noticed)
{
	struct html h = begin();

	html_open(&h, "p");
	html_open(&h, "b");
	html_close(&h, "p");
	cr_assert(h.broken);
	written(&h);
}

Test(lab_html, closing_nothing_is_noticed)
{
	struct html h = begin();

	html_close(&h, "p");
	cr_assert(h.broken);
	written(&h);
}

Test(lab_html, an_attribute_behind_a_text_is_noticed)
{
	struct html h = begin();

	html_open(&h, "p");
	html_text(&h, "a");
	html_attribute(&h, "class", "b");
	cr_assert(h.broken);
	written(&h);
}

Test(lab_html, too_deep_nesting_is_noticed)
{
	struct html h = begin();

	for (int i = 0; i < HTML_DEPTH_MAX; i++)
		html_open(&h, "div");
	cr_assert(not(h.broken));
	html_open(&h, "div");
	cr_assert(h.broken);
	written(&h);
}
