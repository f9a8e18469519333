/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Small pictures of numbers, one line high: the course of a number, and its share of a whole. */
#include <stdbool.h>
#include <stddef.h>

struct cells;

/**
 * sparkline_fill() - one character for each of the newest values, the newest one last
 * @values: @n of them, the oldest first; negative: unknown, a gap
 * @full: what the highest character stands for, above 0; what is more is shown as that
 * @width: columns; all are filled
 * @utf8: eighths of blocks; otherwise letters of growing height
 */
void sparkline_fill(struct cells *ret, const float *values, size_t n, double full, int width, bool utf8);

/**
 * sparkline_bar() - a bar that is full at @share 1, between brackets
 * @share: negative: unknown, nothing but spaces
 * @width: columns, the brackets included
 */
void sparkline_bar(struct cells *ret, double share, int width, bool utf8);
