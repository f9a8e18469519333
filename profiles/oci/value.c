/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/oci/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "profiles/json.h"
#include "profiles/oci/oci_read.h"

enum { PATH_MAX_SHOWN = 256, WARNING_MAX = 700 };

struct trail {
	char text[PATH_MAX_SHOWN];
	size_t length;
};

static void trail_add(struct trail *trail, const struct json *value, size_t index)
{
	size_t room = sizeof(trail->text) - trail->length;
	int n;

	if (value->name)
		n = snprintf(trail->text + trail->length, room, "%s%.64s", trail->length ? "." : "",
			     value->name);
	else
		n = snprintf(trail->text + trail->length, room, "[%zu]", index);
	trail->length += n > 0 && (size_t)n < room ? (size_t)n : strlen(trail->text + trail->length);
}

/* Values don't know what they are in; a mistake is rare, so it is searched for only then. */
static bool trail_find(struct trail *trail, const struct json *in, const struct json *wanted)
{
	const size_t length = trail->length;
	size_t index = 0;

	if (in == wanted)
		return true;
	if (wanted->place.offset < in->place.offset || (in->end && wanted->place.offset >= in->end))
		return false;
	for (const struct json *value = in->first; value; value = value->next, index++) {
		trail_add(trail, value, index);
		if (trail_find(trail, value, wanted))
			return true;
		trail->length = length;
		trail->text[length] = '\0';
	}
	return false;
}

static void _printf_(5, 0) describe(const struct oci_reader *reader, const struct json *at, const char *name,
				    char buffer[WARNING_MAX], const char *format, va_list args)
{
	struct source_position position = source_position(&at->place);
	struct trail trail = { 0 };
	int n;

	trail_find(&trail, reader->root, at);
	n = snprintf(buffer, WARNING_MAX, "%.300s:%zu:%zu: %s%s%s%s",
		     at->place.source ? at->place.source->name : "?", position.line, position.column,
		     trail.text, name && trail.length ? "." : "", name ? name : "",
		     name || trail.length ? ": " : "");
	if (n > 0 && n < WARNING_MAX)
		vsnprintf(buffer + n, (size_t)(WARNING_MAX - n), format, args);
}

void oci_value_fail(struct oci_reader *reader, const struct json *at, const char *name, const char *format,
		    ...)
{
	const struct json *place = at;
	char message[WARNING_MAX];
	va_list args;

	if (reader->failed)
		return;
	for (const struct json *member = name ? at->first : NULL; member; member = member->next)
		if (member->name && str_equal(member->name, name))
			place = member;
	va_start(args, format);
	describe(reader, place, place == at ? name : NULL, message, format, args);
	va_end(args);
	reader->failed = error_set(reader->err, EINVAL, "%s", message);
}

void oci_value_exhausted(struct oci_reader *reader)
{
	if (!reader->failed)
		reader->failed = error_set(reader->err, ENOMEM, "read the configuration");
}

void oci_value_warn(struct oci_reader *reader, const struct json *at, const char *format, ...)
{
	char message[WARNING_MAX];
	va_list args;

	if (!reader->warnings || reader->warnings->n == OCI_WARNINGS_MAX)
		return;
	va_start(args, format);
	describe(reader, at, NULL, message, format, args);
	va_end(args);
	reader->warnings->items[reader->warnings->n] = arena_strdup(reader->arena, message);
	if (reader->warnings->items[reader->warnings->n])
		reader->warnings->n++;
	else
		oci_value_exhausted(reader);
}

static bool check_type(struct oci_reader *reader, const struct json *value, unsigned int types)
{
	if (value->type & types)
		return true;
	for (unsigned int type = JSON_NULL; type <= JSON_OBJECT; type <<= 1)
		if (types & type) {
			oci_value_fail(reader, value, NULL, "expected %s, not %s",
				       json_type_name((enum json_type)type), json_type_name(value->type));
			break;
		}
	return false;
}

const struct json *oci_value_get(struct oci_reader *reader, const struct json *object, const char *name,
				 unsigned int types)
{
	const struct json *found = NULL;

	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *member = object->first; member; member = member->next)
		if (str_equal(member->name, name))
			found = member;
	if (!found || found->type == JSON_NULL || !check_type(reader, found, types))
		return NULL;
	return found;
}

