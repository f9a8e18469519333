/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/json_print.h"

#include <string.h>

#include "base/str.h"
#include "profiles/json.h"

static void print_character(FILE *out, const unsigned char *text, size_t length)
{
	static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	if (length == 0) {
		fputs("\\ufffd", out);
		return;
	}
	for (size_t i = 0; length == 1 && i + 1 < sizeof(shorts); i += 2) {
		if ((unsigned char)shorts[i] == text[0]) {
			fprintf(out, "\\%c", shorts[i + 1]);
			return;
		}
	}
	if (text[0] < 0x20 || text[0] == 0x7f)
		fprintf(out, "\\u%04x", text[0]);
	else if (length == 2 && text[0] == 0xc2 && text[1] < 0xa0)
		fprintf(out, "\\u%04x", text[1]); /* C1: terminals obey it */
	else if (str_direction_mark(text, length))
		/* The reader refuses these as they are: a workload could make its own record unreadable. */
		fprintf(out, "\\u%04x", str_direction_mark(text, length));
	else
		fwrite(text, 1, length, out);
}

void json_print_string(FILE *out, const char *text)
{
	const unsigned char *next = (const unsigned char *)text;
	size_t left = strlen(text);

	fputc('"', out);
	while (left > 0) {
		size_t length = str_utf8_length(next, left);

		print_character(out, next, length);
		next += length > 0 ? length : 1;
		left -= length > 0 ? length : 1;
	}
	fputc('"', out);
}

static void print_children(FILE *out, const struct json *value, unsigned int depth)
{
	for (const struct json *child = value->first; child; child = child->next) {
		fputc('\n', out);
		for (unsigned int i = 0; i < depth + 1; i++)
			fputc('\t', out);
		if (child->name) {
			json_print_string(out, child->name);
			fputs(": ", out);
		}
		json_print_value(out, child, depth + 1);
		if (child->next)
			fputc(',', out);
	}
	if (value->first) {
		fputc('\n', out);
		for (unsigned int i = 0; i < depth; i++)
			fputc('\t', out);
	}
}

static bool is_flat(const struct json *array)
{
	for (const struct json *child = array->first; child; child = child->next)
		if (child->type & (JSON_ARRAY | JSON_OBJECT))
			return false;
	return true;
}

static void print_array(FILE *out, const struct json *array, unsigned int depth)
{
	fputc('[', out);
	if (!is_flat(array)) {
		print_children(out, array, depth);
	} else {
		for (const struct json *child = array->first; child; child = child->next) {
			json_print_value(out, child, depth);
			if (child->next)
				fputs(", ", out);
		}
	}
	fputc(']', out);
}

void json_print_value(FILE *out, const struct json *value, unsigned int depth)
{
	switch (value->type) {
	case JSON_NULL:
		fputs("null", out);
		break;
	case JSON_BOOL:
		fputs(value->boolean ? "true" : "false", out);
		break;
	case JSON_INTEGER:
	case JSON_NUMBER:
		fputs(value->text, out);
		break;
	case JSON_STRING:
		json_print_string(out, value->text);
		break;
	case JSON_ARRAY:
		print_array(out, value, depth);
		break;
	case JSON_OBJECT:
		fputc('{', out);
		print_children(out, value, depth);
		fputc('}', out);
		break;
	}
}
