/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/systemd_variant.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/systemd_request.h"

enum { WORD_MAX = 64, STRING_MAX = 4096 };

/* The types that the text names, and what fits in them. */
static const struct type {
	const char *word;
	char code;
	bool is_signed;
	uint64_t max; /* the least value is -max - 1 */
} types[] = {
	{ "boolean", 'b', false, 0 },      { "byte", 'y', false, UINT8_MAX },
	{ "int16", 'n', true, INT16_MAX }, { "uint16", 'q', false, UINT16_MAX },
	{ "int32", 'i', true, INT32_MAX }, { "uint32", 'u', false, UINT32_MAX },
	{ "int64", 'x', true, INT64_MAX }, { "uint64", 't', false, UINT64_MAX },
	{ "double", 'd', true, 0 },        { "string", 's', false, 0 },
};

struct parser {
	const char *at;
	struct systemd_request *request;
	char code;       /* type of the value or of an array's elements; 0: not known yet */
	bool in_seconds; /* the property wants microseconds */
};

static const struct type *find_type(char code)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].code == code)
			return &types[i];
	return NULL;
}

static void skip_space(struct parser *parser)
{
	while (isspace((unsigned char)*parser->at))
		parser->at++;
}

static bool skip(struct parser *parser, char c)
{
	skip_space(parser);
	if (*parser->at != c)
		return false;
	parser->at++;
	return true;
}

/* The letters, digits and signs that a number, a boolean or a type's name is made of. */
static bool read_word(struct parser *parser, char word[static WORD_MAX])
{
	size_t length = 0;

	skip_space(parser);
	while (isalnum((unsigned char)*parser->at) || (*parser->at && strchr("+-.", *parser->at))) {
		if (length + 1 >= WORD_MAX)
			return false;
		word[length++] = *parser->at++;
	}
	word[length] = '\0';
	return length > 0;
}

static bool parse_string(struct parser *parser)
{
	char text[STRING_MAX], quote = *parser->at++;
	size_t length = 0;

	if (parser->code && parser->code != 's')
		return false;
	for (; *parser->at != quote; parser->at++) {
		char c = *parser->at;

		if (c == '\\') {
			static const char escapes[] = "\\\\''\"\"n\nt\t";
			const char *found = NULL;

			c = *++parser->at;
			for (size_t i = 0; c && escapes[i]; i += 2)
				if (escapes[i] == c)
					found = &escapes[i + 1];
			if (!found)
				return false;
			c = *found;
		}
		if (c == '\0' || length + 1 >= sizeof(text))
			return false;
		text[length++] = c;
	}
	parser->at++;
	text[length] = '\0';
	parser->code = 's';
	systemd_request_add(parser->request, text);
	return true;
}

static bool parse_double(struct parser *parser, const char *word)
{
	char *end;
	double value;

	value = strtod(word, &end);
	if (*end || !isfinite(value))
		return false;
	if (!parser->in_seconds) {
		systemd_request_format(parser->request, "%.17g", value);
		return true;
	}
	value *= 1e6;
	if (value < 0 || value >= 1.8e19)
		return false;
	systemd_request_format(parser->request, "%" PRIu64, (uint64_t)value);
	return true;
}

static bool parse_number(struct parser *parser, const struct type *type, const char *word)
{
	bool negative = *word == '-';
	uint64_t value;

	if (str_to_u64(word + (negative || *word == '+'), &value) < 0)
		return false;
	if (negative && (!type->is_signed || parser->in_seconds || value > type->max + 1))
		return false;
	if (!negative && value > type->max)
		return false;
	if (parser->in_seconds) {
		if (value > UINT64_MAX / 1000000)
			return false;
		value *= 1000000;
	}
	systemd_request_format(parser->request, "%s%" PRIu64, negative ? "-" : "", value);
	return true;
}