const struct json *oci_value_need(struct oci_reader *reader, const struct json *object, const char *name,
				  unsigned int types)
{
	const struct json *value = oci_value_get(reader, object, name, types);

	if (!value && object)
		oci_value_fail(reader, object, name, "missing");
	return value;
}

const struct json *oci_value_object(struct oci_reader *reader, const struct json *object, const char *name)
{
	return oci_value_get(reader, object, name, JSON_OBJECT);
}

const struct json *oci_value_objects(struct oci_reader *reader, const struct json *object, const char *name)
{
	const struct json *array = oci_value_get(reader, object, name, JSON_ARRAY);

	for (const struct json *item = array ? array->first : NULL; item; item = item->next)
		if (!check_type(reader, item, JSON_OBJECT))
			return NULL;
	return array;
}

void *oci_value_room(struct oci_reader *reader, const struct json *array, size_t size)
{
	void *room;

	if (!array || array->n == 0)
		return NULL;
	room = arena_array(reader->arena, array->n, size);
	if (!room)
		oci_value_exhausted(reader);
	return room;
}

bool oci_value_bool(struct oci_reader *reader, const struct json *object, const char *name)
{
	const struct json *value = oci_value_get(reader, object, name, JSON_BOOL);

	return value && value->boolean;
}

const char *oci_value_string(struct oci_reader *reader, const struct json *object, const char *name)
{
	const struct json *value = oci_value_get(reader, object, name, JSON_STRING);

	return value ? value->text : NULL;
}

const char *oci_value_text(struct oci_reader *reader, const struct json *object, const char *name)
{
	const char *text = oci_value_string(reader, object, name);

	return text && *text ? text : NULL;
}

uint64_t oci_value_number(struct oci_reader *reader, const struct json *object, const char *name,
			  uint64_t max, uint64_t absent)
{
	const struct json *value = oci_value_get(reader, object, name, JSON_INTEGER);
	uint64_t number = 0;

	if (!value)
		return absent;
	if (str_equal(value->text, "-0"))
		return 0;
	if (str_to_u64(value->text, &number) < 0 || number > max) {
		oci_value_fail(reader, value, NULL, "%.32s is not from 0 to %ju", value->text,
			       (uintmax_t)max);
		return absent;
	}
	return number;
}

int64_t oci_value_signed(struct oci_reader *reader, const struct json *object, const char *name, int64_t min,
			 int64_t max, int64_t absent)
{
	const struct json *value = oci_value_get(reader, object, name, JSON_INTEGER);
	int64_t number;

	if (!value)
		return absent;
	errno = 0;
	number = strtoll(value->text, NULL, 10);
	if (errno == ERANGE || number < min || number > max) {
		oci_value_fail(reader, value, NULL, "%.32s is not from %jd to %jd", value->text,
			       (intmax_t)min, (intmax_t)max);
		return absent;
	}
	return number;
}

uint64_t oci_value_limit(struct oci_reader *reader, const struct json *object, const char *name)
{
	const struct json *value = oci_value_get(reader, object, name, JSON_INTEGER);
	int64_t number;

	if (!value)
		return SPEC_UNSET;
	number = oci_value_signed(reader, object, name, -1, INT64_MAX, 0);
	return number == -1 ? SPEC_UNLIMITED : (uint64_t)number;
}

struct spec_strings oci_value_strings(struct oci_reader *reader, const struct json *object, const char *name)
{
	const struct json *array = oci_value_get(reader, object, name, JSON_ARRAY);
	const char **items;
	size_t n = 0;

	if (!array || array->n == 0)
		return (struct spec_strings){ 0 };
	items = arena_array(reader->arena, array->n + 1, sizeof(*items));
	if (!items) {
		oci_value_exhausted(reader);
		return (struct spec_strings){ 0 };
	}
	for (const struct json *item = array->first; item; item = item->next) {
		if (!check_type(reader, item, JSON_STRING))
			return (struct spec_strings){ 0 };
		items[n++] = item->text;
	}
	return (struct spec_strings){ items, n };
}

