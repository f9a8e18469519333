/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* "{name}\t{status}": a line that a user asked for with --format, and the words in it. */
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

enum { TEMPLATE_WORD_MAX = 64 };

/**
 * template_check() - look for mistakes
 * @words: @n known words; n 0: any word may stand there
 * @ret: what is wrong, in words, TEMPLATE_MISTAKE_MAX bytes
 *
 * Return: 0 or -EINVAL.
 */
enum { TEMPLATE_MISTAKE_MAX = 256 };
int template_check(const char *format, const char *const *words, size_t n, char ret[TEMPLATE_MISTAKE_MAX])
	_must_check_;

/**
 * template_print() - write the line, with a newline; "\t" and "\n" in the format become what they mean
 * @value: what the word stands for; NULL: nothing
 *
 * Values can do nothing to a terminal. The format was checked.
 */
void template_print(FILE *out, const char *format, const char *(*value)(const void *arg, const char *word),
		    const void *arg);
