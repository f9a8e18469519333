/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/sparkline.h"

#include <math.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "top/cells.h"
#include "top_fixture.h"

TestSuite(top_sparkline, .init = fixture_locale);

static const float ramp[] = { 0, 12.5f, 25, 37.5f, 50, 62.5f, 75, 100 };

Test(top_sparkline, grows_with_its_values)
{
	struct cells cells;

	sparkline_fill(&cells, ramp, 8, 100, 8, true);
	cr_assert(eq(wcs, cells.text, L"▁▂▃▄▅▆▇█"));
	sparkline_fill(&cells, ramp, 8, 100, 8, false);
	cr_assert(eq(wcs, cells.text, L"_.:-=+*#"));
}

Test(top_sparkline, stands_right_and_shows_the_newest)
{
	struct cells cells;

	sparkline_fill(&cells, ramp, 8, 100, 3, true);
	cr_assert(eq(wcs, cells.text, L"▆▇█"));
	sparkline_fill(&cells, ramp, 2, 100, 5, true);
	cr_assert(eq(wcs, cells.text, L"   ▁▂"));
	sparkline_fill(&cells, ramp, 8, 100, 0, true);
	cr_assert(eq(wcs, cells.text, L""));
}

Test(top_sparkline, leaves_a_gap_for_what_is_not_known_and_stops_at_the_top)
{
	const float values[] = { -1, NAN, 1e30f };
	struct cells cells;

	sparkline_fill(&cells, values, 3, 100, 3, true);
	cr_assert(eq(wcs, cells.text, L"  █"));
}

Test(top_sparkline, draws_a_bar_in_eighths)
{
	struct cells cells;

	sparkline_bar(&cells, 0, 6, true);
	cr_assert(eq(wcs, cells.text, L"[    ]"));
	sparkline_bar(&cells, 0.5, 6, true);
	cr_assert(eq(wcs, cells.text, L"[██  ]"));
	sparkline_bar(&cells, 0.375, 6, true);
	cr_assert(eq(wcs, cells.text, L"[█▌  ]"));
	sparkline_bar(&cells, 7, 6, true);
	cr_assert(eq(wcs, cells.text, L"[████]"));
	sparkline_bar(&cells, 0.5, 6, false);
	cr_assert(eq(wcs, cells.text, L"[##  ]"));
	sparkline_bar(&cells, -1, 6, true);
	cr_assert(eq(wcs, cells.text, L"      "));
	sparkline_bar(&cells, 0.5, 2, true);
	cr_assert(eq(wcs, cells.text, L""));
}
