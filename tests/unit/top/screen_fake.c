/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "screen_fake.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "top/cells.h"
#include "top/screen.h"

static wchar_t picture[FAKE_ROWS_MAX][FAKE_COLUMNS_MAX];
static unsigned int looks[FAKE_ROWS_MAX][FAKE_COLUMNS_MAX];
static int rows = 24, columns = 80;

void fake_resize(int new_rows, int new_columns)
{
	rows = new_rows;
	columns = new_columns;
}

const char *fake_row(int row)
{
	static char text[FAKE_COLUMNS_MAX * 4];
	wchar_t line[FAKE_COLUMNS_MAX + 1];
	size_t n = 0;

	/* The second half of a wide character is no character. */
	for (int i = 0; i < columns; i++)
		if (picture[row][i])
			line[n++] = picture[row][i];
	while (n > 0 && line[n - 1] == L' ')
		n--;
	line[n] = L'\0';
	cr_assert(ne(sz, wcstombs(text, line, sizeof(text)), (size_t)-1));
	return text;
}

int fake_shows(const char *text)
{
	for (int row = 0; row < rows; row++)
		if (strstr(fake_row(row), text))
			return 1;
	return 0;
}

unsigned int fake_look(int row, int column)
{
	return looks[row][column];
}

void screen_size(int *ret_rows, int *ret_columns)
{
	*ret_rows = rows;
	*ret_columns = columns;
}

void screen_begin(void)
{
	for (int row = 0; row < FAKE_ROWS_MAX; row++)
		wmemset(picture[row], L' ', FAKE_COLUMNS_MAX);
	memset(looks, 0, sizeof(looks));
}

/* Nothing may be drawn outside: a real terminal would wrap it, or lose it. */
void screen_put(int row, int column, const struct cells *cells, unsigned int look)
{
	cr_assert(row >= 0 && row < rows, "row %d of %d", row, rows);
	cr_assert(column >= 0 && column + cells->columns <= columns, "columns %d to %d of %d", column,
		  column + cells->columns, columns);
	for (size_t i = 0; i < cells->n; i++) {
		int width = wcwidth(cells->text[i]);

		cr_assert(ge(int, width, 1));
		picture[row][column] = cells->text[i];
		if (width == 2)
			picture[row][column + 1] = L'\0';
		for (int j = 0; j < width; j++)
			looks[row][column++] = look;
	}
}

void screen_cursor(int row, int column)
{
	cr_assert(row >= 0 && row < rows && column >= 0 && column < columns);
}

void screen_end(void)
{
}
