/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/yaml_tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct builder {
	const char *name;
	yaml_document_t *document;
	struct arena *arena;
	struct error *err;
	size_t n;
};

static int fail(struct builder *builder, const yaml_node_t *node, const char *problem)
{
	return error_set(builder->err, EINVAL, "read %s:%zu:%zu: %s", builder->name,
			 node->start_mark.line + 1, node->start_mark.column + 1, problem);
}

static int build(struct builder *builder, int index, unsigned int depth, struct json **ret);

static bool is_null(const yaml_node_t *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };
	const char *text = (const char *)node->data.scalar.value;

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_equal(text, words[i]))
			return true;
	return false;
}

static int build_scalar(struct builder *builder, const yaml_node_t *node, struct json *value)
{
	const char *text = (const char *)node->data.scalar.value;

	if (memchr(text, '\0', node->data.scalar.length))
		return fail(builder, node, "a NUL byte");
	value->type = is_null(node) ? JSON_NULL : JSON_STRING;
	value->text = arena_memdup(builder->arena, text, node->data.scalar.length);
	return value->text ? 0 : error_set(builder->err, ENOMEM, "read %s", builder->name);
}

static int build_sequence(struct builder *builder, const yaml_node_t *node, unsigned int depth,
			  struct json *value)
{
	value->type = JSON_ARRAY;
	for (const yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++) {
		struct json *child;
		int r = build(builder, *item, depth + 1, &child);

		if (r < 0)
			return r;
		json_append(value, child);
	}
	return 0;
}

/* "<<": what the mapping does not say itself comes from the other one. */
static int merge(struct builder *builder, const yaml_node_t *node, struct json *value, struct json *other)
{
	struct json *next;

	if (other->type == JSON_ARRAY) {
		for (struct json *item = other->first; item; item = next) {
			int r;

			next = item->next;
			r = item->type == JSON_OBJECT ? merge(builder, node, value, item)
						      : fail(builder, node, "<< takes mappings");
			if (r < 0)
				return r;
		}
		return 0;
	}
	if (other->type != JSON_OBJECT)
		return fail(builder, node, "<< takes a mapping");
	for (struct json *item = other->first; item; item = next) {
		next = item->next;
		item->next = NULL;
		if (!json_get(value, item->name))
			json_append(value, item);
	}
	return 0;
}

static int build_pair(struct builder *builder, const yaml_node_pair_t *pair, unsigned int depth,
		      struct json *value, struct json **ret_merge)
{
	const yaml_node_t *key = yaml_document_get_node(builder->document, pair->key);
	struct json *child;
	const char *name;
	int r;

	if (!key || key->type != YAML_SCALAR_NODE)
		return fail(builder, key ? key : yaml_document_get_root_node(builder->document),
			    "a key must be a word");
	name = (const char *)key->data.scalar.value;
	if (memchr(name, '\0', key->data.scalar.length))
		return fail(builder, key, "a NUL byte");
	r = build(builder, pair->value, depth + 1, &child);
	if (r < 0)
		return r;
	if (str_equal(name, "<<")) {
		*ret_merge = child;
		return 0;
	}
	if (json_get(value, name))
		return fail(builder, key, "this key stands there already");
	child->name = arena_strdup(builder->arena, name);
	if (!child->name)
		return error_set(builder->err, ENOMEM, "read %s", builder->name);
	json_append(value, child);
	return 0;
}

static int build_mapping(struct builder *builder, const yaml_node_t *node, unsigned int depth,
			 struct json *value)
{
	struct json *other = NULL;

	value->type = JSON_OBJECT;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		int r = build_pair(builder, pair, depth, value, &other);

		if (r < 0)
			return r;
	}
	return other ? merge(builder, node, value, other) : 0;
}

static bool has_own_tag(const yaml_node_t *node)
{
	return node->tag && !str_starts((const char *)node->tag, "tag:yaml.org,2002:");
}

static int build(struct builder *builder, int index, unsigned int depth, struct json **ret)
{
	const yaml_node_t *node = yaml_document_get_node(builder->document, index);
	struct json *value;

	if (!node)
		return error_set(builder->err, EINVAL, "read %s: a value is missing", builder->name);
	if (depth > YAML_DEPTH_MAX)
		return fail(builder, node, "values within values, too deep (or an alias that holds itself)");
	if (++builder->n > YAML_VALUES_MAX)
		return fail(builder, node, "too many values, copies by alias counted");
	if (has_own_tag(node))
		return fail(builder, node, "a tag (!) is not understood");
	value = arena_alloc(builder->arena, sizeof(*value));
	if (!value)
		return error_set(builder->err, ENOMEM, "read %s", builder->name);
	value->place.offset = node->start_mark.line + 1;
	value->place.length = node->start_mark.column + 1;
	*ret = value;
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return build_scalar(builder, node, value);
	case YAML_SEQUENCE_NODE:
		return build_sequence(builder, node, depth, value);
	case YAML_MAPPING_NODE:
		return build_mapping(builder, node, depth, value);
	case YAML_NO_NODE:
		break;
	}
	return fail(builder, node, "an empty value");
}

static int syntax_error(const char *name, const yaml_parser_t *parser, struct error *err)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return error_set(err, ENOMEM, "read %s", name);
	return error_set(err, EINVAL, "read %s:%zu:%zu: %s", name, parser->problem_mark.line + 1,
			 parser->problem_mark.column + 1, parser->problem ? parser->problem : "not YAML");
}

static int parse_document(const char *name, yaml_parser_t *parser, struct arena *arena, struct json **ret,
			  struct error *err)
{
	yaml_document_t document, second;
	struct builder builder = { .name = name, .document = &document, .arena = arena, .err = err };
	int r;

	if (!yaml_parser_load(parser, &document))
		return syntax_error(name, parser, err);
	if (!yaml_document_get_root_node(&document))
		r = error_set(err, EINVAL, "read %s: it is empty", name);
	else
		r = build(&builder, 1, 0, ret); /* nodes count from 1, the root is the first */
	yaml_document_delete(&document);
	if (r < 0)
		return r;
	if (!yaml_parser_load(parser, &second))
		return syntax_error(name, parser, err);
	if (yaml_document_get_root_node(&second))
		r = error_set(err, EINVAL, "read %s: more than one document", name);
	yaml_document_delete(&second);
	return r;
}

int yaml_tree_parse(const char *name, const char *text, size_t size, struct arena *arena, struct json **ret,
		    struct error *err)
{
	yaml_parser_t parser;
	int r;

	if (!yaml_parser_initialize(&parser))
		return error_set(err, ENOMEM, "read %s", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	r = parse_document(name, &parser, arena, ret, err);
	yaml_parser_delete(&parser);
	return r;
}
