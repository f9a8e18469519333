/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json_syntax.h"

/*
 * yajl reports tokens without their places. Its count of consumed bytes is one past the
 * token inside a callback; where the token starts follows from the end of the one before.
 */
struct parser {
	yajl_handle handle;
	struct arena *arena;
	struct findings *findings;
	struct json_spot spot;
	struct json *stack[JSON_LENIENT_DEPTH_MAX];
	size_t depth, n_values;
	struct json *root;
	const char *key; /* the one that waits for its value */
	struct place key_place;
	int failure; /* why a callback stopped the parser: -ENOMEM, or -EINVAL with a finding */
};

static bool lenient(const struct parser *parser)
{
	return (parser->spot.flags & JSON_LENIENT) != 0;
}

static int stop(struct parser *parser, int failure)
{
	parser->failure = failure;
	return 0;
}

/* Moves over the token that ends where yajl stands. */
static struct place next_token(struct parser *parser)
{
	const struct source *source = parser->spot.source;
	size_t open, start = parser->spot.cursor, end = yajl_get_bytes_consumed(parser->handle);

	for (;;) {
		start = json_syntax_skip(source, parser->spot.flags, start, &open);
		if (start >= end || (source->text[start] != ',' && source->text[start] != ':'))
			break;
		start++;
	}
	if (start > end)
		start = end;
	parser->spot.cursor = end;
	return (struct place){ .source = source, .offset = start, .length = end - start };
}

static struct json *add_value(struct parser *parser, enum json_type type, struct place place)
{
	struct json *inside = parser->depth > 0 ? parser->stack[parser->depth - 1] : NULL;
	const size_t max = lenient(parser) ? JSON_LENIENT_VALUES_MAX : JSON_VALUES_MAX;
	struct json *value = arena_alloc(parser->arena, sizeof(*value));

	if (!value) {
		stop(parser, -ENOMEM);
		return NULL;
	}
	if (++parser->n_values > max) {
		findings_add(parser->findings, FINDING_ERROR, "E006", &place, "more than %zu values", max);
		stop(parser, -EINVAL);
		return NULL;
	}
	value->type = type;
	value->place = place;
	if (inside && inside->type == JSON_OBJECT) {
		value->name = take_ptr(parser->key);
		value->name_place = parser->key_place;
	}
	if (inside)
		json_append(inside, value);
	else
		parser->root = value;
	parser->spot.after = JSON_AFTER_VALUE;
	return value;
}

static int on_null(void *context)
{
	struct parser *parser = context;

	return add_value(parser, JSON_NULL, next_token(parser)) != NULL;
}

static int on_boolean(void *context, int boolean)
{
	struct parser *parser = context;
	struct json *value = add_value(parser, JSON_BOOL, next_token(parser));

	if (value)
		value->boolean = boolean != 0;
	return value != NULL;
}

static int on_number(void *context, const char *text, size_t length)
{
	struct parser *parser = context;
	struct place place = next_token(parser);
	bool fraction = memchr(text, '.', length) || memchr(text, 'e', length) || memchr(text, 'E', length);
	struct json *value = add_value(parser, fraction ? JSON_NUMBER : JSON_INTEGER, place);
	char *copy = arena_memdup(parser->arena, text, length);

	if (!value)
		return 0;
	if (!copy)
		return stop(parser, -ENOMEM);
	value->text = copy;
	errno = 0;
	if (!fraction)
		value->integer = strtoll(copy, NULL, 10);
	value->number = strtod(copy, NULL);
	if (errno == ERANGE && !lenient(parser)) {
		findings_add(parser->findings, FINDING_ERROR, "E011", &place,
			     "the number does not fit 64 bits");
		return stop(parser, -EINVAL);
	}
	return 1;
}

/* Return: the string's copy, NULL when the parser has to stop. */
static char *copy_string(struct parser *parser, const struct place *place, const unsigned char *text,
			 size_t length)
{
	char *copy;

	if (memchr(parser->spot.source->text + place->offset, '\\', place->length) &&
	    !json_syntax_check_escapes(place, parser->findings)) {
		stop(parser, -EINVAL);
		return NULL;
	}
	copy = arena_memdup(parser->arena, text, length);
	if (!copy)
		stop(parser, -ENOMEM);
	return copy;
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct place place = next_token(parser);
	struct json *value = add_value(parser, JSON_STRING, place);

	if (!value)
		return 0;
	value->text = copy_string(parser, &place, text, length);
	return value->text != NULL;
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;

	parser->key_place = next_token(parser);
	parser->key = copy_string(parser, &parser->key_place, text, length);
	parser->spot.after = JSON_AFTER_KEY;
	return parser->key != NULL;
}

static int open_container(struct parser *parser, enum json_type type)
{
	const size_t max = lenient(parser) ? JSON_LENIENT_DEPTH_MAX : JSON_DEPTH_MAX;
	struct place place = next_token(parser);
	struct json *value;

	/* yajl itself goes on for as long as there is memory. */
	if (parser->depth == max) {
		findings_add(parser->findings, FINDING_ERROR, "E006", &place, "nested deeper than %zu levels",
			     max);
		return stop(parser, -EINVAL);
	}
	value = add_value(parser, type, place);
	if (!value)
		return 0;
	parser->stack[parser->depth++] = value;
	parser->spot.inside = value;
	parser->spot.after = JSON_AFTER_OPEN;
	return 1;
}

