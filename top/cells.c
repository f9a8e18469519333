/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/cells.h"

#include <string.h>

#include "base/str.h"
#include "launcher/logs/log_stdout.h"

enum { TAB = 8, ESCAPED_MAX = 16 };

static const wchar_t unknown = L'?';

/* One valid UTF-8 sequence. */
static wchar_t decode(const unsigned char *text, size_t length)
{
	static const unsigned char first_mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	wchar_t c = text[0] & first_mask[length];

	for (size_t i = 1; i < length; i++)
		c = (wchar_t)(c << 6 | (text[i] & 0x3f));
	return c;
}

static void push(struct cells *cells, wchar_t c, int columns)
{
	if (cells->n == CELLS_MAX)
		return;
	cells->text[cells->n++] = c;
	cells->text[cells->n] = L'\0';
	cells->columns += columns;
}

/* Take characters away until an ellipsis fits. */
static void cut(struct cells *cells, int width, bool utf8)
{
	while (cells->n > 0 && cells->columns > width - 1) {
		int columns = wcwidth(cells->text[--cells->n]);

		cells->columns -= columns > 0 ? columns : 1;
		cells->text[cells->n] = L'\0';
	}
	if (width > 0)
		push(cells, utf8 ? L'\u2026' : L'~', 1);
}

/* Return: whether there was room for it. */
static bool put(struct cells *cells, wchar_t c, int width)
{
	int columns = wcwidth(c);

	if (columns == 0)
		return true;
	if (columns < 0) {
		c = unknown;
		columns = 1;
	}
	if (cells->columns + columns > width)
		return false;
	push(cells, c, columns);
	return true;
}

static bool put_tab(struct cells *cells, int width)
{
	do {
		if (!put(cells, L' ', width))
			return false;
	} while (cells->columns % TAB != 0);
	return true;
}

void cells_fill(struct cells *ret, const char *text, size_t size, int width, bool utf8)
{
	bool fits = true;

	ret->n = 0;
	ret->columns = 0;
	ret->text[0] = L'\0';
	if (width > CELLS_MAX)
		width = CELLS_MAX;
	while (fits && size > 0 && *text != '\n') {
		char escaped[ESCAPED_MAX];
		size_t length, taken = log_stdout_escape(text, size, escaped, &length);

		if (*text == '\t')
			fits = put_tab(ret, width);
		else if (length == taken)
			fits = put(ret, decode((const unsigned char *)text, length), width);
		for (size_t i = 0; length != taken && fits && i < length; i++)
			fits = put(ret, (wchar_t)escaped[i], width);
		text += taken;
		size -= taken;
	}
	if (!fits)
		cut(ret, width, utf8);
}

void cells_text(struct cells *ret, const char *text, int width, bool utf8)
{
	cells_fill(ret, text, strlen(text), width, utf8);
}

void cells_append(struct cells *cells, wchar_t c, int n)
{
	for (int i = 0; i < n; i++)
		push(cells, c, 1);
}

void cells_add(struct cells *cells, const struct cells *more)
{
	for (size_t i = 0; i < more->n; i++)
		push(cells, more->text[i], 0);
	cells->columns += more->columns;
}

void cells_pad(struct cells *cells, int width, bool right)
{
	const int missing = width - cells->columns;

	if (missing <= 0 || (size_t)missing > CELLS_MAX - cells->n)
		return;
	if (!right) {
		cells_append(cells, L' ', missing);
		return;
	}
	wmemmove(cells->text + missing, cells->text, cells->n + 1);
	wmemset(cells->text, L' ', (size_t)missing);
	cells->n += (size_t)missing;
	cells->columns = width;
}
