/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/schema.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "profiles/capabilities.h"
#include "profiles/json_print.h"
#include "profiles/keys.h"

/* Writes the alternatives of one key with commas between. */
struct writer {
	FILE *out;
	unsigned int depth;
	bool first;
};

static void indent(FILE *out, unsigned int depth)
{
	fputc('\n', out);
	while (depth-- > 0)
		fputc('\t', out);
}

static void alternative(struct writer *writer, const char *format, ...) _printf_(2, 3);

static void alternative(struct writer *writer, const char *format, ...)
{
	va_list args;

	if (!writer->first)
		fputc(',', writer->out);
	writer->first = false;
	indent(writer->out, writer->depth);
	va_start(args, format);
	vfprintf(writer->out, format, args);
	va_end(args);
}

static void print_words(FILE *out, const char *words)
{
	const char *word, *separator = "";
	size_t length;

	while ((word = keys_word(&words, &length))) {
		fprintf(out, "%s\"%.*s\"", separator, (int)length, word);
		separator = ", ";
	}
}

static void print_range(FILE *out, const struct key *key)
{
	if (key->min != INT64_MIN)
		fprintf(out, ", \"minimum\": %" PRId64, key->min);
	if (key->max != 0 && key->max != INT64_MAX)
		fprintf(out, ", \"maximum\": %" PRId64, key->max);
}

static void print_strings(struct writer *writer, const struct key *key)
{
	const char *const *names;
	size_t n;

	alternative(writer, "{ \"type\": \"array\", \"items\": { ");
	if (key->kind & KEY_WORDS) {
		fputs("\"enum\": [", writer->out);
		print_words(writer->out, key->words);
		fputs("] }, \"uniqueItems\": true }", writer->out);
	} else if (str_equal(key->path, "capabilities")) {
		fputs("\"enum\": [", writer->out);
		names = capabilities_all(&n);
		for (size_t i = 0; i < n; i++)
			fprintf(writer->out, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
		fputs("] }, \"uniqueItems\": true }", writer->out);
	} else if (key->kind & KEY_INTEGERS) {
		fputs("\"type\": \"integer\"", writer->out);
		print_range(writer->out, key);
		fputs(" } }", writer->out);
	} else {
		fputs("\"type\": \"string\" } }", writer->out);
	}
}

static void print_scalars(struct writer *writer, const struct key *key)
{
	if (key->kind & KEY_STRING) {
		alternative(writer, "{ \"type\": \"string\"");
		if (key->pattern) {
			fputs(", \"pattern\": ", writer->out);
			json_print_string(writer->out, key->pattern);
		}
		if (key->max > 0 && !(key->kind & KEY_INTEGER))
			fprintf(writer->out, ", \"maxLength\": %" PRId64, key->max);
		fputs(" }", writer->out);
	}
	if (key->kind & KEY_PATH)
		alternative(writer, "{ \"type\": \"string\", \"pattern\": \"^/\" }");
	if (key->kind & KEY_BOOL)
		alternative(writer, keys_has_word(key->absent_words, "true") ? "{ \"const\": false }"
									     : "{ \"type\": \"boolean\" }");
	if (str_equal(key->path, "kapsel")) {
		alternative(writer, "{ \"const\": 1 }");
	} else if (key->kind & KEY_INTEGER) {
		alternative(writer, "{ \"type\": \"integer\"");
		print_range(writer->out, key);
		fputs(" }", writer->out);
	}
	if (key->kind & KEY_CORES)
		alternative(writer, "{ \"type\": \"number\", \"minimum\": 0.01, \"maximum\": 4096 }");
	if (key->kind & KEY_SIZE) {
		alternative(writer, "{ \"type\": \"integer\"");
		print_range(writer->out, key);
		fputs(" }", writer->out);
		alternative(
			writer,
			"{ \"type\": \"string\", \"pattern\": \"^[0-9]+(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)$\" }");
	}
	if (key->kind & KEY_DURATION)
		alternative(writer, "{ \"type\": \"string\", \"pattern\": \"^([0-9]+(ms|s|min|h|d))+$\" }");
	if (key->kind & KEY_MODE)
		alternative(writer, "{ \"type\": \"string\", \"pattern\": \"^[0-7]{4}$\" }");
	if (key->kind & KEY_UNLIMITED)
		alternative(writer, "{ \"const\": \"unlimited\" }");
	if (key->kind & KEY_WORD) {
		alternative(writer, "{ \"enum\": [");
		print_words(writer->out, key->words);
		fputs("] }", writer->out);
	}
}

static void print_key(FILE *out, const struct key *key, unsigned int depth);

static void print_properties(FILE *out, const char *above, unsigned int depth)
{
	size_t n, length = strlen(above);
	const struct key *keys = keys_all(&n);
	bool first = true;

	fputs("\"additionalProperties\": false, \"properties\": {", out);
	for (size_t i = 0; i < n; i++) {
		if (!keys_level(&keys[i], above, length) || !keys_available(&keys[i]))
			continue;
		if (!first)
			fputc(',', out);
		first = false;
		indent(out, depth + 1);
		json_print_string(out, keys[i].path + length + (length > 0));
		fputs(": ", out);
		print_key(out, &keys[i], depth + 1);
	}
	indent(out, depth);
	fputc('}', out);
}

static void print_map(FILE *out, const struct key *key, unsigned int depth)
{
	char path[128];
	const struct key *held;

	snprintf(path, sizeof(path), "%s.*", key->path);
	held = keys_find(path);
	if (key->pattern) {
		fputs("\"propertyNames\": { \"pattern\": ", out);
		json_print_string(out, key->pattern);
		fputs(" }, ", out);
	}
	fputs("\"additionalProperties\": ", out);
	print_key(out, held, depth);
}

static void print_key(FILE *out, const struct key *key, unsigned int depth)
{
	struct writer writer = { .out = out, .depth = depth + 2, .first = true };

	fputc('{', out);
	indent(out, depth + 1);
	fputs("\"description\": ", out);
	json_print_string(out, key->description);
	if (key->fallback)
		fprintf(out, ", \"default\": %s", key->fallback);
	fputc(',', out);
	indent(out, depth + 1);
	fputs("\"anyOf\": [", out);
	print_scalars(&writer, key);
	if (key->kind & (KEY_STRINGS | KEY_WORDS | KEY_INTEGERS))
		print_strings(&writer, key);
	if (key->kind & KEY_OBJECT) {
		alternative(&writer, "{ \"type\": \"object\", ");
		print_properties(out, key->path, depth + 2);
		fputs(" }", out);
	}
	if (key->kind & KEY_MAP) {
		alternative(&writer, "{ \"type\": \"object\", ");
		print_map(out, key, depth + 2);
		fputs(" }", out);
	}
	if (!str_equal(key->path, "kapsel"))
		alternative(&writer, "{ \"type\": \"null\" }");
	indent(out, depth + 1);
	fputs("]", out);
	indent(out, depth);
	fputc('}', out);
}

void schema_print(FILE *out)
{
	fputs("{\n\t\"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
	      "\t\"$id\": \"https://kapsel.example/schema/profile-1.json\",\n"
	      "\t\"title\": \"Kapsel profile, format 1\",\n"
	      "\t\"type\": \"object\",\n"
	      "\t\"required\": [\"kapsel\"],\n\t",
	      out);
	print_properties(out, "", 1);
	fputs("\n}\n", out);
}
