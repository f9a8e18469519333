/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a profile comes to: the merged tree, or all of it with every default filled in,
 * each value with the file and line it comes from.
 */
#include <stdbool.h>
#include <stdio.h>

#include "base/macro.h"

struct arena;
struct json;
struct spec;

/**
 * show_resolve() - the merged tree with every default filled in
 *
 * Reading the result as a profile gives the same spec. A default has no place.
 * Return: a tree in @arena, or NULL when memory is exhausted.
 */
struct json *show_resolve(const struct spec *spec, struct arena *arena) _must_check_;

struct show_style {
	bool origin; /* behind each value: file:line, or default */
	bool color;  /* "unlimited" in red */
};

/** show_print() - write the tree as JSON; with origin, JSON with comments. */
void show_print(FILE *out, const struct json *tree, const struct show_style *style);

/** show_print_origins() - one JSON object a line: key, value, file and line (null and 0 for a default). */
void show_print_origins(FILE *out, const struct json *tree);