static bool parse_basic(struct parser *parser)
{
	const struct type *type = NULL;
	char word[WORD_MAX];

	skip_space(parser);
	if (*parser->at == '\'' || *parser->at == '"')
		return !parser->in_seconds && parse_string(parser);
	if (!read_word(parser, word))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_equal(word, types[i].word))
			type = &types[i];
	if (type) { /* "uint64 5" */
		if (parser->code && parser->code != type->code)
			return false;
		parser->code = type->code;
		skip_space(parser);
		if (type->code == 's')
			return (*parser->at == '\'' || *parser->at == '"') && !parser->in_seconds &&
			       parse_string(parser);
		if (!read_word(parser, word))
			return false;
	}
	if (str_equal(word, "true") || str_equal(word, "false")) {
		if ((parser->code && parser->code != 'b') || parser->in_seconds)
			return false;
		parser->code = 'b';
		systemd_request_add(parser->request, word);
		return true;
	}
	if (!parser->code)
		parser->code = strpbrk(word, ".eE") ? 'd' : 'i';
	if (parser->code == 'd')
		return parse_double(parser, word);
	type = find_type(parser->code);
	return type && type->max > 0 && parse_number(parser, type, word);
}

/* The elements, for the caller to put their number in front. */
static bool parse_elements(struct parser *parser, unsigned int *ret_n)
{
	*ret_n = 0;
	if (skip(parser, ']'))
		return parser->code != 0; /* an empty array needs "@as" to have a type */
	do {
		if (!parse_basic(parser))
			return false;
		++*ret_n;
	} while (skip(parser, ','));
	return skip(parser, ']');
}

/* "ay" crosses as hexadecimal digits. */
static void add_bytes(struct systemd_request *request, const struct systemd_request *bytes)
{
	const char *at = bytes->text, *byte;
	char *digits = calloc(bytes->length + 1, 2);
	size_t length = 0;

	if (!digits) {
		request->failed = true;
		return;
	}
	while (bytes->length > 0 && (byte = systemd_request_next(&at, bytes->text + bytes->length))) {
		snprintf(digits + length, 3, "%02x", (unsigned int)atoi(byte));
		length += 2;
	}
	systemd_request_add(request, digits);
	free(digits);
}

static bool parse_value(struct parser *parser, struct systemd_request *request)
{
	_cleanup_request_ struct systemd_request values = { 0 };
	bool array = false;
	unsigned int n = 0;

	parser->request = &values;
	if (skip(parser, '@')) { /* "@as []" */
		array = skip(parser, 'a');
		parser->code = *parser->at++;
		if (!find_type(parser->code))
			return false;
		skip_space(parser);
		if (array && *parser->at != '[')
			return false;
	}
	if (skip(parser, '[')) {
		array = true;
		if (parser->in_seconds || !parse_elements(parser, &n))
			return false;
	} else if (!parse_basic(parser)) {
		return false;
	}
	skip_space(parser);
	if (*parser->at)
		return false;

	/* Microseconds are unsigned 64 bit numbers in every property. */
	systemd_request_format(request, "%s%c", array ? "a" : "", parser->in_seconds ? 't' : parser->code);
	if (array && parser->code == 'y') {
		add_bytes(request, &values);
		request->failed = request->failed || values.failed;
		return true;
	}
	if (array)
		systemd_request_format(request, "%u", n);
	systemd_request_join(request, &values);
	return true;
}

int systemd_variant_name(const char *name, char *ret)
{
	size_t length = strlen(name);

	if (length < 3 || length + 2 > SYSTEMD_NAME_MAX)
		return -EINVAL;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			return -EINVAL;
	strcpy(ret, name);
	if (length < 4 || !str_equal(name + length - 3, "Sec") || !islower((unsigned char)name[length - 4]))
		return 0;
	strcpy(ret + length - 3, "USec");
	return 1;
}

int systemd_variant_add(const char *name, const char *text, struct systemd_request *request,
			struct error *err)
{
	struct parser parser = { .at = text };
	char property[SYSTEMD_NAME_MAX];
	int r = systemd_variant_name(name, property);

	if (r < 0)
		return error_set(err, EINVAL,
				 "annotation org.systemd.property.%.64s: no property has such a name", name);
	parser.in_seconds = r > 0;
	systemd_request_add(request, property);
	if (!parse_value(&parser, request)) {
		error_set(err, EINVAL, "annotation org.systemd.property.%s: can't read the value %.200s",
			  name, text);
		return error_remedy(err, "write it as GVariant text: 'text', true, uint64 5, ['a', 'b']");
	}
	return 0;
}
