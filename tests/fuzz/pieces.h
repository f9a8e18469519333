/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * An input of several pieces, each judged for itself, so that one file of the corpus can hold many small
 * texts: they are separated by two bytes 0xff, which stand in no UTF-8.
 */
#include <stdint.h>
#include <string.h>

/** pieces_each() - call @judge for each piece of the input, also for an empty one. */
static inline void pieces_each(const uint8_t *data, size_t size,
			       void (*judge)(const uint8_t *data, size_t size))
{
	static const uint8_t mark[] = { 0xff, 0xff };
	const uint8_t *end = data + size, *cut;

	while (size > 0 && (cut = memmem(data, (size_t)(end - data), mark, sizeof(mark)))) {
		judge(data, (size_t)(cut - data));
		data = cut + sizeof(mark);
	}
	judge(data, (size_t)(end - data));
}
