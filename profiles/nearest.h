/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * "Did you mean" for profile words: a small edit away, or the one candidate that begins
 * with what was written.
 */
#include <stddef.h>

/** nearest_find() - Return: the candidate probably meant by @word, or NULL. */
const char *nearest_find(const char *word, const char *const *candidates, size_t n);
