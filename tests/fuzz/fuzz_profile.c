/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whatever is in a profile: reading it, printing what is wrong with it and showing what
 * it comes to must never crash, and what is shown must mean the same when read again.
 * A byte 0xff separates a second text, which is merged into the first; two begin another input (pieces.h).
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/macro.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/merge.h"
#include "profiles/profile.h"
#include "profiles/show.h"
#include "tests/fuzz/pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const syscalls[] = { "openat", "read", "write" };
static const char *const groups[] = { "@base", "@docker-default", "@process" };
static const struct vocabulary vocabulary = { syscalls, ARRAY_SIZE(syscalls), groups, ARRAY_SIZE(groups) };
static const struct profile_options options = { .vocabulary = &vocabulary };

static struct source *new_source(struct arena *arena, const void *data, size_t size)
{
	struct source *source = arena_alloc(arena, sizeof(*source));

	if (!source)
		abort();
	source->name = "fuzz.kapsel.jsonc";
	source->text = arena_memdup(arena, data, size);
	source->size = size;
	if (!source->text)
		abort();
	return source;
}

static void print(const struct findings *findings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	findings_print(out, findings, true);
	findings_print_json(out, findings);
	fclose(out);
	/* The only control characters are our own. */
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\033')
			abort();
	free(text);
}

static void read_again(const struct spec *spec, struct arena *arena)
{
	struct show_style style = { .origin = true };
	struct findings findings = { 0 };
	const struct spec *again = NULL;
	struct json *tree = show_resolve(spec, arena);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!tree || !out)
		abort();
	show_print(out, tree, &style);
	show_print_origins(out, tree);
	fclose(out);
	free(text);
	out = open_memstream(&text, &size);
	show_print(out, tree, &style);
	fclose(out);
	if (profile_read_text(new_source(arena, text, size), &options, arena, &findings, &again) < 0) {
		fprintf(stderr, "%s\n", text);
		findings_print(stderr, &findings, false);
		abort();
	}
	if (again->n_mounts != spec->n_mounts || again->n_listen != spec->n_listen ||
	    again->capabilities != spec->capabilities || again->namespaces != spec->namespaces ||
	    again->limits.memory_bytes != spec->limits.memory_bytes)
		abort();
	free(text);
}

static void merge_second(struct json *tree, const uint8_t *data, size_t size, struct arena *arena)
{
	struct findings findings = { 0 };
	struct json *patch;

	if (json_parse(new_source(arena, data, size), JSON_COMMENTS, arena, &findings, &patch) == 0 &&
	    merge_apply(tree, patch, arena) < 0)
		abort();
}

static void judge(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size > 0 ? memchr(data, 0xff, size) : NULL;
	size_t first = cut ? (size_t)(cut - data) : size;
	struct arena *arena = arena_new();
	struct findings findings = { 0 }, unused = { 0 };
	const struct spec *spec = NULL;
	struct json *tree = NULL;
	int r;

	if (!arena)
		abort();
	r = profile_read_text(new_source(arena, data, first), &options, arena, &findings, &spec);
	if ((r == 0) != (findings.n_errors == 0))
		abort();
	print(&findings);
	if (r == 0)
		read_again(spec, arena);
	if (cut && merge_load_text(new_source(arena, data, first), arena, &unused, &tree) == 0)
		merge_second(tree, cut + 1, size - first - 1, arena);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pieces_each(data, size, judge);
	return 0;
}
