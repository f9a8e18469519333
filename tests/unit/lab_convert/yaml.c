/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "lab/convert/compose.h"
#include "lab/convert/yaml_tree.h"

static int parse(struct arena *arena, const char *text, struct json **ret, struct error *err)
{
	return yaml_tree_parse("c.yml", text, strlen(text), arena, ret, err);
}

Test(yaml_tree, makes_strings_nulls_lists_and_mappings)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct json *root;

	cr_assert(zero(int, parse(arena, "a: 1\nb: [x, ~, 'null']\nc:\n  d: \"1\"\n", &root, &err)), "%s",
		  err.msg);
	cr_assert(eq(str, json_get(root, "a")->text, "1"));
	cr_assert(eq(int, json_get(root, "b")->first->next->type, JSON_NULL));
	cr_assert(eq(int, json_get(root, "b")->last->type, JSON_STRING));
	cr_assert(eq(sz, json_get(root, "c")->place.offset, 4));
}

Test(yaml_tree, merges_what_is_not_there)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct json *root;

	cr_assert(zero(int, parse(arena, "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n", &root, &err)), "%s",
		  err.msg);
	cr_assert(eq(str, json_find(root, "y.a")->text, "1"));
	cr_assert(eq(str, json_find(root, "y.b")->text, "3"));
}

Test(yaml_tree, refuses_with_line_and_column)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "a: 1\na: 2\n", "c.yml:2:1: this key stands there already" },
		{ "a: [1\n", "c.yml:2:1" },
		{ "a: !reset x\n", "c.yml:1:4: a tag" },
		{ "? [a]\n: b\n", "c.yml:1:3: a key must be a word" },
		{ "a: &x [*x]\n", "c.yml:1:4: values within values" },
		{ "a: 1\n---\nb: 2\n", "more than one document" },
		{ "", "it is empty" },
		{ "a: \"\\0\"\n", "a NUL byte" },
		{ "a: *nobody\n", "undefined alias" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct error err = { 0 };
		struct json *root;

		cr_assert(eq(int, parse(arena, rows[i].text, &root, &err), -EINVAL), "%s", rows[i].text);
		cr_assert(not(eq(ptr, strstr(err.msg, rows[i].message), NULL)), "%s: %s", rows[i].text,
			  err.msg);
	}
}

/* Nine levels of nine: 400 million values from ten lines. */
Test(yaml_tree, bounds_a_bomb_of_aliases)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char text[2048] = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
	struct error err = { 0 };
	struct json *root;

	for (int i = 1; i < 9; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1, i - 1,
			 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	cr_assert(eq(int, parse(arena, text, &root, &err), -EINVAL));
	cr_assert(not(eq(ptr, strstr(err.msg, "too many values"), NULL)), "%s", err.msg);
}

Test(compose, wants_services_that_are_mappings)
{
	static const char *const wrong[] = { "a: 1\n", "services: x\n", "services: {}\n",
					     "services: {a: 1}\n", "- services\n" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct error err = { 0 };
		struct compose compose;

		cr_assert(eq(int, compose_parse("c.yml", wrong[i], strlen(wrong[i]), arena, &compose, &err),
			     -EINVAL));
	}
}

Test(compose, makes_file_names_of_plain_words_only)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *text = "services: {web: {}, ../x: {}, .h: {}}\n";
	struct error err = { 0 };
	struct compose compose;

	cr_assert(zero(int, compose_parse("c.yml", text, strlen(text), arena, &compose, &err)), "%s",
		  err.msg);
	cr_assert(eq(str, compose_file_name(&compose, 0, "d"), "d/web.kapsel.jsonc"));
	cr_assert(eq(ptr, compose_file_name(&compose, 1, "d"), NULL));
	cr_assert(eq(ptr, compose_file_name(&compose, 2, "d"), NULL));
}
