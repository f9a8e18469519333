/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/show.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"
#include "profiles/keys.h"
#include "profiles/spec.h"

/* A value from JSON text, without a place: nobody wrote it. NULL when memory is exhausted. */
static struct json *from_text(struct arena *arena, const char *text)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct findings findings = { 0 };
	struct json *root, *value;

	if (!source)
		return NULL;
	source->name = "default";
	source->text = arena_printf(arena, "{\"x\":%s}", text);
	if (!source->text)
		return NULL;
	source->size = strlen(source->text);
	if (json_parse(source, JSON_STRICT, arena, &findings, &root) < 0)
		return NULL;
	value = root->first;
	value->place.source = value->name_place.source = NULL;
	return value;
}

static const char *quoted(struct arena *arena, const char *text)
{
	return text ? arena_printf(arena, "\"%s\"", text) : "null";
}

/* Defaults that follow from other values; NULL: the table's. */
static const char *computed(const struct spec *spec, struct arena *arena, const struct json *object,
			    const struct key *key)
{
	if (str_equal(key->path, "kapsel"))
		return "1";
	if (str_equal(key->path, "name"))
		return quoted(arena, spec->name);
	if (str_equal(key->path, "hostname"))
		return quoted(arena, spec->hostname);
	/* "share_host": ["net"] says the same, and would contradict the table's word. */
	if (str_equal(key->path, "network") && spec->network == SPEC_NETWORK_HOST)
		return "\"host\"";
	if (str_equal(key->path, "limits.swap") && spec->limits.swap_bytes == SPEC_UNLIMITED)
		return "\"unlimited\"";
	if (str_equal(key->path, "mounts.*.write")) {
		const struct json *type = json_get(object, "type");

		return type && type->type == JSON_STRING && str_equal(type->text, "tmpfs") ? "true" : "false";
	}
	if (str_equal(key->path, "listen.*.fd")) {
		for (size_t i = 0; i < spec->n_listen; i++)
			if (str_equal(spec->listen[i].name, object->name))
				return arena_printf(arena, "%d", spec->listen[i].fd);
	}
	return key->fallback ? key->fallback : "null";
}

/* Keys of a mount, socket or log of the other kind would be refused on reading, alternatives not taken too.
 */
static bool applies(const struct key *key, const struct json *object)
{
	static const char *const bind_only[] = { "mounts.*.source", "mounts.*.recursive", "mounts.*.optional",
						 "mounts.*.idmap" };
	static const char *const tmpfs_only[] = { "mounts.*.size", "mounts.*.inodes", "mounts.*.mode" };
	static const char *const choices[] = { "$schema",          "extends",
					       "secrets.*.source", "secrets.*.credential",
					       "listen.*.stream",  "listen.*.datagram" };
	const struct json *type = json_get(object, "type");
	bool tmpfs = type && type->type == JSON_STRING && str_equal(type->text, "tmpfs");

	if (!keys_available(key))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(bind_only); i++)
		if (str_equal(key->path, bind_only[i]) && tmpfs)
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(tmpfs_only); i++)
		if (str_equal(key->path, tmpfs_only[i]) && !tmpfs)
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		if (str_equal(key->path, choices[i]))
			return false;
	if (str_starts(key->path, "log.syslog_")) {
		const struct json *driver = json_get(object, "driver");

		return driver && driver->type == JSON_STRING && str_equal(driver->text, "syslog");
	}
	return !(str_equal(key->path, "listen.*.backlog") && json_get(object, "datagram"));
}

static struct json *resolve(const struct spec *spec, struct arena *arena, const struct json *object,
			    const char *above);

/* One value: objects of the table and maps are gone into, the rest is taken as it is. */
static struct json *resolve_value(const struct spec *spec, struct arena *arena, const struct json *value,
				  const struct key *key)
{
	struct json *result = NULL;

	if (value->type == JSON_OBJECT && (key->kind & KEY_OBJECT)) {
		result = resolve(spec, arena, value, key->path);
	} else if (value->type == JSON_OBJECT && (key->kind & KEY_MAP)) {
		const struct key *held;
		char path[128];

		snprintf(path, sizeof(path), "%s.*", key->path);
		held = keys_find(path);
		result = arena_alloc(arena, sizeof(*result));
		if (!result)
			return NULL;
		result->type = JSON_OBJECT;
		for (const struct json *member = value->first; member; member = member->next) {
			struct json *copy = resolve_value(spec, arena, member, held);

			if (!copy)
				return NULL;
			json_append(result, copy);
		}
	} else {
		result = arena_alloc(arena, sizeof(*result));
		if (result)
			*result = *value;
	}
	if (!result)
		return NULL;
	result->name = value->name;
	result->place = value->place;
	result->name_place = value->name_place;
	result->next = NULL;
	return result;
}

