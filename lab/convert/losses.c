/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/losses.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/json.h"

enum { GROW = 16, LINE_MAX_BYTES = 1024 };

int losses_add(struct losses *losses, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	const char *copy;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (losses->n % GROW == 0) {
		const char **items = arena_array(losses->arena, losses->n + GROW, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (losses->n > 0)
			memcpy(items, losses->items, losses->n * sizeof(*items));
		losses->items = items;
	}
	copy = arena_strdup(losses->arena, text);
	if (!copy)
		return -ENOMEM;
	losses->items[losses->n++] = copy;
	return 0;
}

int losses_add_if(struct losses *losses, const struct loss_if *rows, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (rows[i].applies)
			r = losses_add(losses, "%s", rows[i].text);
	return r;
}

int losses_add_keys(struct losses *losses, const struct json *tree, const struct loss_of_key *rows, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (json_find(tree, rows[i].key))
			r = losses_add(losses, "%s", rows[i].text);
	return r;
}

void losses_print(const struct losses *losses, FILE *out)
{
	char line[LINE_MAX_BYTES * 4];

	for (size_t i = 0; i < losses->n; i++) {
		str_escape(line, sizeof(line), losses->items[i]);
		fprintf(out, "not carried over: %s\n", line);
	}
}
