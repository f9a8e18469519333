/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/print.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { PRINT_TEXT_MAX = 4096 };

void print_style(const struct print *print, enum print_style style, const char *text)
{
	static const char *const codes[] = {
		[PRINT_PLAIN] = "",        [PRINT_BOLD] = "\033[1m", [PRINT_DIM] = "\033[2m",
		[PRINT_GOOD] = "\033[32m", [PRINT_BAD] = "\033[31m", [PRINT_DOUBT] = "\033[33m",
	};

	if (print->color && codes[style][0])
		fprintf(print->out, "%s%s\033[0m", codes[style], text);
	else
		fputs(text, print->out);
}

size_t print_length(const char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size && text[i]; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/*
 * How much of @text goes on a line of @width columns: up to a space, or, without one, up to the width.
 * Return: bytes; *ret_next: where the next line begins.
 */
static size_t line_of(const char *text, size_t width, const char **ret_next)
{
	size_t end = strcspn(text, "\n"), fit = 0, columns = 0, space = 0;

	while (fit < end && columns < width) {
		size_t length = str_utf8_length((const unsigned char *)text + fit, end - fit);

		if (text[fit] == ' ')
			space = fit;
		fit += length ? length : 1;
		columns++;
	}
	if (fit < end && text[fit] == ' ')
		space = fit;
	if (fit < end && space > 0)
		fit = space;
	*ret_next = text + fit;
	if (**ret_next == '\n')
		++*ret_next;
	else
		*ret_next += strspn(*ret_next, " ");
	return fit;
}

void print_wrapped(const struct print *print, size_t indent, const char *first, const char *text)
{
	const char *next = text;

	fprintf(print->out, "%s%*s", first, (int)(indent - print_length(first, strlen(first))), "");
	do {
		size_t length = line_of(text, PRINT_WIDTH - indent, &next);

		fprintf(print->out, "%.*s\n", (int)length, text);
		text = next;
		if (*text)
			fprintf(print->out, "%*s", (int)indent, "");
	} while (*text);
}

/* Newlines stay: they are the kernel's own in uid_map and its like. */
static void make_harmless(char *buffer, size_t size, const char *text)
{
	char line[PRINT_TEXT_MAX];
	size_t used = 0;

	buffer[0] = '\0';
	while (*text && used + 2 < size) {
		size_t length = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		str_escape(buffer + used, size - used - 1, line);
		used = strlen(buffer);
		text += length;
		if (*text == '\n') {
			buffer[used++] = '\n';
			buffer[used] = '\0';
			text++;
		}
	}
}

void print_columns(const struct print *print, enum print_style style, const char *left, const char *right)
{
	char texts[2][PRINT_TEXT_MAX], half[PRINT_COLUMN * 4 + 1];
	const char *at[2] = { texts[0], texts[1] };

	make_harmless(texts[0], sizeof(texts[0]), left);
	make_harmless(texts[1], sizeof(texts[1]), right);
	do {
		fputs("  ", print->out);
		for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
			const char *line = at[i];
			size_t length = line_of(line, PRINT_COLUMN, &at[i]);
			size_t gap = PRINT_COLUMN + 2 - print_length(line, length);

			snprintf(half, sizeof(half), "%.*s", (int)length, line);
			print_style(print, style, half);
			if (i == 0)
				fprintf(print->out, "%*s", (int)gap, "");
		}
		fputc('\n', print->out);
	} while (*at[0] || *at[1]);
}

void print_untrusted(const struct print *print, const char *text)
{
	char escaped[PRINT_TEXT_MAX];

	str_escape(escaped, sizeof(escaped), text);
	fputs(escaped, print->out);
}

void print_untrusted_wrapped(const struct print *print, size_t indent, const char *text)
{
	char escaped[PRINT_TEXT_MAX];

	str_escape(escaped, sizeof(escaped), text);
	print_wrapped(print, indent, "", escaped);
}
