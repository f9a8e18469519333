/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/report/html.h"

#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"

/* A line break between these changes nothing for a reader; between words it would. */
static const char *const inline_tags[] = { "a",      "b",       "code", "small", "span",
					   "strong", "summary", "text", "tspan" };

static bool is_inline(const char *tag)
{
	for (size_t i = 0; i < ARRAY_SIZE(inline_tags); i++)
		if (str_equal(tag, inline_tags[i]))
			return true;
	return false;
}

static void end_tag_start(struct html *h)
{
	if (h->in_tag)
		fputc('>', h->out);
	h->in_tag = false;
}

static void write_ascii(FILE *out, unsigned char byte)
{
	switch (byte) {
	case '&':
		fputs("&amp;", out);
		break;
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	case '\'':
		fputs("&#39;", out);
		break;
	default:
		if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f)
			fprintf(out, "\\x%02x", byte);
		else
			fputc(byte, out);
	}
}

static void escape(FILE *out, const char *text, size_t size)
{
	const unsigned char *next = (const unsigned char *)text;

	while (size > 0) {
		size_t length = str_utf8_length(next, size);
		unsigned int mark;

		if (length <= 1) {
			if (length == 0)
				fprintf(out, "\\x%02x", *next);
			else
				write_ascii(out, *next);
			next++;
			size--;
			continue;
		}
		mark = str_direction_mark(next, length);
		if (length == 2 && next[0] == 0xc2 && next[1] < 0xa0) /* C1, control bytes as well */
			fprintf(out, "\\x%02x\\x%02x", next[0], next[1]);
		else if (mark)
			fprintf(out, "\\u%04x", mark);
		else
			fwrite(next, 1, length, out);
		next += length;
		size -= length;
	}
}

void html_open(struct html *h, const char *tag)
{
	end_tag_start(h);
	if (h->depth == HTML_DEPTH_MAX) {
		h->broken = true;
		return;
	}
	h->open[h->depth++] = tag;
	fprintf(h->out, "<%s", tag);
	h->in_tag = true;
}

void html_attribute(struct html *h, const char *name, const char *value)
{
	if (!h->in_tag) {
		h->broken = true;
		return;
	}
	fprintf(h->out, " %s=\"", name);
	if (value)
		escape(h->out, value, strlen(value));
	fputc('"', h->out);
}

void html_measure(struct html *h, const char *name, int value)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%d", value);
	html_attribute(h, name, digits);
}

static bool close_innermost(struct html *h, const char *tag)
{
	if (h->depth == 0 || !str_equal(h->open[h->depth - 1], tag)) {
		h->broken = true;
		return false;
	}
	h->depth--;
	return true;
}

void html_close(struct html *h, const char *tag)
{
	end_tag_start(h);
	if (!close_innermost(h, tag))
		return;
	fprintf(h->out, "</%s>", tag);
	if (!is_inline(tag))
		fputc('\n', h->out);
}

void html_void(struct html *h, const char *tag)
{
	end_tag_start(h);
	if (close_innermost(h, tag))
		fputc('\n', h->out);
}

void html_text(struct html *h, const char *text)
{
	end_tag_start(h);
	if (text)
		escape(h->out, text, strlen(text));
}

void html_number(struct html *h, uint64_t number)
{
	end_tag_start(h);
	fprintf(h->out, "%" PRIu64, number);
}

void html_say(struct html *h, const struct text *text, const char *first, const char *second)
{
	const char *left = text_in(text, h->language);
	const char *place;

	end_tag_start(h);
	while ((place = strchr(left, '{'))) {
		const char *value = str_starts(place, "{1}")   ? first
				    : str_starts(place, "{2}") ? second
							       : NULL;

		if (!value) { /* a brace like any other: profiles are full of them */
			escape(h->out, left, (size_t)(place + 1 - left));
			left = place + 1;
			continue;
		}
		escape(h->out, left, (size_t)(place - left));
		escape(h->out, value, strlen(value));
		left = place + 3;
	}
	escape(h->out, left, strlen(left));
}

void html_element(struct html *h, const char *tag, const char *class, const char *text)
{
	html_open(h, tag);
	if (class)
		html_attribute(h, "class", class);
	html_text(h, text);
	html_close(h, tag);
}

void html_word(struct html *h, const char *tag, const char *class, const struct text *text)
{
	html_element(h, tag, class, text_in(text, h->language));
}

void html_css(struct html *h, const char *css)
{
	end_tag_start(h);
	fputs(css, h->out);
}

void html_begin(struct html *h)
{
	fputs("<!DOCTYPE html>\n", h->out);
}
