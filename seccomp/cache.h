/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Compiled filters by content: compiling costs more than the rest of a start. A file is
 * found by a hash of the key, but believed only if the whole key in it is equal, its
 * checksum is right, and the directory is the caller's own with mode 0700, so that nobody
 * else can plant a weaker filter. A cache that fails is no error: the filter is rebuilt.
 */
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct filter_options;
struct policy;

enum { CACHE_KEY_MAX = 12288 };

/* All that the program depends on, in words. */
struct cache_key {
	char text[CACHE_KEY_MAX];
	size_t size;
	uint64_t hash;
};

/** cache_key_fill() - describe the filter of @policy completely. */
void cache_key_fill(struct cache_key *key, const struct policy *policy, const struct filter_options *options);

/**
 * cache_read() - take a program from the cache
 * @arena: owns *ret_program
 *
 * Return: 0, or -errno for anything but a whole and equal entry.
 */
int cache_read(const char *dir, const struct cache_key *key, struct arena *arena,
	       struct sock_filter **ret_program, size_t *ret_n);

/** cache_write() - put a program there, all or nothing; makes the directory (one level). */
void cache_write(const char *dir, const struct cache_key *key, const struct sock_filter *program, size_t n);
