/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Draws struct top with screen.h, whatever the terminal's size is. */

struct top;

enum { VIEW_ROWS_MIN = 8, VIEW_COLUMNS_MIN = 40 };

/** view_draw() - draw one picture; moves what is scrolled so that the selected row is seen. */
void view_draw(struct top *top);
