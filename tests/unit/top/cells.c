/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/cells.h"

#include <locale.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "top_fixture.h"

TestSuite(top_cells, .init = fixture_locale);

static struct cells fill(const char *text, int width)
{
	struct cells cells;

	cells_text(&cells, text, width, true);
	return cells;
}

Test(top_cells, shows_what_a_workload_wrote_without_its_control_bytes)
{
	cr_assert(eq(wcs, fill("\033[2Ja\007", 40).text, L"\\x1b[2Ja\\x07"));
	cr_assert(eq(wcs, fill("\302\23331m", 40).text, L"\\xc2\\x9b31m"));
	cr_assert(eq(wcs, fill("a\u202eb", 40).text, L"a\\xe2\\x80\\xaeb"));
	cr_assert(eq(wcs, fill("\xff", 40).text, L"\\xff"));
}

Test(top_cells, ends_with_the_first_line)
{
	cr_assert(eq(wcs, fill("one\ntwo", 40).text, L"one"));
}

Test(top_cells, cuts_at_the_right_column)
{
	cr_assert(eq(wcs, fill("abcdef", 6).text, L"abcdef"));
	cr_assert(eq(wcs, fill("abcdefg", 6).text, L"abcde\u2026"));
	cr_assert(eq(int, fill("abcdefg", 6).columns, 6));
	cr_assert(eq(wcs, fill("abc", 1).text, L"\u2026"));
	cr_assert(eq(wcs, fill("abc", 0).text, L""));
}

Test(top_cells, counts_wide_characters_as_two)
{
	struct cells cells = fill("\u6f22\u5b57\u6f22\u5b57", 7);

	cr_assert(eq(wcs, cells.text, L"\u6f22\u5b57\u6f22\u2026"));
	cr_assert(eq(int, cells.columns, 7));
	/* The third one would need the ellipsis' place. */
	cells = fill("\u6f22\u5b57\u6f22\u5b57", 6);
	cr_assert(eq(wcs, cells.text, L"\u6f22\u5b57\u2026"));
	cr_assert(eq(int, cells.columns, 5));
}

Test(top_cells, leaves_out_what_stacks_or_joins)
{
	cr_assert(eq(wcs, fill("e\u0301\u0301\u0301x\u200dy", 40).text, L"exy"));
}

Test(top_cells, turns_tabs_into_spaces)
{
	cr_assert(eq(wcs, fill("a\tb", 40).text, L"a       b"));
	cr_assert(eq(int, fill("\t\t\t", 20).columns, 20));
}

Test(top_cells, holds_no_more_than_it_has_room_for)
{
	char text[2 * CELLS_MAX + 1];
	struct cells cells;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cells_text(&cells, text, 100000, true);
	cr_assert(eq(sz, cells.n, CELLS_MAX));
	cells_append(&cells, L'y', 5);
	cells_pad(&cells, 100000, true);
	cr_assert(eq(sz, cells.n, CELLS_MAX));
}

Test(top_cells, pads_on_either_side)
{
	struct cells cells = fill("ab", 10);

	cells_pad(&cells, 4, false);
	cr_assert(eq(wcs, cells.text, L"ab  "));
	cells_pad(&cells, 6, true);
	cr_assert(eq(wcs, cells.text, L"  ab  "));
	cr_assert(eq(int, cells.columns, 6));
}

Test(top_cells, asks_for_nothing_that_the_locale_has_not)
{
	struct cells cells;

	setlocale(LC_ALL, "C");
	cells_text(&cells, "\u6f22 abcdef", 6, false);
	cr_assert(eq(wcs, cells.text, L"? abc~"));
}
