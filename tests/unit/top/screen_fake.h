/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A terminal in memory, in place of top/screen.c: what is drawn can be read. */

enum { FAKE_ROWS_MAX = 120, FAKE_COLUMNS_MAX = 520 };

/* The size that screen_size() tells. */
void fake_resize(int rows, int columns);

/* A row of the picture as UTF-8 without its trailing spaces; valid until the next call. */
const char *fake_row(int row);

/* Whether some row holds @text. */
int fake_shows(const char *text);

/* How the character at a place looks (screen.h). */
unsigned int fake_look(int row, int column);
