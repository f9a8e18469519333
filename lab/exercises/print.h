/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Text for a terminal of 80 columns: wrapped, in two columns, in colour where that is wanted. What comes out
 * of a container never reaches the terminal as it is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

enum { PRINT_WIDTH = 80, PRINT_COLUMN = 38 };

enum print_style { PRINT_PLAIN, PRINT_BOLD, PRINT_DIM, PRINT_GOOD, PRINT_BAD, PRINT_DOUBT };

struct print {
	FILE *out;
	bool color;
};

/** print_style() - write @text in that style. */
void print_style(const struct print *print, enum print_style style, const char *text);

/** print_wrapped() - write a paragraph, indented by @indent columns; @first stands before its first line. */
void print_wrapped(const struct print *print, size_t indent, const char *first, const char *text);

/** print_columns() - two texts side by side, each wrapped to its half; control characters are shown as \xHH.
 */
void print_columns(const struct print *print, enum print_style style, const char *left, const char *right);

/** print_untrusted() - a text that came out of a container, on one line. */
void print_untrusted(const struct print *print, const char *text);

/** print_untrusted_wrapped() - the same as a paragraph, indented by @indent columns. */
void print_untrusted_wrapped(const struct print *print, size_t indent, const char *text);

/** print_length() - Return: the columns that the first @size bytes of a UTF-8 text take, wide characters
 * aside. */
size_t print_length(const char *text, size_t size);
