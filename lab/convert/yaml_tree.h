/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * YAML as a tree of struct json, the only file that knows libyaml. Stricter than YAML: one document, keys
 * are words and stand once, no tags; scalars are strings, but for null. Aliases are put in as copies, and
 * counted: a few lines of them can ask for billions of values.
 */
#include <stddef.h>

#include "base/macro.h"
#include "profiles/json.h"

struct arena;
struct error;

enum { YAML_VALUES_MAX = 16384, YAML_DEPTH_MAX = 24, YAML_FILE_MAX = 512 * 1024 };

/**
 * yaml_tree_parse() - parse a whole text
 * @name: of the file, for messages
 * @ret:  owned by @arena; place.offset is the line of a value and place.length its column, from 1
 *
 * Return: 0; -EINVAL with *err filled, "NAME:LINE:COLUMN"; -ENOMEM.
 */
int yaml_tree_parse(const char *name, const char *text, size_t size, struct arena *arena, struct json **ret,
		    struct error *err) _must_check_;
