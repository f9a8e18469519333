/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Strings: strict number parsing, escaping for a terminal, and the nearest of
 * some words for "did you mean".
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macro.h"

static inline bool str_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/**
 * str_to_u64() - parse decimal digits and nothing else: no sign, no space, no overflow
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int str_to_u64(const char *text, uint64_t *ret) _must_check_;

/** str_to_u32() - as str_to_u64(), at most UINT32_MAX. */
int str_to_u32(const char *text, uint32_t *ret) _must_check_;

/**
 * str_escape() - copy @text so that it can't do anything to a terminal
 *
 * C0 and C1 control bytes, DEL and invalid UTF-8 become \xHH. Always terminated.
 */
void str_escape(char *buffer, size_t size, const char *text);

/** str_utf8_length() - Return: bytes of the valid UTF-8 sequence at @text, 0 if invalid. */
size_t str_utf8_length(const unsigned char *text, size_t size);

/**
 * str_direction_mark() - is this one UTF-8 character a mark that reorders the text around it?
 *
 * U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: with them a name can look like another.
 * Return: its code, or 0.
 */
unsigned int str_direction_mark(const unsigned char *text, size_t length);

/** str_distance() - Return: Damerau-Levenshtein distance (adjacent swaps), capped at 64 bytes. */
size_t str_distance(const char *a, const char *b);

/**
 * str_nearest() - the candidate that @word was probably meant to be
 * @candidates: @n strings; @n may be 0
 *
 * Near is a distance of at most 2 or a third of the length.
 * Return: one of @candidates or NULL.
 */
const char *str_nearest(const char *word, const char *const *candidates, size_t n);
