/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/keys_explain.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "profiles/codes.h"
#include "profiles/keys.h"

enum { TEXT_COLUMNS = 76 };

/* Breaks a paragraph at spaces, each line indented by two. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column > 0 && column + 1 + length > TEXT_COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		column += (size_t)fprintf(out, "%s%.*s", column == 0 ? "  " : " ", (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void explain_code(FILE *out, const struct code *code)
{
	fprintf(out, "%s: %s\n\n", code->code, code->title);
	print_wrapped(out, code->explanation);
	fputc('\n', out);
	print_wrapped(out, code->remedy);
}

static void print_field(FILE *out, const char *name, const char *text)
{
	if (text)
		fprintf(out, "  %-9s %s\n", name, text);
}

static void print_children(FILE *out, const struct key *key)
{
	size_t n, length = strlen(key->path);
	const struct key *keys = keys_all(&n);
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (!keys_level(&keys[i], key->path, length))
			continue;
		if (first)
			fputs("\n  Keys:\n", out);
		first = false;
		fprintf(out, "    %-24s %s\n", keys[i].path,
			keys_available(&keys[i]) ? keys[i].description : "(not available in this version)");
	}
}

static void explain_key(FILE *out, const struct key *key)
{
	const char *last = strrchr(key->path, '.');
	char kind[256];

	fprintf(out, "%s\n\n", key->path);
	print_wrapped(out, key->description);
	fputc('\n', out);
	print_field(out, "type", keys_kind(key, kind, sizeof(kind)));
	if (key->otherwise)
		print_field(out, "default", key->otherwise);
	else
		print_field(out, "default", key->fallback ? key->fallback : "none");
	print_field(out, "opens", key->opens ? key->opens : "nothing");
	print_field(out, "kernel", key->kernel);
	if (last && str_equal(last, ".*"))
		print_field(out, "example", key->example);
	else
		fprintf(out, "  %-9s \"%s\": %s\n", "example", last ? last + 1 : key->path, key->example);
	if (key->absent_words)
		fprintf(out, "\n  Not available in this version: %s. Instead: %s.\n", key->absent_words,
			key->absent);
	else if (key->absent)
		fprintf(out, "\n  Not available in this version. Instead: %s.\n", key->absent);
	print_children(out, key);
}

/* "memory" for limits.memory, if only one key is called so. */
static const struct key *find_by_last(const char *word)
{
	const struct key *found = NULL, *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++) {
		const char *last = strrchr(keys[i].path, '.');

		if (!last || !str_equal(last + 1, word))
			continue;
		if (found)
			return NULL;
		found = &keys[i];
	}
	return found;
}

int keys_explain_print(FILE *out, const char *topic)
{
	const struct code *code = codes_find(topic);
	const struct key *key = code ? NULL : keys_find(topic);
	const char *nearest;
	char name[256];

	if (!key && !code)
		key = find_by_last(topic);
	if (code) {
		explain_code(out, code);
		return 0;
	}
	if (key) {
		explain_key(out, key);
		return 0;
	}
	str_escape(name, sizeof(name), topic);
	nearest = strlen(topic) < 64 ? keys_nearest(topic) : NULL;
	if (nearest)
		fprintf(stderr, "%s: nothing is called \"%s\"; did you mean \"%s\"?\n",
			program_invocation_short_name, name, nearest);
	else
		fprintf(stderr,
			"%s: nothing is called \"%s\"; \"list keys\" and \"list errors\" show what is\n",
			program_invocation_short_name, name);
	return 1;
}
