/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/unit_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

static char *trim(char *text)
{
	size_t n;

	text += strspn(text, " \t\r");
	for (n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]); n--)
		text[n - 1] = '\0';
	return text;
}

/*
 * The next logical line: a backslash at the end joins it with the next one, and comments in
 * between are skipped. It is put together in place.
 */
static char *next_line(char **rest, unsigned int *number)
{
	char *line = *rest, *end = line;
	bool more = true;

	if (!line || !*line)
		return NULL;
	for (char *from = line; more;) {
		char *newline = strchr(from, '\n');
		size_t length = newline ? (size_t)(newline - from) : strlen(from);
		bool comment = from != line &&
			       (from[strspn(from, " \t")] == '#' || from[strspn(from, " \t")] == ';');

		(*number)++;
		more = newline && (comment || (length > 0 && from[length - 1] == '\\'));
		if (!comment) {
			memmove(end, from, length);
			end += length;
			if (more)
				end[-1] = ' ';
		}
		from += length + (newline ? 1 : 0);
		*rest = from;
		more = more && *from;
	}
	*end = '\0';
	return line;
}

struct parser {
	const char *name;
	struct arena *arena;
	struct unit_file *file;
	size_t room;
	const char *section;
};

static int add(struct parser *parser, const char *key, const char *value, unsigned int line)
{
	struct unit_file *file = parser->file;

	if (file->n == parser->room) {
		size_t room = parser->room ? parser->room * 2 : 32;
		struct unit_setting *items = arena_array(parser->arena, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (file->n > 0)
			memcpy(items, file->items, file->n * sizeof(*items));
		file->items = items;
		parser->room = room;
	}
	file->items[file->n++] = (struct unit_setting){ parser->section, key, value, line };
	return 0;
}

static int parse_line(struct parser *parser, char *line, unsigned int number, struct error *err)
{
	char *equals, *end;

	line = trim(line);
	if (!line[0] || line[0] == '#' || line[0] == ';')
		return 0;
	if (line[0] == '[') {
		end = strchr(line, ']');
		if (!end || end[1])
			return error_set(err, EINVAL, "read %s:%u: a section's name ends with ]",
					 parser->name, number);
		*end = '\0';
		parser->section = line + 1;
		return 0;
	}
	equals = strchr(line, '=');
	if (!equals || equals == line)
		return error_set(err, EINVAL, "read %s:%u: neither a section nor KEY=VALUE", parser->name,
				 number);
	if (!parser->section)
		return error_set(err, EINVAL, "read %s:%u: a setting before the first section", parser->name,
				 number);
	*equals = '\0';
	if (add(parser, trim(line), trim(equals + 1), number) < 0)
		return error_set(err, ENOMEM, "read %s", parser->name);
	return 0;
}

int unit_file_parse(const char *name, char *text, struct arena *arena, struct unit_file *ret,
		    struct error *err)
{
	struct parser parser = { .name = name, .arena = arena, .file = ret };
	unsigned int number = 0;
	char *line;
	int r = 0;

	*ret = (struct unit_file){ 0 };
	while (r == 0) {
		unsigned int first = number + 1;

		line = next_line(&text, &number);
		if (!line)
			break;
		r = parse_line(&parser, line, first, err);
	}
	return r;
}

int unit_file_read(const char *path, struct arena *arena, struct unit_file *ret, struct error *err)
{
	char *text = arena_alloc(arena, UNIT_FILE_MAX);
	ssize_t n = text ? fd_read_file(AT_FDCWD, path, text, UNIT_FILE_MAX) : -ENOMEM;

	if (n < 0)
		return error_set(err, (int)-n, "read the unit %s", path);
	if (memchr(text, '\0', (size_t)n))
		return error_set(err, EINVAL, "read the unit %s: it has a NUL byte", path);
	return unit_file_parse(path, text, arena, ret, err);
}

static int hex(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* What follows a backslash at *from. Return: the byte, or -EINVAL. */
static int unescape(const char **from)
{
	static const char letters[] = "abfnrtvs\\\"'", bytes[] = "\a\b\f\n\r\t\v \\\"'";
	const char *c = ++*from, *found;

	if (*c == 'x') {
		int high = hex(c[1]), low = high < 0 ? -1 : hex(c[2]);

		if (low < 0 || (high == 0 && low == 0))
			return -EINVAL;
		*from += 3;
		return high * 16 + low;
	}
	found = *c ? strchr(letters, *c) : NULL;
	if (!found)
		return -EINVAL;
	++*from;
	return (unsigned char)bytes[found - letters];
}

/* One word at *from, written to *to; both move on. */
static int take_word(const char **from, char **to)
{
	char quote = '\0';

	for (;;) {
		char c = **from;

		if (!c || (!quote && isspace((unsigned char)c)))
			break;
		if (c == '\\') {
			int byte = unescape(from);

			if (byte < 0)
				return byte;
			*(*to)++ = (char)byte;
			continue;
		}
		++*from;
		if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
		else
			*(*to)++ = c;
	}
	*(*to)++ = '\0';
	return quote ? -EINVAL : 0;
}

int unit_file_words(const char *value, struct arena *arena, const char *const **ret)
{
	const char **words = arena_array(arena, UNIT_WORDS_MAX + 1, sizeof(*words));
	char *to = arena_alloc(arena, strlen(value) * 2 + 2);
	int n = 0;

	if (!words || !to)
		return -ENOMEM;
	for (;;) {
		while (isspace((unsigned char)*value))
			value++;
		if (!*value)
			break;
		if (n == UNIT_WORDS_MAX)
			return -EINVAL;
		words[n++] = to;
		if (take_word(&value, &to) < 0)
			return -EINVAL;
	}
	*ret = words;
	return n;
}
