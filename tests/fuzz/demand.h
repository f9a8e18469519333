/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What must hold whatever came in: a crash is not the only mistake that a fuzzer finds. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void demand_that(bool truth, const char *words, const char *file, int line)
{
	if (truth)
		return;
	fprintf(stderr, "%s:%d: it must be that %s\n", file, line, words);
	abort();
}
#define demand(truth) demand_that((truth), #truth, __FILE__, __LINE__)

/** demand_harmless() - no terminal obeys what was printed: the only control characters are ours. */
static inline void demand_harmless(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
			fprintf(stderr, "byte 0x%02x at %zu of:\n%.*s\n", c, i, (int)size, text);
			abort();
		}
	}
}

/** demand_json() - what was printed is a JSON value. */
static inline void demand_json(const char *text, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct source source = { .name = "printed", .text = text, .size = size };
	static struct findings findings;
	struct json *tree = NULL;

	findings.n = findings.n_errors = 0;
	demand(arena != NULL);
	if (json_parse(&source, JSON_LENIENT, arena, &findings, &tree) < 0) {
		findings_print(stderr, &findings, false);
		fprintf(stderr, "%.*s\n", (int)size, text);
		abort();
	}
}

/* What a function prints, in memory. */
struct printed {
	char *text;
	size_t size;
	FILE *out;
};

static inline FILE *printed_begin(struct printed *printed)
{
	*printed = (struct printed){ .text = NULL };
	printed->out = open_memstream(&printed->text, &printed->size);
	demand(printed->out != NULL);
	return printed->out;
}

/** printed_end() - the text is judged and freed. @json: it has to be that, too. */
static inline void printed_end(struct printed *printed, bool json)
{
	demand(fclose(printed->out) == 0);
	demand_harmless(printed->text, printed->size);
	if (json)
		demand_json(printed->text, printed->size);
	free(printed->text);
}
