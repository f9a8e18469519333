/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Typed members of the objects in config.json. A mistake is remembered in the reader and all
 * goes on with harmless values; only the first counts, so callers need not look in between.
 * null counts as absent, since Go writes what it doesn't have so; of a key that stands twice
 * the last one counts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "profiles/spec.h"

struct arena;
struct error;
struct json;
struct oci_warnings;

struct oci_reader {
	struct arena *arena;
	struct error *err;
	struct oci_warnings *warnings; /* NULL: nobody asks */
	const struct json *root;
	const char *bundle; /* NULL: a file that stands alone */
	int failed;         /* 0, or -errno once *err was filled */
};

/* A word of the config and the kernel's number for it. */
struct oci_word {
	const char *name;
	uint64_t number;
};

/**
 * oci_value_fail() - remember the first mistake as "file:line:column: path.name: message"
 * @at:   the value, or the object with the member; the path to it is searched in the tree
 * @name: of the member that is meant, there or missing; NULL: @at itself
 */
void oci_value_fail(struct oci_reader *reader, const struct json *at, const char *name, const char *format,
		    ...) _printf_(4, 5);

/** oci_value_exhausted() - remember that there is no memory. */
void oci_value_exhausted(struct oci_reader *reader);

/** oci_value_warn() - add a warning; what is too much is left out. */
void oci_value_warn(struct oci_reader *reader, const struct json *at, const char *format, ...) _printf_(3, 4);

/** oci_value_get() - Return: the member, NULL when absent, null or of none of @types; NULL object is allowed.
 */
const struct json *oci_value_get(struct oci_reader *reader, const struct json *object, const char *name,
				 unsigned int types);

/** oci_value_need() - as oci_value_get(), and it is a mistake if it is absent. */
const struct json *oci_value_need(struct oci_reader *reader, const struct json *object, const char *name,
				  unsigned int types);

/** oci_value_object() - Return: a member that is an object, or NULL. */
const struct json *oci_value_object(struct oci_reader *reader, const struct json *object, const char *name);

/** oci_value_objects() - Return: a member that is an array of objects, NULL when absent or wrong. */
const struct json *oci_value_objects(struct oci_reader *reader, const struct json *object, const char *name);

/** oci_value_room() - Return: zeroed elements of @size, one for each in @array; NULL for none or no memory.
 */
void *oci_value_room(struct oci_reader *reader, const struct json *array, size_t size);

bool oci_value_bool(struct oci_reader *reader, const struct json *object, const char *name);

/** oci_value_string() - Return: the member's text, NULL when absent or wrong. */
const char *oci_value_string(struct oci_reader *reader, const struct json *object, const char *name);

/** oci_value_text() - as oci_value_string(), but "" is NULL, too. */
const char *oci_value_text(struct oci_reader *reader, const struct json *object, const char *name);

/** oci_value_number() - Return: an integer from 0 to @max, @absent without one. */
uint64_t oci_value_number(struct oci_reader *reader, const struct json *object, const char *name,
			  uint64_t max, uint64_t absent);

/** oci_value_signed() - Return: an integer from @min to @max, @absent without one. */
int64_t oci_value_signed(struct oci_reader *reader, const struct json *object, const char *name, int64_t min,
			 int64_t max, int64_t absent);

/** oci_value_limit() - Return: a number from 0, SPEC_UNLIMITED for -1, SPEC_UNSET without one. */
uint64_t oci_value_limit(struct oci_reader *reader, const struct json *object, const char *name);

/** oci_value_strings() - Return: an array of strings, with NULL behind them; none when absent. */
struct spec_strings oci_value_strings(struct oci_reader *reader, const struct json *object, const char *name);

/** oci_value_paths() - as oci_value_strings(), each of them absolute. */
struct spec_strings oci_value_paths(struct oci_reader *reader, const struct json *object, const char *name);

/**
 * oci_value_members() - the members of @object, sorted by name, each name once; null ones left out
 *
 * Return: their number; *ret belongs to the arena.
 */
size_t oci_value_members(struct oci_reader *reader, const struct json *object,
			 const struct json *const **ret);

/** oci_value_pairs() - Return: an object of strings as pairs, sorted by name. Empty names are a mistake. */
struct spec_pairs oci_value_pairs(struct oci_reader *reader, const struct json *object, const char *name);

/**
 * oci_value_word() - look @value, a string, up in a table
 * @what: for the message: "unknown namespace "nett""
 *
 * Return: its row, or NULL after a mistake; NULL value is allowed.
 */
const struct oci_word *oci_value_word(struct oci_reader *reader, const struct json *value, const char *what,
				      const struct oci_word *words, size_t n);

/** oci_value_flags() - Return: the numbers of an array of words, or-ed. */
uint64_t oci_value_flags(struct oci_reader *reader, const struct json *object, const char *name,
			 const char *what, const struct oci_word *words, size_t n);