static struct json *resolve(const struct spec *spec, struct arena *arena, const struct json *object,
			    const char *above)
{
	struct json *result = arena_alloc(arena, sizeof(*result));
	size_t n, length = strlen(above);
	const struct key *keys = keys_all(&n);

	if (!result)
		return NULL;
	result->type = JSON_OBJECT;
	for (size_t i = 0; i < n; i++) {
		const char *name = keys[i].path + length + (length > 0), *text;
		const struct json *written;
		struct json *value;

		if (!keys_level(&keys[i], above, length))
			continue;
		written = json_get(object, name);
		if (!written && !applies(&keys[i], object))
			continue;
		text = written ? "" : computed(spec, arena, object, &keys[i]);
		value = !text     ? NULL
			: written ? resolve_value(spec, arena, written, &keys[i])
				  : from_text(arena, text);
		if (value && value->type == JSON_OBJECT && !written && (keys[i].kind & KEY_OBJECT))
			value = resolve_value(spec, arena, value, &keys[i]);
		if (!value)
			return NULL;
		value->name = name;
		value->next = NULL;
		json_append(result, value);
	}
	return result;
}

/* The PATH that is set without being written is a variable like the others. */
static bool add_path(const struct spec *spec, struct arena *arena, struct json *root)
{
	struct json *env = json_get(root, "env"), *path;

	if (!env || env->type != JSON_OBJECT || json_get(env, "PATH"))
		return true;
	for (size_t i = 0; i < spec->env.n; i++) {
		if (!str_equal(spec->env.items[i].name, "PATH"))
			continue;
		path = arena_alloc(arena, sizeof(*path));
		if (!path)
			return false;
		path->type = JSON_STRING;
		path->name = "PATH";
		path->text = spec->env.items[i].value;
		json_append(env, path);
	}
	return true;
}

static bool takes_path_from_host(const struct json *root)
{
	const struct json *names = json_get(root, "env_from_host");

	for (const struct json *name = names && names->type == JSON_ARRAY ? names->first : NULL; name;
	     name = name->next)
		if (name->type == JSON_STRING && str_equal(name->text, "PATH"))
			return true;
	return false;
}

struct json *show_resolve(const struct spec *spec, struct arena *arena)
{
	struct json *root = resolve(spec, arena, spec->tree, "");

	if (root && !takes_path_from_host(root) && !add_path(spec, arena, root))
		return NULL;
	return root;
}

static void print_tabs(FILE *out, unsigned int depth)
{
	while (depth-- > 0)
		fputc('\t', out);
}

static void print_origin(FILE *out, const struct place *place)
{
	char name[1024];

	if (!place->source) {
		fputs(" // default", out);
		return;
	}
	/* A line break in a file's name would end the comment. */
	str_escape(name, sizeof(name), place->source->name);
	fprintf(out, " // %s:%zu", name, source_position(place).line);
}

static void print_object(FILE *out, const struct json *object, const struct show_style *style,
			 unsigned int depth)
{
	fputs("{\n", out);
	for (const struct json *member = object->first; member; member = member->next) {
		bool open = member->type == JSON_OBJECT && member->first;
		bool red =
			style->color && member->type == JSON_STRING && str_equal(member->text, "unlimited");

		print_tabs(out, depth + 1);
		json_print_string(out, member->name);
		fputs(red ? ": \033[1;31m" : ": ", out);
		if (open)
			print_object(out, member, style, depth + 1);
		else
			json_print_value(out, member, depth + 1);
		fputs(red ? "\033[0m" : "", out);
		fputs(member->next ? "," : "", out);
		if (style->origin && !open)
			print_origin(out, &member->place);
		fputc('\n', out);
	}
	print_tabs(out, depth);
	fputc('}', out);
}

void show_print(FILE *out, const struct json *tree, const struct show_style *style)
{
	print_object(out, tree, style, 0);
	fputc('\n', out);
}

static void print_leaf(FILE *out, const struct json *value, const char *path)
{
	fputs("{\"key\":", out);
	json_print_string(out, path);
	fputs(",\"value\":", out);
	json_print_value(out, value, 0);
	fputs(",\"file\":", out);
	if (value->place.source)
		json_print_string(out, value->place.source->name);
	else
		fputs("null", out);
	fprintf(out, ",\"line\":%zu}\n", source_position(&value->place).line);
}

/* @path is as long as the names on the way, which the file's size bounds; longer ones are cut in the output.
 */
static void print_leaves(FILE *out, const struct json *object, const char *above)
{
	char path[4096];

	for (const struct json *member = object->first; member; member = member->next) {
		snprintf(path, sizeof(path), "%s%s%s", above, above[0] ? "." : "", member->name);
		if (member->type == JSON_OBJECT && member->first)
			print_leaves(out, member, path);
		else
			print_leaf(out, member, path);
	}
}

void show_print_origins(FILE *out, const struct json *tree)
{
	print_leaves(out, tree, "");
}
