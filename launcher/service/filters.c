/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/filters.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

static int unknown_key(const char *key, const char *const *keys, size_t n, char mistake[FILTERS_MISTAKE_MAX])
{
	const char *nearest = str_nearest(key, keys, n);
	size_t used = (size_t)snprintf(mistake, FILTERS_MISTAKE_MAX, "unknown filter \"%s\"", key);

	if (used >= FILTERS_MISTAKE_MAX)
		return -EINVAL;
	if (nearest) {
		snprintf(mistake + used, FILTERS_MISTAKE_MAX - used, "; did you mean \"%s\"?", nearest);
		return -EINVAL;
	}
	for (size_t i = 0; i < n && used < FILTERS_MISTAKE_MAX - 1; i++)
		used += (size_t)snprintf(mistake + used, FILTERS_MISTAKE_MAX - used, "%s%s",
					 i == 0 ? "; there are " : ", ", keys[i]);
	return -EINVAL;
}

int filters_parse(const char *text, const char *const *keys, size_t n, struct arena *arena,
		  struct filters *ret, char mistake[FILTERS_MISTAKE_MAX])
{
	char *copy = arena_strdup(arena, text), *save = NULL;

	ret->n = 0;
	if (!copy)
		return -ENOMEM;
	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(word, '=');
		size_t i = 0;

		if (!equals || equals == word) {
			snprintf(mistake, FILTERS_MISTAKE_MAX, "write KEY=VALUE, not \"%s\"", word);
			return -EINVAL;
		}
		*equals = '\0';
		while (i < n && !str_equal(keys[i], word))
			i++;
		if (i == n)
			return unknown_key(word, keys, n, mistake);
		if (ret->n == FILTERS_MAX) {
			snprintf(mistake, FILTERS_MISTAKE_MAX, "more than %d filters", FILTERS_MAX);
			return -EINVAL;
		}
		ret->items[ret->n++] = (struct filters_item){ word, equals + 1 };
	}
	return 0;
}

bool filters_allow(const struct filters *filters, const char *key, bool all,
		   bool (*matches)(const void *arg, const char *value), const void *arg)
{
	size_t asked = 0, held = 0;

	for (size_t i = 0; i < filters->n; i++) {
		if (!str_equal(filters->items[i].key, key))
			continue;
		asked++;
		held += matches(arg, filters->items[i].value) ? 1 : 0;
	}
	return asked == 0 || (all ? held == asked : held > 0);
}

bool filters_have(const struct filters *filters, const char *key, const char *value)
{
	for (size_t i = 0; i < filters->n; i++)
		if (str_equal(filters->items[i].key, key) &&
		    (!value || str_equal(filters->items[i].value, value)))
			return true;
	return false;
}
