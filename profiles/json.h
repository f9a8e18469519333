/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * JSON, with comments where allowed, as a tree in which every value and every key knows
 * its place. Stricter than the parser underneath: no duplicate key, at most 32 levels, no
 * NUL, no half characters, no integer that 64 bits can't hold. JSON_LENIENT is for what
 * other programs wrote: there duplicate keys are kept and numbers left to the reader.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "profiles/source.h"

struct arena;
struct findings;

enum { JSON_DEPTH_MAX = 32, JSON_VALUES_MAX = 16384 };
enum { JSON_LENIENT_DEPTH_MAX = 128, JSON_LENIENT_VALUES_MAX = 200000 };

/* Bits, so that a key can allow several. */
enum json_type {
	JSON_NULL = 1 << 0,
	JSON_BOOL = 1 << 1,
	JSON_INTEGER = 1 << 2,
	JSON_NUMBER = 1 << 3, /* with a fraction or an exponent */
	JSON_STRING = 1 << 4,
	JSON_ARRAY = 1 << 5,
	JSON_OBJECT = 1 << 6,
};

struct json {
	enum json_type type;
	struct place place;      /* of the value; of an object or array, its opening bracket */
	const char *name;        /* its key, NULL in an array */
	struct place name_place; /* of the key, quotes included */
	size_t end;              /* of an object or array: the offset behind its closing bracket */
	const char *text;        /* a string's value; a number as it was written */
	int64_t integer;         /* JSON_LENIENT: the nearest that fits, text has all of it */
	double number;           /* also for an integer */
	bool boolean;
	struct json *first; /* what an object or array holds, in order */
	struct json *last;
	struct json *next; /* its neighbour in there */
	size_t n;          /* how many it holds */
};

enum json_flags { JSON_STRICT = 0, JSON_COMMENTS = 1 << 0, JSON_LENIENT = 1 << 1 };

/**
 * json_parse() - parse a whole text; its root must be an object
 * @flags: JSON_COMMENTS allows both kinds of comments; JSON_LENIENT duplicate keys, integers
 *         beyond 64 bits and any character, and more values and levels
 * @ret:   owned by @arena; refers to @source, which must live as long
 *
 * Return: 0; -EINVAL with findings; -ENOMEM. After duplicate keys only, *ret is set
 * nevertheless (the first one counts), so that more mistakes can be found.
 */
int json_parse(const struct source *source, enum json_flags flags, struct arena *arena,
	       struct findings *findings, struct json **ret) _must_check_;

/** json_get() - Return: the member @name of @object, NULL without one; NULL object is allowed. */
struct json *json_get(const struct json *object, const char *name);

/** json_find() - Return: the value at a path of keys like "limits.memory", or NULL. */
struct json *json_find(const struct json *root, const char *path);

/** json_append() - put @value behind the others in @parent. */
void json_append(struct json *parent, struct json *value);

/** json_type_name() - Return: "a string", "an object", … */
const char *json_type_name(enum json_type type);
