/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Memory that lives as long as one profile and its plan: allocated in pieces,
 * freed at once. What it hands out is zeroed.
 */
#include <stddef.h>

#include "base/macro.h"

struct arena;

/** arena_new() - Return: a new arena, NULL when memory is exhausted. */
struct arena *arena_new(void) _must_check_;

/** arena_free() - free the arena and all that came from it; NULL is allowed. */
struct arena *arena_free(struct arena *arena);

static inline void arena_freep(struct arena **arena)
{
	*arena = arena_free(*arena);
}
#define _cleanup_arena_ _cleanup_(arena_freep)

/** arena_alloc() - Return: @size zeroed bytes, aligned for any type, or NULL. */
void *arena_alloc(struct arena *arena, size_t size) _must_check_;

/** arena_array() - Return: @n zeroed elements of @size bytes, or NULL (also on overflow). */
void *arena_array(struct arena *arena, size_t n, size_t size) _must_check_;

/** arena_memdup() - Return: a copy of @size bytes with a NUL behind, or NULL. */
char *arena_memdup(struct arena *arena, const void *data, size_t size) _must_check_;

/** arena_strdup() - Return: a copy of @text, or NULL. */
char *arena_strdup(struct arena *arena, const char *text) _must_check_;

/** arena_printf() - Return: the formatted string, or NULL. */
char *arena_printf(struct arena *arena, const char *format, ...) _printf_(2, 3) _must_check_;
