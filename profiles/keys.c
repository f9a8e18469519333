/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiles/nearest.h"

enum { KEYS_MAX = 256 };

/*
 * Whether @path is what @pattern means. A name in place of "*" may contain dots, since
 * mounts and sysctls do: then the words behind the "*" are compared from the end.
 */
static bool path_matches(const char *pattern, const char *path)
{
	const char *star = strchr(pattern, '*');
	size_t before, behind, length = strlen(path);

	if (!star)
		return str_equal(pattern, path);
	before = (size_t)(star - pattern);
	behind = strlen(star + 1);
	return length > before + behind && strncmp(pattern, path, before) == 0 &&
	       str_equal(path + length - behind, star + 1);
}

const struct key *keys_find(const char *path)
{
	const struct key *found = NULL, *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++)
		if (str_equal(keys[i].path, path))
			return &keys[i];
	/* "mounts.*" matches "mounts./srv.size" as well: the longest pattern is meant. */
	for (size_t i = 0; i < n; i++)
		if (path_matches(keys[i].path, path) &&
		    (!found || strlen(keys[i].path) > strlen(found->path)))
			found = &keys[i];
	return found;
}

bool keys_available(const struct key *key)
{
	return !key->absent || key->absent_words;
}

bool keys_level(const struct key *key, const char *above, size_t length)
{
	const char *rest = key->path + length;

	if (strncmp(key->path, above, length) != 0)
		return false;
	if (length > 0) {
		if (*rest != '.')
			return false;
		rest++;
	}
	return *rest != '\0' && !strchr(rest, '.');
}

const char *keys_word(const char **words, size_t *ret_length)
{
	const char *word = *words;

	if (!word)
		return NULL;
	word += strspn(word, " ");
	*ret_length = strcspn(word, " ");
	*words = word + *ret_length;
	return *ret_length > 0 ? word : NULL;
}

bool keys_has_word(const char *words, const char *word)
{
	const char *next;
	size_t length;

	while ((next = keys_word(&words, &length)))
		if (strlen(word) == length && strncmp(next, word, length) == 0)
			return true;
	return false;
}

static void append(char *buffer, size_t size, const char *text)
{
	size_t used = strlen(buffer);

	snprintf(buffer + used, size - used, "%s%s", used > 0 ? " or " : "", text);
}

const char *keys_kind(const struct key *key, char *buffer, size_t size)
{
	static const struct {
		enum key_kind kind;
		const char *text;
	} names[] = {
		{ KEY_STRING, "a string" },
		{ KEY_PATH, "an absolute path" },
		{ KEY_BOOL, "true or false" },
		{ KEY_INTEGER, "an integer" },
		{ KEY_CORES, "a number of cores like 0.5" },
		{ KEY_SIZE, "a size like \"64MiB\"" },
		{ KEY_DURATION, "a time like \"30s\"" },
		{ KEY_MODE, "a mode like \"0755\"" },
		{ KEY_STRINGS, "an array of strings" },
		{ KEY_INTEGERS, "an array of integers" },
		{ KEY_OBJECT, "an object" },
		{ KEY_MAP, "an object" },
		{ KEY_ARRAY, "an array" },
	};
	const char *words = key->words, *word;
	size_t length, used;

	buffer[0] = '\0';
	if (key->kind & KEY_WORDS)
		append(buffer, size, "an array of");
	for (bool first = true; (word = keys_word(&words, &length)); first = false) {
		used = strlen(buffer);
		snprintf(buffer + used, size - used, "%s\"%.*s\"",
			 !first     ? ", "
			 : used > 0 ? " "
				    : "",
			 (int)length, word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (key->kind & names[i].kind)
			append(buffer, size, names[i].text);
	if (key->kind & KEY_UNLIMITED)
		append(buffer, size, "\"unlimited\"");
	return buffer;
}

const char *keys_nearest(const char *word)
{
	const char *paths[KEYS_MAX], *lasts[KEYS_MAX], *nearest;
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	if (n > KEYS_MAX)
		n = KEYS_MAX;
	for (size_t i = 0; i < n; i++) {
		const char *dot = strrchr(keys[i].path, '.');

		paths[i] = keys[i].path;
		lasts[i] = dot ? dot + 1 : keys[i].path;
	}
	/* "memory" alone means limits.memory. */
	for (size_t i = 0; i < n; i++)
		if (str_equal(lasts[i], word))
			return paths[i];
	nearest = nearest_find(word, paths, n);
	if (nearest || strchr(word, '.'))
		return nearest;
	nearest = nearest_find(word, lasts, n);
	for (size_t i = 0; nearest && i < n; i++)
		if (lasts[i] == nearest)
			return paths[i];
	return NULL;
}
