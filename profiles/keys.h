/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Every key of the profile language, once: its type, its default, what writing it opens.
 * Checking, defaults, `explain`, `show` and the JSON schema all come from this table, so
 * they can't disagree.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct findings;
struct json;

/* What a value may be; bits, since some keys allow two forms. */
enum key_kind {
	KEY_STRING = 1 << 0,
	KEY_PATH = 1 << 1, /* absolute */
	KEY_BOOL = 1 << 2,
	KEY_INTEGER = 1 << 3,
	KEY_CORES = 1 << 4,    /* a number, with a fraction */
	KEY_SIZE = 1 << 5,     /* bytes, or "64MiB" */
	KEY_DURATION = 1 << 6, /* "30s" */
	KEY_MODE = 1 << 7,     /* "0755" */
	KEY_WORD = 1 << 8,     /* one of `words` */
	KEY_STRINGS = 1 << 9,  /* an array of strings */
	KEY_WORDS = 1 << 10,   /* an array of `words`, each once */
	KEY_INTEGERS = 1 << 11,
	KEY_OBJECT = 1 << 12,    /* with the keys below it in the table */
	KEY_MAP = 1 << 13,       /* with names of the author's choice; "*" below it says what they hold */
	KEY_ARRAY = 1 << 14,     /* of anything: keys that are refused anyway */
	KEY_UNLIMITED = 1 << 15, /* "unlimited" is allowed too */
};

struct key {
	const char *path; /* "limits.memory"; "*" stands for any name: "mounts.*.size" */
	unsigned int kind;
	const char *words;     /* KEY_WORD, KEY_WORDS: separated by spaces */
	const char *pattern;   /* for the schema: a regular expression the string matches, or NULL */
	int64_t min, max;      /* numbers, bytes, milliseconds; max 0: no bound of its own */
	const char *fallback;  /* the default as JSON; NULL: none, or computed */
	const char *otherwise; /* the default in words, where `fallback` does not say it */
	const char *opens;     /* what writing it opens, NULL: nothing */
	const char *kernel;    /* the interface of the kernel behind it, NULL: none */
	const char *example;   /* the value as JSON */
	const char *description;
	const char *absent_words; /* words known to the language that this version can't do */
	const char *absent; /* what to do instead; without absent_words the whole key is not available */
	const char *foreign_words; /* words of other tools that this language leaves out for good */
	const char *foreign;       /* what to do instead of them */
};

/** keys_all() - Return: the table of @ret_n keys, parents before their children. */
const struct key *keys_all(size_t *ret_n);

/** keys_find() - Return: the key of that path, or NULL; a name stands for "*" too: "mounts./srv.type". */
const struct key *keys_find(const char *path);

/** keys_available() - Return: whether this version implements the key (if not all its words). */
bool keys_available(const struct key *key);

/** keys_level() - Return: whether @key stands directly below the path @above, of @length bytes ("" is the
 * top). */
bool keys_level(const struct key *key, const char *above, size_t length);

/** keys_word() - Return: the next of space-separated words and its @ret_length; NULL at the end. */
const char *keys_word(const char **words, size_t *ret_length);

/** keys_has_word() - Return: whether @words (may be NULL) has @word. */
bool keys_has_word(const char *words, const char *word);

/** keys_kind() - Return: what the key's value looks like, in words, into @buffer. */
const char *keys_kind(const struct key *key, char *buffer, size_t size);

/**
 * keys_check() - check one file's tree against the table
 *
 * Unknown keys, keys and words that are not available, wrong types, unknown words and
 * integers out of range become findings; null is allowed everywhere (it returns a key
 * to its default).
 */
void keys_check(const struct json *root, struct findings *findings);

/**
 * keys_nearest() - the key path that @word was probably meant to be, for `explain`
 *
 * Return: a path of the table, or NULL.
 */
const char *keys_nearest(const char *word);
