/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/arena.h"
#include "base/str.h"

const struct json *reader_get(const struct json *in, const char *path)
{
	const char *dot = strrchr(path, '.');

	return json_get(in, dot ? dot + 1 : path);
}

void *reader_alloc(struct reader *reader, size_t n, size_t size)
{
	void *memory = arena_array(reader->arena, n, size);

	if (!memory)
		reader->exhausted = true;
	return memory;
}

struct finding *reader_error(struct reader *reader, const char *code, const struct place *place,
			     const char *format, ...)
{
	char message[sizeof(((struct finding *)NULL)->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return findings_add(reader->findings, FINDING_ERROR, code, place, "%s", message);
}

/*
 * The table's default as a value, so that what is absent takes the same way as what is
 * written. Defaults are single words, numbers and strings; collections are empty anyway.
 */
static struct json fallback(const struct key *key, char *buffer, size_t size)
{
	struct json value = { .type = JSON_NULL };

	if (!key || !key->fallback)
		return value;
	if (key->fallback[0] == '"') {
		snprintf(buffer, size, "%.*s", (int)strlen(key->fallback) - 2, key->fallback + 1);
		value.type = JSON_STRING;
		value.text = buffer;
	} else if (str_equal(key->fallback, "true") || str_equal(key->fallback, "false")) {
		value.type = JSON_BOOL;
		value.boolean = key->fallback[0] == 't';
	} else if (strchr("[{", key->fallback[0])) {
		value.type = JSON_NULL;
	} else {
		value.type = strchr(key->fallback, '.') ? JSON_NUMBER : JSON_INTEGER;
		value.text = key->fallback;
		value.number = strtod(key->fallback, NULL);
		value.integer = strtoll(key->fallback, NULL, 10);
	}
	return value;
}

/* The written value or the default, in @storage. */
static const struct json *value_of(const struct json *in, const char *path, struct json *storage,
				   char buffer[static 64], const struct key **ret_key)
{
	const struct json *value = reader_get(in, path);

	*ret_key = keys_find(path);
	if (value)
		return value;
	*storage = fallback(*ret_key, buffer, 64);
	return storage;
}

bool reader_bool(struct reader *reader, const struct json *in, const char *path)
{
	const struct key *key;
	struct json storage;
	char buffer[64];
	const struct json *value = value_of(in, path, &storage, buffer, &key);

	(void)reader;
	return value->type == JSON_BOOL && value->boolean;
}

int64_t reader_integer(struct reader *reader, const struct json *in, const char *path)
{
	const struct key *key;
	struct json storage;
	char buffer[64];
	const struct json *value = value_of(in, path, &storage, buffer, &key);
	uint64_t number = 0;

	values_count(reader->findings, key, value, &number);
	return (int64_t)number;
}

uint64_t reader_count(struct reader *reader, const struct json *in, const char *path)
{
	return (uint64_t)reader_integer(reader, in, path);
}

uint64_t reader_size(struct reader *reader, const struct json *in, const char *path)
{
	const struct key *key;
	struct json storage;
	char buffer[64];
	const struct json *value = value_of(in, path, &storage, buffer, &key);
	uint64_t bytes = 0;

	values_size(reader->findings, key, value, &bytes);
	return bytes;
}

uint64_t reader_duration(struct reader *reader, const struct json *in, const char *path)
{
	const struct key *key;
	struct json storage;
	char buffer[64];
	const struct json *value = value_of(in, path, &storage, buffer, &key);
	uint64_t time_ms = 0;

	values_duration(reader->findings, key, value, &time_ms);
	return time_ms;
}

mode_t reader_mode(struct reader *reader, const struct json *in, const char *path)
{
	const struct key *key;
	struct json storage;
	char buffer[64];
	const struct json *value = value_of(in, path, &storage, buffer, &key);
	mode_t mode = 0;

	values_mode(reader->findings, key, value, &mode);
	return mode;
}

unsigned int reader_word(struct reader *reader, const struct json *in, const char *path,
			 const char *const *words)
{
	const struct key *key;
	struct json storage;
	char buffer[64];
	const struct json *value = value_of(in, path, &storage, buffer, &key);

	(void)reader;
	for (unsigned int i = 0; value->type == JSON_STRING && words[i]; i++)
		if (str_equal(words[i], value->text))
			return i;
	return 0;
}

const char *reader_string(struct reader *reader, const struct json *in, const char *path)
{
	const struct json *value = reader_get(in, path);
	const struct key *key = keys_find(path);
	char what[128];

	if (!value || value->type != JSON_STRING)
		return NULL;
	snprintf(what, sizeof(what), "\"%s\"", path);
	if (!values_plain(reader->findings, what, &value->place, value->text))
		return NULL;
	if (key && key->max > 0 && strlen(value->text) > (size_t)key->max) {
		reader_error(reader, "E011", &value->place, "\"%s\" is longer than %d bytes", path,
			     (int)key->max);
		return NULL;
	}
	return value->text;
}

const char *reader_path(struct reader *reader, const struct json *in, const char *path)
{
	const struct key *key;
	struct json storage;
	char buffer[64], what[128];
	const struct json *value = value_of(in, path, &storage, buffer, &key);
	size_t n_errors = reader->findings->n_errors;
	const char *result;

	if (value->type != JSON_STRING)
		return NULL;
	snprintf(what, sizeof(what), "\"%s\"", path);
	result = values_path(reader->findings, reader->arena, what, &value->place, value->text);
	if (!result && reader->findings->n_errors == n_errors)
		reader->exhausted = true;
	return result;
}

const char *reader_socket(struct reader *reader, const struct json *in, const char *path)
{
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);
	const char *result = reader_path(reader, in, path);

	if (!result || strlen(result) < room)
		return result;
	finding_label(reader_error(reader, "E016", &reader_get(in, path)->place,
				   "\"%s\" is longer than %zu bytes", path, room - 1),
		      "the kernel takes no longer path of a socket");
	return NULL;
}

struct spec_strings reader_strings(struct reader *reader, const struct json *in, const char *path,
				   bool (*check)(struct reader *reader, const struct json *item))
{
	const struct json *array = reader_get(in, path);
	struct spec_strings strings = { 0 };
	const char **items;

	if (!array || array->type != JSON_ARRAY)
		array = NULL;
	items = reader_alloc(reader, (array ? array->n : 0) + 1, sizeof(*items));
	if (!items)
		return strings;
	for (const struct json *item = array ? array->first : NULL; item; item = item->next)
		if (item->type == JSON_STRING && (!check || check(reader, item)))
			items[strings.n++] = item->text;
	strings.items = items;
	return strings;
}
