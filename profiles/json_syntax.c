/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/json_syntax.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiles/findings.h"

/* The text ends with a NUL behind its size, so one character of look-ahead is always there. */
static char at(const struct json_spot *spot, size_t offset)
{
	return offset < spot->source->size ? spot->source->text[offset] : '\0';
}

static struct place place_of(const struct source *source, size_t offset, size_t length)
{
	return (struct place){ .source = source, .offset = offset, .length = length };
}

static struct finding *complain(const struct json_spot *spot, struct findings *findings, size_t offset,
				size_t length, const char *message)
{
	struct place place = place_of(spot->source, offset, length);

	return findings_add(findings, FINDING_ERROR, "E001", &place, "%s", message);
}

size_t json_syntax_skip(const struct source *source, enum json_flags flags, size_t offset, size_t *ret_open)
{
	const char *text = source->text;

	*ret_open = source->size;
	while (offset < source->size) {
		const char *end;

		/* This runs before every token: no call for a character. */
		if (text[offset] == ' ' || text[offset] == '\n' || text[offset] == '\t' ||
		    text[offset] == '\r') {
			offset++;
			continue;
		}
		if (!(flags & JSON_COMMENTS) || text[offset] != '/')
			break;
		if (text[offset + 1] == '/') {
			end = memchr(text + offset, '\n', source->size - offset);
			offset = end ? (size_t)(end - text) : source->size;
			continue;
		}
		if (text[offset + 1] != '*')
			break;
		end = memmem(text + offset + 2, source->size - offset - 2, "*/", 2);
		if (!end) {
			*ret_open = offset;
			return source->size;
		}
		offset = (size_t)(end - text) + 2;
	}
	return offset;
}

static void explain_end(const struct json_spot *spot, struct findings *findings)
{
	struct source_position opened;
	struct finding *finding;

	if (!spot->inside) {
		finding = complain(spot, findings, spot->source->size, 0, "the file is empty");
		if (spot->flags & JSON_LENIENT)
			return;
		finding_help(finding, "the smallest profile is { \"kapsel\": 1, \"rootfs\": \"/srv/rootfs\", "
				      "\"command\": [\"/bin/x\"] }");
		return;
	}
	opened = source_position(&spot->inside->place);
	finding = complain(spot, findings, spot->source->size, 0,
			   spot->inside->type == JSON_OBJECT ? "the file ends inside an object"
							     : "the file ends inside an array");
	finding_beside(finding, "(opened at %zu:%zu)", opened.line, opened.column);
	finding_help(finding, "add the missing \"%c\"", spot->inside->type == JSON_OBJECT ? '}' : ']');
}

/* Return: whether the string token at @offset has a mistake, which was then reported. */
static bool explain_string(const struct json_spot *spot, struct findings *findings, size_t offset)
{
	for (size_t i = offset + 1;; i++) {
		unsigned char c = (unsigned char)at(spot, i);

		if (i >= spot->source->size || c == '\n') {
			finding_label(complain(spot, findings, offset, i - offset, "the string never ends"),
				      "no closing quote on this line");
			return true;
		}
		if (c == '"')
			return false;
		if (c < 0x20) {
			finding_help(complain(spot, findings, i, 1, "control character in a string"),
				     "write it as \"\\%s\"", c == '\t' ? "t" : "u00XX");
			return true;
		}
		if (c != '\\')
			continue;
		i++;
		if (at(spot, i) == 'u') {
			for (size_t digit = 1; digit <= 4; digit++) {
				if (isxdigit((unsigned char)at(spot, i + digit)))
					continue;
				finding_help(complain(spot, findings, i - 1, digit + 1, "incomplete escape"),
					     "\"\\u\" is followed by four hexadecimal digits");
				return true;
			}
		} else if (at(spot, i) == '\0' || !strchr("\"\\/bfnrt", at(spot, i))) {
			finding_help(complain(spot, findings, i - 1, 2, "unknown escape in a string"),
				     "the escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX; "
				     "a backslash itself is written \\\\");
			return true;
		}
	}
}

static size_t word_length(const struct json_spot *spot, size_t offset)
{
	size_t i = offset;

	while (isalnum((unsigned char)at(spot, i)) || (at(spot, i) && strchr("_+-.", at(spot, i))))
		i++;
	return i - offset;
}

