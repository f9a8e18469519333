/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A unit file as systemd.syntax(7) describes it: sections, settings, continued lines, quoted words. */
#include <stddef.h>

#include "base/macro.h"

struct arena;
struct error;

enum { UNIT_FILE_MAX = 256 * 1024, UNIT_WORDS_MAX = 256 };

struct unit_setting {
	const char *section; /* "Service" */
	const char *key, *value;
	unsigned int line; /* where it begins */
};

struct unit_file {
	struct unit_setting *items; /* in order */
	size_t n;
};

/**
 * unit_file_parse() - cut a text into settings
 * @name: of the file, for messages
 * @text: NUL-terminated; it is changed
 *
 * Return: 0; -EINVAL with *err filled and the line in it; -ENOMEM.
 */
int unit_file_parse(const char *name, char *text, struct arena *arena, struct unit_file *ret,
		    struct error *err) _must_check_;

/** unit_file_read() - as unit_file_parse(), from a file. Return: also -errno of reading. */
int unit_file_read(const char *path, struct arena *arena, struct unit_file *ret, struct error *err)
	_must_check_;

/**
 * unit_file_words() - cut a value into words: quotes, and escapes as in C
 * @ret: NULL-terminated, owned by @arena
 *
 * Return: how many, or -EINVAL: a quote is not closed, an escape means nothing, too many; -ENOMEM.
 */
int unit_file_words(const char *value, struct arena *arena, const char *const **ret) _must_check_;
