/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A finished draft: in order, as text, and read back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/json_print.h"
#include "profiles/keys.h"
#include "profiles/profile.h"

enum { LINE_MAX_BYTES = 4096 };

/* What is empty says nothing. */
static void move(struct json *from, struct json *to, const char *name)
{
	struct json **link = &from->first, *value;

	while (*link && !str_equal((*link)->name, name))
		link = &(*link)->next;
	value = *link;
	if (!value)
		return;
	*link = value->next;
	value->next = NULL;
	if (!(value->type & (JSON_OBJECT | JSON_ARRAY)) || value->n > 0)
		json_append(to, value);
}

void draft_finish(struct draft *draft)
{
	struct json ordered = { .type = JSON_OBJECT };
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++)
		if (keys_level(&keys[i], "", 0))
			move(draft->root, &ordered, keys[i].path);
	draft->root->first = ordered.first;
	draft->root->last = ordered.last;
	draft->root->n = ordered.n;
}

static void print_comments(const struct losses *list, const char *before, FILE *out)
{
	char line[LINE_MAX_BYTES];

	for (size_t i = 0; i < list->n; i++) {
		str_escape(line, sizeof(line), list->items[i]);
		fprintf(out, "// %s%s\n", before, line);
	}
}

void draft_print(const struct draft *draft, FILE *out)
{
	char line[LINE_MAX_BYTES];

	str_escape(line, sizeof(line), draft->source ? draft->source : "something else");
	fprintf(out, "// Made by \"kapsel import\" from %s\n", line);
	print_comments(&draft->losses, "not carried over: ", out);
	print_comments(&draft->notes, "note: ", out);
	json_print_value(out, draft->root, 0);
	fputc('\n', out);
}

/* What only the author can know, with something in its place so that the rest can be judged. */
static const char *find_missing(const struct draft *draft, struct json *stand_ins)
{
	const bool rootfs = !json_get(draft->root, "rootfs"), command = !json_get(draft->root, "command");

	if (rootfs)
		json_append(draft->root, &stand_ins[0]);
	if (command)
		json_append(draft->root, &stand_ins[1]);
	if (rootfs && command)
		return "add \"rootfs\", the directory that holds the unpacked image, and \"command\"";
	if (rootfs)
		return "add \"rootfs\", the directory that holds the unpacked image (or give --rootfs DIR)";
	return command ? "add \"command\": the program by its path in the container, and its arguments"
		       : NULL;
}

static void take_back(struct draft *draft, size_t n)
{
	struct json *last = draft->root->first;

	for (size_t i = 1; i < n && last; i++)
		last = last->next;
	if (last)
		last->next = NULL;
	draft->root->last = last;
	draft->root->n = n;
}

int draft_check(struct draft *draft, struct findings *findings, const char **ret_missing)
{
	struct json program = { .type = JSON_STRING, .text = "/bin/program" };
	struct json stand_ins[] = {
		{ .type = JSON_STRING, .name = "rootfs", .text = "/srv/rootfs" },
		{ .type = JSON_ARRAY, .name = "command", .first = &program, .last = &program, .n = 1 },
	};
	struct profile_options options = { 0 };
	struct vocabulary vocabulary;
	struct source *source = arena_alloc(draft->arena, sizeof(*source)); /* findings refer to it */
	const struct spec *spec;
	char *text = NULL;
	size_t n = draft->root->n;
	FILE *out;
	int r;

	if (draft->exhausted || !source)
		return -ENOMEM;
	source->name = "import.kapsel.jsonc";
	out = open_memstream(&text, &source->size);
	if (!out)
		return -ENOMEM;
	*ret_missing = find_missing(draft, stand_ins);
	json_print_value(out, draft->root, 0);
	take_back(draft, n);
	r = fclose(out) == 0 ? 0 : -ENOMEM;
	source->text = r == 0 ? arena_memdup(draft->arena, text, source->size) : NULL;
	free(text);
	if (!source->text)
		return -ENOMEM;
	vocabulary_fill(&vocabulary);
	options.vocabulary = &vocabulary;
	return profile_read_text(source, &options, draft->arena, findings, &spec);
}
