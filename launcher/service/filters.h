/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What --filter says: "status=running,health=healthy". Of the same key one must hold (of "label" all), of
 * several keys each, as with Docker.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;

enum { FILTERS_MAX = 32, FILTERS_MISTAKE_MAX = 256 };

struct filters {
	struct filters_item {
		const char *key, *value;
	} items[FILTERS_MAX];
	size_t n;
};

/**
 * filters_parse() - parse "key=value,key=value"
 * @keys: @n known keys
 * @ret: points into @arena
 * @mistake: what is wrong, in words
 *
 * Return: 0, -EINVAL with *mistake, or -ENOMEM.
 */
int filters_parse(const char *text, const char *const *keys, size_t n, struct arena *arena,
		  struct filters *ret, char mistake[FILTERS_MISTAKE_MAX]) _must_check_;

/**
 * filters_allow() - whether a thing passes the filters of @key
 * @matches: whether it has the filter's value
 * @all: every value of the key must match, not one of them
 *
 * Return: true also when nothing was asked of the key.
 */
bool filters_allow(const struct filters *filters, const char *key, bool all,
		   bool (*matches)(const void *arg, const char *value), const void *arg);

/** filters_have() - Return: whether @key is asked for with @value (NULL: any). */
bool filters_have(const struct filters *filters, const char *key, const char *value);
