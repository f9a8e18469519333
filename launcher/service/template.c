/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/template.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum { VALUE_MAX = 8192 };

/* The word behind the brace at @at. Return: its length, or -EINVAL. */
static int read_word(const char *at, char ret[TEMPLATE_WORD_MAX])
{
	size_t length = strcspn(at + 1, "{}");

	if (at[length + 1] != '}' || length == 0 || length >= TEMPLATE_WORD_MAX)
		return -EINVAL;
	memcpy(ret, at + 1, length);
	ret[length] = '\0';
	return (int)length;
}

static int unknown(const char *word, const char *const *words, size_t n, char ret[TEMPLATE_MISTAKE_MAX])
{
	const char *nearest = str_nearest(word, words, n);
	size_t used = (size_t)snprintf(ret, TEMPLATE_MISTAKE_MAX, "unknown word {%s}", word);

	if (nearest) {
		snprintf(ret + used, TEMPLATE_MISTAKE_MAX - used, "; did you mean {%s}?", nearest);
		return -EINVAL;
	}
	for (size_t i = 0; i < n && used < TEMPLATE_MISTAKE_MAX - 1; i++)
		used += (size_t)snprintf(ret + used, TEMPLATE_MISTAKE_MAX - used, "%s%s",
					 i == 0 ? "; there are " : ", ", words[i]);
	return -EINVAL;
}

int template_check(const char *format, const char *const *words, size_t n, char ret[TEMPLATE_MISTAKE_MAX])
{
	char word[TEMPLATE_WORD_MAX];

	for (const char *next = strchr(format, '{'); next; next = strchr(next + 1, '{')) {
		size_t i = 0;

		if (next[1] == '{') {
			snprintf(ret, TEMPLATE_MISTAKE_MAX,
				 "one brace and a plain word, as in {name}, not a Go template");
			return -EINVAL;
		}
		if (read_word(next, word) < 0) {
			snprintf(ret, TEMPLATE_MISTAKE_MAX, "a { without a word and its }");
			return -EINVAL;
		}
		while (i < n && !str_equal(words[i], word))
			i++;
		if (n > 0 && i == n)
			return unknown(word, words, n, ret);
	}
	return 0;
}

void template_print(FILE *out, const char *format, const char *(*value)(const void *arg, const char *word),
		    const void *arg)
{
	char word[TEMPLATE_WORD_MAX], shown[VALUE_MAX];

	for (const char *next = format; *next; next++) {
		int length = *next == '{' ? read_word(next, word) : -EINVAL;

		if (length >= 0) {
			const char *text = value(arg, word);

			str_escape(shown, sizeof(shown), text ? text : "");
			fputs(shown, out);
			next += length + 1;
		} else if (*next == '\\' && (next[1] == 't' || next[1] == 'n')) {
			fputc(*++next == 't' ? '\t' : '\n', out);
		} else {
			fputc(*next, out);
		}
	}
	fputc('\n', out);
}
