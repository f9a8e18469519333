/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"

#include <errno.h>
#include <stdio.h>

enum { DISTANCE_MAX = 64 };

int str_to_u64(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

int str_to_u32(const char *text, uint32_t *ret)
{
	uint64_t value;
	int r = str_to_u64(text, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

size_t str_utf8_length(const unsigned char *text, size_t size)
{
	unsigned int low = 0x80, high = 0xbf;
	size_t length;

	if (size == 0)
		return 0;
	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		length = 2;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		length = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		length = 4;
	else
		return 0;
	/* The second byte's range excludes overlong forms, surrogates and U+110000. */
	if (text[0] == 0xe0)
		low = 0xa0;
	else if (text[0] == 0xed)
		high = 0x9f;
	else if (text[0] == 0xf0)
		low = 0x90;
	else if (text[0] == 0xf4)
		high = 0x8f;
	if (size < length || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

void str_escape(char *buffer, size_t size, const char *text)
{
	const unsigned char *next = (const unsigned char *)text;
	size_t left = strlen(text), used = 0;

	if (size == 0)
		return;
	while (left > 0) {
		size_t length = str_utf8_length(next, left);
		bool c1 = length == 2 && next[0] == 0xc2 && next[1] < 0xa0;

		if (length == 0 || next[0] < 0x20 || next[0] == 0x7f || c1) {
			if (length == 0)
				length = 1;
			if (used + length * 4 >= size)
				break;
			for (size_t i = 0; i < length; i++)
				used += (size_t)snprintf(buffer + used, size - used, "\\x%02x", next[i]);
		} else {
			if (used + length >= size)
				break;
			memcpy(buffer + used, next, length);
			used += length;
		}
		next += length;
		left -= length;
	}
	buffer[used] = '\0';
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

size_t str_distance(const char *a, const char *b)
{
	size_t rows[3][DISTANCE_MAX + 1];
	size_t n = strnlen(a, DISTANCE_MAX), m = strnlen(b, DISTANCE_MAX);

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
	}
	return rows[n % 3][m];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t n)
{
	size_t length = strlen(word);
	size_t allowed = length / 3 > 2 ? length / 3 : 2;
	const char *best = NULL;

	if (allowed >= length)
		allowed = length > 1 ? length - 1 : 0;
	for (size_t i = 0; i < n; i++) {
		size_t distance = str_distance(word, candidates[i]);

		if (distance <= allowed) {
			if (distance == 0)
				return candidates[i];
			allowed = distance - 1;
			best = candidates[i];
		}
	}
	return best;
}

unsigned int str_direction_mark(const unsigned char *text, size_t length)
{
	unsigned int code = 0;

	if (length == 2)
		code = (text[0] & 0x1fU) << 6 | (text[1] & 0x3fU);
	else if (length == 3)
		code = (text[0] & 0x0fU) << 12 | (text[1] & 0x3fU) << 6 | (text[2] & 0x3fU);
	if (code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069))
		return code;
	return 0;
}
