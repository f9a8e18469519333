/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/nearest.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { PREFIX_MIN = 3, WORD_MAX = 64 };

const char *nearest_find(const char *word, const char *const *candidates, size_t n)
{
	size_t length = strlen(word), matches = 0, shortest = SIZE_MAX;
	const char *begun = NULL;

	for (size_t i = 0; i < n; i++)
		if (strcasecmp(word, candidates[i]) == 0)
			return candidates[i];
	for (size_t i = 0; length >= PREFIX_MIN && i < n; i++) {
		if (!str_starts(candidates[i], word))
			continue;
		matches++;
		if (strlen(candidates[i]) < shortest) {
			begun = candidates[i];
			shortest = strlen(begun);
		}
	}
	if (matches == 1 || (begun && shortest <= length + 1))
		return begun;
	/* Nothing that long is a typo of a word, and the distance costs its square. */
	return length <= WORD_MAX ? str_nearest(word, candidates, n) : NULL;
}
