/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * From the calls that were seen to the shortest syscalls.allow that opens little else: a group
 * where most of it is used, or where only the group says what is meant (threads, no processes).
 */
#include <stdbool.h>
#include <stddef.h>

#include "seccomp/syscall_table.h"

struct arena;
struct observation;
struct spec;

enum { PROPOSE_WORDS_MAX = 256 };

struct propose_word {
	const char *word; /* "@base", "accept4" */
	const char *why;  /* "nginx, 3 times", owned by the arena; "" */
};

struct propose_words {
	struct propose_word items[PROPOSE_WORDS_MAX];
	size_t n;
};

/**
 * propose_calls() - choose the words
 * @present: allow_ keys and listen of it count as open; its own words too with @keep
 * @exact:   list what was seen instead of @base
 *
 * Return: 0 or -ENOMEM.
 */
int propose_calls(const struct observation *observation, const struct spec *present, bool exact, bool keep,
		  struct arena *arena, struct propose_words *ret);