/* Whether JSON takes the word for a number: then the text merely ends behind it. */
static bool is_number(const char *word)
{
	char *end;

	if (*word == '-')
		word++;
	if (!isdigit((unsigned char)word[0]) || (word[0] == '0' && isdigit((unsigned char)word[1])) ||
	    strpbrk(word, "xX"))
		return false;
	strtod(word, &end);
	return *end == '\0' && isdigit((unsigned char)end[-1]);
}

static void explain_word(const struct json_spot *spot, struct findings *findings, size_t offset,
			 const char *expected)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t length = word_length(spot, offset);
	struct finding *finding;
	const char *nearest;
	char word[24] = "", message[128], first = at(spot, offset);

	if (length < sizeof(word))
		memcpy(word, spot->source->text + offset, length);
	if (offset + length == spot->source->size && is_number(word)) {
		explain_end(spot, findings);
		return;
	}
	if (isdigit((unsigned char)first) || strchr("+-.", first)) {
		snprintf(message, sizeof(message), "\"%s\" is not a JSON number", word[0] ? word : "this");
		finding = complain(spot, findings, offset, length, message);
		finding_help(finding, "numbers look like 0, 12, -3, 0.5 or 1e3; "
				      "a size or time with a unit is written in quotes, like \"64MiB\"");
		return;
	}
	snprintf(message, sizeof(message), "expected %s", expected);
	finding = complain(spot, findings, offset, length, message);
	for (char *c = word; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	nearest = str_nearest(word, words, ARRAY_SIZE(words));
	if (nearest)
		finding_help(finding, "did you mean %s?", nearest);
	else
		finding_help(finding, "put it in double quotes");
}

static void explain_value(const struct json_spot *spot, struct findings *findings, size_t offset,
			  const char *expected)
{
	char c = at(spot, offset), message[128];

	snprintf(message, sizeof(message), "expected %s", expected);
	if (offset >= spot->source->size)
		explain_end(spot, findings);
	else if (c == '\'')
		finding_help(complain(spot, findings, offset, 1, message), "use double quotes instead of '");
	else if (c == '"' && explain_string(spot, findings, offset))
		return;
	else if (c == '"')
		complain(spot, findings, offset, 1, "this string is not valid JSON");
	else if (c && (isalnum((unsigned char)c) || strchr("+-._", c)))
		explain_word(spot, findings, offset, expected);
	else if (c == '/' && !(spot->flags & JSON_COMMENTS))
		complain(spot, findings, offset, 1, "comments are not allowed here");
	else
		complain(spot, findings, offset, 1, message);
}

static void explain_key(const struct json_spot *spot, struct findings *findings, size_t offset,
			const char *expected)
{
	char c = at(spot, offset), message[128];
	size_t length = word_length(spot, offset);

	snprintf(message, sizeof(message), "expected %s", expected);
	if (offset >= spot->source->size || c == '"') {
		explain_value(spot, findings, offset, expected);
		return;
	}
	finding_help(complain(spot, findings, offset, length > 0 ? length : 1, message),
		     "keys stand in double quotes");
}

/* @comma: offset of the comma, and what follows it is at @offset. */
static void explain_after_comma(const struct json_spot *spot, struct findings *findings, size_t comma,
				size_t offset)
{
	bool object = spot->inside->type == JSON_OBJECT;
	const char *expected = object ? "a key after \",\"" : "a value after \",\"";
	struct place comma_place = place_of(spot->source, comma, 1);
	struct source_position position = source_position(&comma_place);
	struct finding *finding;

	if (at(spot, offset) != (object ? '}' : ']')) {
		if (object)
			explain_key(spot, findings, offset, expected);
		else
			explain_value(spot, findings, offset, expected);
		return;
	}
	finding = complain(spot, findings, offset, 1,
			   object ? "expected a key after \",\"  (trailing comma)"
				  : "expected a value after \",\"  (trailing comma)");
	finding_beside(finding, "the comma is at %zu:%zu", position.line, position.column);
	finding_help(finding, "remove the comma; JSON with comments does not allow a trailing comma");
}

