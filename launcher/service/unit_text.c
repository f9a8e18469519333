/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/unit_text.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* Bytes of the character at @text that a unit may have; 0: a control character or no UTF-8. */
static size_t character(const char *text)
{
	size_t length = str_utf8_length((const unsigned char *)text, strlen(text));
	const unsigned char *bytes = (const unsigned char *)text;

	if (length == 1 && (bytes[0] < ' ' || bytes[0] == 0x7f))
		return 0;
	/* C1 control characters, U+0080 to U+009F. */
	if (length == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0)
		return 0;
	return length;
}

bool unit_text_allowed(const char *text)
{
	if (text[0] == '\0')
		return false;
	while (*text) {
		size_t length = character(text);

		if (length == 0)
			return false;
		text += length;
	}
	return true;
}

bool unit_text_bare_allowed(const char *text)
{
	size_t length = strlen(text);

	return unit_text_allowed(text) && text[0] != ' ' && text[length - 1] != ' ' &&
	       text[length - 1] != '\\';
}

void unit_text_bare(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '%')
			fputc('%', out);
		fputc(*text, out);
	}
}

static void quoted(FILE *out, const char *text, bool argument)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '%' || (argument && *text == '$'))
			fputc(*text, out);
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

void unit_text_quoted(FILE *out, const char *text)
{
	quoted(out, text, false);
}

void unit_text_argument(FILE *out, const char *text)
{
	quoted(out, text, true);
}

void unit_text_words(FILE *out, const char *text)
{
	bool space = true; /* none at the beginning, never two */

	while (*text) {
		size_t length = character(text);

		if (length > 0 && *text != ' ' && *text != '\\') {
			for (size_t i = 0; i < length; i++)
				fputs(text[i] == '%' ? "%%" : (char[]){ text[i], '\0' }, out);
			space = false;
		} else if (!space) {
			fputc(' ', out);
			space = true;
		}
		text += length ? length : 1;
	}
}

void unit_text_name(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("_.-", *text))
			fputc(*text, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
	}
}