struct spec_strings oci_value_paths(struct oci_reader *reader, const struct json *object, const char *name)
{
	struct spec_strings paths = oci_value_strings(reader, object, name);
	const struct json *array = oci_value_get(reader, object, name, JSON_ARRAY);
	const struct json *item = array ? array->first : NULL;

	for (size_t i = 0; i < paths.n && item; i++, item = item->next)
		if (paths.items[i][0] != '/')
			oci_value_fail(reader, item, NULL, "\"%.100s\" is not an absolute path",
				       paths.items[i]);
	return paths;
}

static int compare_members(const void *a, const void *b)
{
	const struct json *const *left = a, *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);

	if (order != 0)
		return order;
	return (*left)->name_place.offset < (*right)->name_place.offset ? -1 : 1;
}

/* Sorted, so that an object with very many keys doesn't cost the square of them. */
size_t oci_value_members(struct oci_reader *reader, const struct json *object, const struct json *const **ret)
{
	const struct json **members = oci_value_room(reader, object, sizeof(const struct json *));
	size_t n = 0, kept = 0;

	*ret = members;
	if (!members)
		return 0;
	for (const struct json *member = object->first; member; member = member->next)
		members[n++] = member;
	qsort(members, n, sizeof(const struct json *), compare_members);
	for (size_t i = 0; i < n; i++) {
		bool again = i + 1 < n && str_equal(members[i]->name, members[i + 1]->name);

		if (!again && members[i]->type != JSON_NULL)
			members[kept++] = members[i];
	}
	return kept;
}

struct spec_pairs oci_value_pairs(struct oci_reader *reader, const struct json *object, const char *name)
{
	const struct json *map = oci_value_object(reader, object, name), *const * members;
	size_t n = oci_value_members(reader, map, &members);
	struct spec_pair *pairs = n > 0 ? arena_array(reader->arena, n, sizeof(*pairs)) : NULL;

	for (const struct json *member = map ? map->first : NULL; member; member = member->next)
		if (member->type == JSON_NULL)
			oci_value_fail(reader, member, NULL, "expected a string, not null");
	if (n == 0)
		return (struct spec_pairs){ 0 };
	if (!pairs) {
		oci_value_exhausted(reader);
		return (struct spec_pairs){ 0 };
	}
	for (size_t i = 0; i < n; i++) {
		if (!check_type(reader, members[i], JSON_STRING))
			return (struct spec_pairs){ 0 };
		if (*members[i]->name == '\0')
			oci_value_fail(reader, map, NULL, "has an empty key");
		pairs[i] = (struct spec_pair){ members[i]->name, members[i]->text };
	}
	return (struct spec_pairs){ pairs, n };
}

static const char *nearest_word(const char *word, const struct oci_word *words, size_t n)
{
	size_t best = strlen(word) / 3 + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t distance = str_distance(word, words[i].name);

		if (distance >= best)
			continue;
		best = distance;
		nearest = words[i].name;
	}
	return nearest;
}

const struct oci_word *oci_value_word(struct oci_reader *reader, const struct json *value, const char *what,
				      const struct oci_word *words, size_t n)
{
	const char *nearest;

	if (!value || !check_type(reader, value, JSON_STRING))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (str_equal(words[i].name, value->text))
			return &words[i];
	if (reader->failed)
		return NULL;
	oci_value_fail(reader, value, NULL, "unknown %s \"%.100s\"", what, value->text);
	nearest = nearest_word(value->text, words, n);
	if (nearest)
		error_remedy(reader->err, "did you mean %s?", nearest);
	return NULL;
}

uint64_t oci_value_flags(struct oci_reader *reader, const struct json *object, const char *name,
			 const char *what, const struct oci_word *words, size_t n)
{
	const struct json *array = oci_value_get(reader, object, name, JSON_ARRAY);
	uint64_t flags = 0;

	for (const struct json *item = array ? array->first : NULL; item; item = item->next) {
		const struct oci_word *word = oci_value_word(reader, item, what, words, n);

		flags |= word ? word->number : 0;
	}
	return flags;
}