static void explain_after_value(const struct json_spot *spot, struct findings *findings, size_t offset)
{
	size_t unused;

	if (!spot->inside) {
		complain(spot, findings, offset, 1, "expected the end of the file");
		return;
	}
	if (at(spot, offset) == ',') {
		explain_after_comma(spot, findings, offset,
				    json_syntax_skip(spot->source, spot->flags, offset + 1, &unused));
		return;
	}
	if (offset >= spot->source->size) {
		explain_end(spot, findings);
		return;
	}
	/* A value broken off by a character that can't follow it, like 08 or 1x. */
	if (offset == spot->cursor && offset > 0 && isalnum((unsigned char)at(spot, offset)) &&
	    isalnum((unsigned char)at(spot, offset - 1))) {
		while (offset > 0 && word_length(spot, offset - 1) > word_length(spot, offset))
			offset--;
		explain_word(spot, findings, offset, "a value");
		return;
	}
	finding_help(complain(spot, findings, offset, 1,
			      spot->inside->type == JSON_OBJECT ? "expected \",\" or \"}\""
								: "expected \",\" or \"]\""),
		     "is a comma missing at the end of what stands before?");
}

void json_syntax_explain(const struct json_spot *spot, struct findings *findings)
{
	size_t open, offset = json_syntax_skip(spot->source, spot->flags, spot->cursor, &open);
	bool in_array = spot->inside && spot->inside->type == JSON_ARRAY;

	if (open < spot->source->size) {
		complain(spot, findings, open, 2, "the comment never ends");
		return;
	}
	switch (spot->after) {
	case JSON_AFTER_START:
		if (offset < spot->source->size)
			finding_help(complain(spot, findings, offset, 1, "expected an object"),
				     "the whole file is one object and starts with \"{\"");
		else
			explain_end(spot, findings);
		break;
	case JSON_AFTER_OPEN:
		if (in_array)
			explain_value(spot, findings, offset, "a value or \"]\"");
		else
			explain_key(spot, findings, offset, "a key or \"}\"");
		break;
	case JSON_AFTER_KEY:
		if (offset >= spot->source->size) {
			explain_end(spot, findings);
		} else if (at(spot, offset) != ':') {
			complain(spot, findings, offset, 1, "expected \":\" after the key");
		} else {
			offset = json_syntax_skip(spot->source, spot->flags, offset + 1, &open);
			if (open < spot->source->size)
				complain(spot, findings, open, 2, "the comment never ends");
			else
				explain_value(spot, findings, offset, "a value after \":\"");
		}
		break;
	case JSON_AFTER_VALUE:
		explain_after_value(spot, findings, offset);
		break;
	}
}

static unsigned int hex4(const char *text)
{
	unsigned int value = 0;

	/* The parser has checked that these are four hexadecimal digits. */
	for (size_t i = 0; i < 4; i++)
		value = value << 4 | (unsigned int)(isdigit((unsigned char)text[i])
							    ? text[i] - '0'
							    : tolower((unsigned char)text[i]) - 'a' + 10);
	return value;
}

bool json_syntax_check_escapes(const struct place *place, struct findings *findings)
{
	const char *text = place->source->text + place->offset;

	for (size_t i = 1; i + 5 < place->length; i++) {
		struct place escape = place_of(place->source, place->offset + i, 6);
		unsigned int unit;

		if (text[i] != '\\')
			continue;
		i++;
		if (text[i] != 'u' || i + 4 >= place->length)
			continue;
		unit = hex4(text + i + 1);
		i += 4;
		if (unit == 0) {
			findings_add(findings, FINDING_ERROR, "E005", &escape,
				     "a string can't contain a NUL character");
			return false;
		}
		if (unit >= 0xd800 && unit < 0xdc00 && i + 6 < place->length && text[i + 1] == '\\' &&
		    text[i + 2] == 'u' && hex4(text + i + 3) >= 0xdc00 && hex4(text + i + 3) < 0xe000) {
			i += 6;
			continue;
		}
		if (unit >= 0xd800 && unit < 0xe000) {
			findings_add(findings, FINDING_ERROR, "E005", &escape,
				     "half of a surrogate pair is not a character");
			return false;
		}
	}
	return true;
}
