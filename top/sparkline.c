/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/sparkline.h"

#include "top/cells.h"

enum { LEVELS = 8 };

static const wchar_t heights_utf8[] = L"\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";
static const wchar_t heights_ascii[] = L"_.:-=+*#";
static const wchar_t widths_utf8[] = L" \u258f\u258e\u258d\u258c\u258b\u258a\u2589";

static void clear(struct cells *cells)
{
	cells->n = 0;
	cells->columns = 0;
	cells->text[0] = L'\0';
}

static wchar_t height_of(double value, double full, bool utf8)
{
	int level;

	if (!(value >= 0)) /* not a number, too */
		return L' ';
	level = value >= full ? LEVELS - 1 : (int)(value / full * LEVELS);
	return utf8 ? heights_utf8[level] : heights_ascii[level];
}

void sparkline_fill(struct cells *ret, const float *values, size_t n, double full, int width, bool utf8)
{
	clear(ret);
	if (width <= 0)
		return;
	if (n > (size_t)width) {
		values += n - (size_t)width;
		n = (size_t)width;
	}
	cells_append(ret, L' ', width - (int)n);
	for (size_t i = 0; i < n; i++)
		cells_append(ret, height_of((double)values[i], full, utf8), 1);
}

void sparkline_bar(struct cells *ret, double share, int width, bool utf8)
{
	const int room = width - 2;
	int eighths, whole;

	clear(ret);
	if (room <= 0)
		return;
	if (!(share >= 0)) {
		cells_append(ret, L' ', width);
		return;
	}
	if (share > 1)
		share = 1;
	eighths = (int)(share * room * LEVELS + 0.5);
	whole = eighths / LEVELS;
	cells_append(ret, L'[', 1);
	cells_append(ret, utf8 ? L'\u2588' : L'#', whole);
	if (utf8 && whole < room)
		cells_append(ret, widths_utf8[eighths % LEVELS], 1);
	cells_pad(ret, width - 1, false);
	cells_append(ret, L']', 1);
}
