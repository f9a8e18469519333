/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/schema.h"

#include "profiles/json.h"
#include "profiles/keys.h"
#include "reading.h"

struct schema {
	struct arena *arena;
	struct source source;
	struct findings findings;
	struct json *tree;
};

static struct schema schema_parse(void)
{
	struct schema schema = { .arena = arena_new(), .source = { .name = "schema" } };
	char *text = NULL;
	FILE *out = open_memstream(&text, &schema.source.size);

	schema_print(out);
	fclose(out);
	schema.source.text = arena_strdup(schema.arena, text);
	free(text);
	cr_assert(eq(int,
		     json_parse(&schema.source, JSON_STRICT, schema.arena, &schema.findings, &schema.tree),
		     0));
	cr_assert(zero(sz, schema.findings.n));
	return schema;
}

/* The alternative of a key's schema that is an object. */
static const struct json *object_of(const struct json *key)
{
	const struct json *list = json_get(key, "anyOf");

	for (const struct json *item = list ? list->first : NULL; item; item = item->next)
		if (json_get(item, "properties") || json_get(item, "additionalProperties"))
			return item;
	return NULL;
}

/* Follows a path of the key table through the schema. */
static const struct json *find(const struct json *root, const char *path)
{
	const struct json *object = root, *found = NULL;
	char text[128], *part, *rest = text;

	snprintf(text, sizeof(text), "%s", path);
	while ((part = strsep(&rest, "."))) {
		found = str_equal(part, "*") ? json_get(object, "additionalProperties")
					     : json_get(json_get(object, "properties"), part);
		if (!found)
			return NULL;
		object = object_of(found);
	}
	return found;
}

Test(schema, has_every_key_that_is_available_and_no_other)
{
	struct schema schema = schema_parse();
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++) {
		const struct json *found = find(schema.tree, keys[i].path);

		cr_expect(eq(int, found != NULL, keys_available(&keys[i])), "%s", keys[i].path);
		if (found)
			cr_expect(same_text(json_get(found, "description")->text, keys[i].description), "%s",
				  keys[i].path);
	}
	arena_free(schema.arena);
}

Test(schema, allows_no_unknown_key_at_any_level)
{
	struct schema schema = schema_parse();
	static const char *const objects[] = { "user",    "limits",  "log",    "mounts.*", "listen.*",
					       "network", "restart", "health", "events" };

	cr_assert(json_get(schema.tree, "additionalProperties")->type == JSON_BOOL);
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		const struct json *object = object_of(find(schema.tree, objects[i]));
		const struct json *additional = json_get(object, "additionalProperties");

		cr_expect(additional && additional->type == JSON_BOOL && !additional->boolean, "%s",
			  objects[i]);
	}
	arena_free(schema.arena);
}

Test(schema, is_draft_7_and_asks_for_the_version_only)
{
	struct schema schema = schema_parse();
	const struct json *required = json_get(schema.tree, "required");

	cr_assert(
		same_text(json_get(schema.tree, "$schema")->text, "http://json-schema.org/draft-07/schema#"));
	cr_assert(eq(sz, required->n, 1));
	cr_assert(same_text(required->first->text, "kapsel"));
	arena_free(schema.arena);
}