static int on_start_map(void *context)
{
	return open_container(context, JSON_OBJECT);
}

static int on_start_array(void *context)
{
	return open_container(context, JSON_ARRAY);
}

static int compare_members(const void *a, const void *b)
{
	const struct json *const *left = a, *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);

	if (order != 0)
		return order;
	return (*left)->name_place.offset < (*right)->name_place.offset ? -1 : 1;
}

static void report_duplicate(struct parser *parser, const struct json *first, const struct json *again)
{
	struct finding *finding = findings_add(parser->findings, FINDING_ERROR, "E002", &again->name_place,
					       "duplicate key \"%s\"", again->name);
	struct source_position position;

	/* Lines are counted from the start of the file: only for what is shown. */
	if (!finding)
		return;
	position = source_position(&first->name_place);
	finding_beside(finding, "(first at %zu:%zu)", position.line, position.column);
}

/* Sorted, so that an object with very many keys doesn't cost the square of them. */
static int check_duplicates(struct parser *parser, const struct json *object)
{
	const struct json **members, *first;
	size_t n = 0;

	if (object->n < 2)
		return 1;
	members = calloc(object->n, sizeof(*members));
	if (!members)
		return stop(parser, -ENOMEM);
	for (const struct json *member = object->first; member; member = member->next)
		members[n++] = member;
	qsort(members, n, sizeof(*members), compare_members);
	first = members[0];
	for (size_t i = 1; i < n; i++) {
		if (str_equal(first->name, members[i]->name))
			report_duplicate(parser, first, members[i]);
		else
			first = members[i];
	}
	free(members);
	return 1;
}

static int on_end(void *context)
{
	struct parser *parser = context;
	struct json *closed = parser->stack[--parser->depth];

	next_token(parser);
	closed->end = parser->spot.cursor;
	parser->spot.inside = parser->depth > 0 ? parser->stack[parser->depth - 1] : NULL;
	parser->spot.after = JSON_AFTER_VALUE;
	return closed->type == JSON_OBJECT && !lenient(parser) ? check_duplicates(parser, closed) : 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

/* Characters that make a text look different from what it says (Unicode's bidirectional overrides). */
static bool is_direction_override(const unsigned char *text, size_t length)
{
	if (length != 3 || text[0] != 0xe2)
		return false;
	return (text[1] == 0x80 && text[2] >= 0xaa && text[2] <= 0xae) ||
	       (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9);
}

static int check_text(const struct source *source, enum json_flags flags, struct findings *findings)
{
	const unsigned char *text = (const unsigned char *)source->text;
	struct place place = { .source = source };
	const char *message = NULL;

	if (source->size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		place.length = 3;
		finding_help(findings_add(findings, FINDING_ERROR, "E005", &place,
					  "the file starts with a byte order mark"),
			     "save it as UTF-8 without BOM");
		return -EINVAL;
	}
	for (size_t i = 0; i < source->size; i += place.length) {
		place.length = 1;
		if (text[i] > 0 && text[i] < 0x80)
			continue;
		place.length = str_utf8_length(text + i, source->size - i);
		if (place.length == 0)
			message = "not valid UTF-8";
		else if (text[i] == '\0')
			message = "the file contains a NUL byte";
		else if (!(flags & JSON_LENIENT) && is_direction_override(text + i, place.length))
			message = "invisible character that changes the direction of text";
		if (message) {
			place.offset = i;
			place.length = place.length > 0 ? place.length : 1;
			findings_add(findings, FINDING_ERROR, "E005", &place, "%s", message);
			return -EINVAL;
		}
	}
	return 0;
}

static int run_parser(struct parser *parser)
{
	const struct source *source = parser->spot.source;
	size_t open;

	if (yajl_parse(parser->handle, (const unsigned char *)source->text, source->size) != yajl_status_ok ||
	    parser->depth > 0 || !parser->root) {
		if (parser->failure == 0) {
			json_syntax_explain(&parser->spot, parser->findings);
			return -EINVAL;
		}
		return parser->failure;
	}
	/* What follows the root is ours to check: yajl takes a comment that never ends for the end. */
	if (json_syntax_skip(source, parser->spot.flags, parser->spot.cursor, &open) < source->size ||
	    open < source->size) {
		json_syntax_explain(&parser->spot, parser->findings);
		return -EINVAL;
	}
	if (parser->root->type != JSON_OBJECT) {
		findings_add(parser->findings, FINDING_ERROR, "E004", &parser->root->place,
			     "expected an object, not %s", json_type_name(parser->root->type));
		return -EINVAL;
	}
	return 0;
}

int json_parse(const struct source *source, enum json_flags flags, struct arena *arena,
	       struct findings *findings, struct json **ret)
{
	struct parser parser = {
		.arena = arena,
		.findings = findings,
		.spot = { .source = source, .flags = flags, .after = JSON_AFTER_START },
	};
	int r = check_text(source, flags, findings);

	if (r < 0)
		return r;
	parser.handle = yajl_alloc(&callbacks, NULL, &parser);
	if (!parser.handle)
		return -ENOMEM;
	yajl_config(parser.handle, yajl_allow_comments, (flags & JSON_COMMENTS) ? 1 : 0);
	r = run_parser(&parser);
	yajl_free(parser.handle);
	if (r < 0)
		return r;
	*ret = parser.root;
	return 0;
}
