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

#include "base/macro.h"

struct arena;
struct filter_options;
struct policy;

/* A program with a longer key is not cached. */
enum { CACHE_KEY_MAX = 1024 * 1024 };

/*
 * All that the program depends on. Two programs that differ must have keys that differ: who
 * may write one of them, as the users of a container engine may, must not be able to
 * describe their filter in another one's words.
 */
struct cache_key {
	const char *text; /* any bytes */
	size_t size;      /* 0: no key, nothing is cached */
	uint64_t hash;
};

/** cache_key_set() - make @text, which must live as long, the key. */
void cache_key_set(struct cache_key *key, const char *text, size_t size);

/** cache_key_versions() - the line that every key starts with: whose compiler wrote the program. */
void cache_key_versions(char *line, size_t size);

/**
 * cache_key_fill() - describe the filter of @policy completely
 * @arena: owns the text
 *
 * Return: 0 or -ENOMEM.
 */
int cache_key_fill(struct cache_key *ret_key, const struct policy *policy,
		   const struct filter_options *options, struct arena *arena) _must_check_;

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
