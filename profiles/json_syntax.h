/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Says in words what is wrong with a JSON text at the point where the parser gave up:
 * the parser itself knows "lexical error" and a byte count.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "profiles/json.h"

/* What the parser had seen last. */
enum json_after {
	JSON_AFTER_START,
	JSON_AFTER_OPEN, /* "{" or "[" */
	JSON_AFTER_KEY,
	JSON_AFTER_VALUE,
};

struct json_spot {
	const struct source *source;
	enum json_flags flags;
	size_t cursor; /* one past the last good token */
	enum json_after after;
	const struct json *inside; /* innermost open object or array, NULL: none */
};

/**
 * json_syntax_explain() - add the finding E001 for what follows the spot
 *
 * To be called only when the text is wrong there. Always adds an error.
 */
void json_syntax_explain(const struct json_spot *spot, struct findings *findings);

/**
 * json_syntax_skip() - pass over white space and comments
 * @ret_open: set to the offset of a comment that never ends, or to the source's size
 *
 * Return: the offset of what follows.
 */
size_t json_syntax_skip(const struct source *source, enum json_flags flags, size_t offset, size_t *ret_open);

/**
 * json_syntax_check_escapes() - find \u0000 and halves of surrogate pairs in a string token
 * @place: the token, quotes included
 *
 * Return: whether it is fine; else a finding was added.
 */
bool json_syntax_check_escapes(const struct place *place, struct findings *findings) _must_check_;
