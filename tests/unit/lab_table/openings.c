/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys that open a row are JSON in C: here they are read as the profile reader reads them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/table/probe_table.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"
#include "profiles/merge.h"
#include "profiles/profile.h"

static const char base[] =
	"{\"kapsel\": 1, \"name\": \"x\", \"rootfs\": \"/srv/x\", \"command\": [\"/bin/x\"],"
	" \"syscalls\": {\"allow\": [\"@base\", \"@process\"]}}";

static struct json *parse(const char *text, struct arena *arena)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	static struct findings findings;
	struct json *tree = NULL;

	memset(&findings, 0, sizeof(findings));
	*source = (struct source){ .name = "keys", .text = text, .size = strlen(text) };
	cr_assert(eq(int, json_parse(source, JSON_STRICT, arena, &findings, &tree), 0), "%s", text);
	return tree;
}

/* On top of the hardest default they make a profile that the reader takes. */
static void expect_profile(const char *name, const char *common, const char *keys)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	static struct findings findings;
	struct vocabulary vocabulary;
	const struct profile_options options = { .vocabulary = &vocabulary };
	const struct spec *spec = NULL;
	struct json *tree = parse(base, arena);
	static char text[16384];
	struct source source = { .name = name, .text = text };
	FILE *out = fmemopen(text, sizeof(text), "w");

	memset(&findings, 0, sizeof(findings));
	vocabulary_fill(&vocabulary);
	if (common)
		cr_assert(eq(int, merge_apply(tree, parse(common, arena), arena), 0));
	cr_assert(eq(int, merge_apply(tree, parse(keys, arena), arena), 0));
	json_print_value(out, tree, 0);
	fclose(out);
	source.size = strlen(text);
	cr_expect(eq(int, profile_read_text(&source, &options, arena, &findings, &spec), 0), "%s: %s: %s",
		  name, keys, findings.items[0].message);
}

Test(openings, are_keys_of_a_profile)
{
	const struct probe_row *rows;
	size_t n;

	rows = probe_table(&n);
	for (size_t i = 0; i < n; i++)
		for (const struct probe_opening *o = rows[i].openings; o && o->title; o++)
			expect_profile(o->title, NULL, o->keys);
}

Test(openings, of_single_layers_are_keys_of_a_profile)
{
	const struct probe_row *rows;
	size_t n, seen = 0;

	rows = probe_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].alone)
			continue;
		seen++;
		for (const struct probe_layer *layer = rows[i].alone->layers; layer->name; layer++)
			expect_profile(rows[i].name, rows[i].alone->common, layer->keys);
	}
	cr_assert(gt(sz, seen, 10));
}

static void expect_alike(const struct probe_row *row, const struct probe_opening *opening,
			 const struct probe_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (const struct probe_opening *o = rows[i].openings; o && o->title; o++)
			if (str_equal(o->title, opening->title))
				cr_expect(eq(str, o->keys, opening->keys), "%s and %s", row->name,
					  rows[i].name);
}

Test(openings, of_one_title_have_the_same_keys)
{
	const struct probe_row *rows;
	size_t n;

	rows = probe_table(&n);
	for (size_t i = 0; i < n; i++)
		for (const struct probe_opening *o = rows[i].openings; o && o->title; o++)
			expect_alike(&rows[i], o, rows, n);
}
