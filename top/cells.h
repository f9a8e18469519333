/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Text of strangers as characters that stand still in a terminal: escaped as the log reader does it, and of
 * known width, so that a column ends where it should.
 */
#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

enum { CELLS_MAX = 512 }; /* columns that are used of a wider terminal */

struct cells {
	wchar_t text[CELLS_MAX + 1]; /* NUL-terminated */
	size_t n;
	int columns;
};

/**
 * cells_fill() - the first line of @text in at most @width columns
 * @utf8: the terminal shows UTF-8; otherwise what the locale does not know becomes "?"
 *
 * Tabs become spaces, what is cut ends with an ellipsis. Characters without a width of their own
 * (combining, joining) are left out: terminals disagree on them, and stacked they leave their line.
 */
void cells_fill(struct cells *ret, const char *text, size_t size, int width, bool utf8);

/** cells_text() - as cells_fill(), of a whole string. */
void cells_text(struct cells *ret, const char *text, int width, bool utf8);

/** cells_append() - add @n times the character @c, which is one column wide. */
void cells_append(struct cells *cells, wchar_t c, int n);

/** cells_add() - add @more behind @cells. */
void cells_add(struct cells *cells, const struct cells *more);

/** cells_pad() - fill up to @width with spaces, behind the text or (@right) before it. */
void cells_pad(struct cells *cells, int width, bool right);
