/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/lab_report/markup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 64, NAME = 24 };

static char fault[160];

static bool is_void(const char *name)
{
	return strcmp(name, "meta") == 0 || strcmp(name, "br") == 0;
}

/* Attributes: name="value" each, the value without < and >. Return: the end of the tag, NULL if it is
 * malformed. */
static const char *skip_attributes(const char *at)
{
	while (*at == ' ') {
		size_t name = strcspn(++at, " =<>\"'");

		if (name == 0 || strncmp(at + name, "=\"", 2) != 0)
			return NULL;
		at += name + 2;
		at += strcspn(at, "\"<>");
		if (*at != '"')
			return NULL;
		at++;
	}
	return *at == '>' ? at + 1 : NULL;
}

const char *markup_fault(const char *page)
{
	char open[DEPTH][NAME];
	size_t depth = 0;

	while ((page = strchr(page, '<'))) {
		bool closing = page[1] == '/';
		char name[NAME] = "";

		if (strncmp(page, "<!DOCTYPE html>", 15) == 0) {
			page += 15;
			continue;
		}
		page += closing ? 2 : 1;
		if (sscanf(page, "%23[a-z0-9]", name) != 1) {
			snprintf(fault, sizeof(fault), "no tag at: %.60s", page);
			return fault;
		}
		page = skip_attributes(page + strlen(name));
		if (!page || (!closing && depth == DEPTH) ||
		    (closing && (depth == 0 || strcmp(open[depth - 1], name) != 0))) {
			snprintf(fault, sizeof(fault), "%s%s inside of %s", closing ? "/" : "", name,
				 depth > 0 ? open[depth - 1] : "nothing");
			return fault;
		}
		if (closing)
			depth--;
		else if (!is_void(name))
			snprintf(open[depth++], NAME, "%s", name);
	}
	return depth > 0 ? "an element is not closed" : NULL;
}

size_t markup_count(const char *page, const char *what)
{
	size_t n = 0;

	while ((page = strstr(page, what))) {
		n++;
		page += strlen(what);
	}
	return n;
}

/* What the assertions look at lives until the process of the test ends. */
static char *kept[32];
static size_t n_kept;

__attribute__((destructor)) static void free_kept(void)
{
	while (n_kept > 0)
		free(kept[--n_kept]);
}

char *markup_keep(char *text)
{
	if (!text || n_kept == sizeof(kept) / sizeof(kept[0]))
		abort();
	kept[n_kept++] = text;
	return text;
}

char *markup_part(const char *page, const char *from, const char *to)
{
	const char *start = strstr(page, from);
	const char *end = start ? strstr(start + strlen(from), to) : NULL;

	return end ? markup_keep(strndup(start, (size_t)(end - start))) : NULL;
}

bool markup_ids_unique(const char *page)
{
	const char *at = page;

	while ((at = strstr(at, " id=\""))) {
		char *one = strndup(at, strcspn(at + 5, "\"") + 6);
		size_t n = markup_count(page, one);

		free(one);
		if (n != 1)
			return false;
		at += 5;
	}
	return true;
}

bool markup_links_lead(const char *page)
{
	const char *at = page;

	while ((at = strstr(at, "href=\""))) {
		char target[120];

		at += 6;
		if (*at != '#')
			return false;
		snprintf(target, sizeof(target), " id=\"%.*s\"", (int)strcspn(at + 1, "\""), at + 1);
		if (!strstr(page, target))
			return false;
	}
	return true;
}

bool markup_headings_in_order(const char *page)
{
	int level = 0;

	while ((page = strstr(page, "<h"))) {
		int next = page[2] - '0';

		page += 2;
		if (next < 1 || next > 6)
			continue;
		if (next > level + 1 || (next == 1 && level != 0))
			return false;
		level = next;
	}
	return level > 0;
}
