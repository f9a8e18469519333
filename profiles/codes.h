/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The catalogue of error and warning codes: what each means, why it exists, what to do.
 */
#include <stddef.h>

struct code {
	const char *code; /* "E003": an error; "W105": a warning */
	const char *title;
	const char *explanation; /* why it is refused or pointed out */
	const char *remedy;
};

/** codes_all() - Return: the catalogue of @ret_n codes, sorted. */
const struct code *codes_all(size_t *ret_n);

/** codes_find() - Return: the entry of "E003" (or "e003"), or NULL. */
const struct code *codes_find(const char *code);
