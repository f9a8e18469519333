/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
struct arena;
struct spec;

/**
 * load_profile() - read a profile for a verb that acts on it, printing the findings to stderr if it is wrong
 * @arguments: what stood after "--", NULL-terminated, or NULL
 *
 * Return: the spec, owned by @arena, or NULL.
 */
const struct spec *load_profile(const char *path, const char *const *arguments, struct arena *arena);
