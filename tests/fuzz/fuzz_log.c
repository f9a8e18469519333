/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whatever stands in a log: taking its lines apart must never crash nor read or write beyond them, and what
 * the writer makes of a text must come back as that text. The input is one line of a log and, as it is,
 * a text for the writer; it can hold several (pieces.h).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "launcher/logs/json_line.h"
#include "launcher/logs/log_entry.h"
#include "launcher/logs/log_stdout.h"
#include "launcher/logs/log_time.h"
#include "profiles/spec.h"
#include "tests/fuzz/pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exactly as large as it has to be, so that a byte too much is noticed. */
static char *room(size_t size)
{
	char *memory = malloc(size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

static void take_apart(const uint8_t *data, size_t size)
{
	char *line = room(size), *scratch = room(size + 1), *details;
	struct log_entry entry;
	int64_t ns;

	memcpy(line, data, size);
	if (log_entry_parse(line, size, scratch, &entry) == 0) {
		if (entry.text_size > size + 1 || entry.attrs_size > size || entry.time_size > size)
			abort();
		details = room(3 * entry.attrs_size);
		if (log_entry_details(&entry, details) > 3 * entry.attrs_size)
			abort();
		free(details);
		if (log_entry_time(&entry, &ns) == 0 && entry.time_size < 20)
			abort();
	}
	free(line);
	free(scratch);
}

/* Each byte that is no UTF-8 comes back as U+FFFD. */
static void check_text(const struct log_entry *entry, const uint8_t *data, size_t size)
{
	size_t from = 0;

	for (size_t i = 0; i < size;) {
		size_t valid = str_utf8_length(data + i, size - i);
		const void *wanted = valid ? (const void *)(data + i) : "\xef\xbf\xbd";
		size_t wanted_size = valid ? valid : 3;

		if (entry->text_size - from < wanted_size ||
		    memcmp(entry->text + from, wanted, wanted_size) != 0)
			abort();
		from += wanted_size;
		i += valid ? valid : 1;
	}
	if (from != entry->text_size)
		abort();
}

static void round_trip(const uint8_t *data, size_t size)
{
	static const char head[] = "{\"log\":\"",
			  tail[] = "\",\"stream\":\"stderr\",\"time\":\"2016-10-06T00:17:09Z\"}";
	char *line = room(sizeof(head) + size * JSON_LINE_GROWTH + sizeof(tail)), *scratch;
	size_t used = sizeof(head) - 1;
	struct log_entry entry;

	memcpy(line, head, used);
	used += json_line_escape(line + used, data, size);
	memcpy(line + used, tail, sizeof(tail) - 1);
	used += sizeof(tail) - 1;
	scratch = room(used + 1);
	if (log_entry_parse(line, used, scratch, &entry) < 0 || entry.stream != LOG_STDERR)
		abort();
	check_text(&entry, data, size);
	free(line);
	free(scratch);
}

static void escape(const uint8_t *data, size_t size)
{
	char *text = room(size), out[16];
	size_t length;

	memcpy(text, data, size);
	for (size_t at = 0; at < size;) {
		size_t taken = log_stdout_escape(text + at, size - at, out, &length);

		if (taken == 0 || taken > size - at || length > sizeof(out))
			abort();
		for (size_t i = 0; i < length; i++)
			if (((unsigned char)out[i] < 0x20 && out[i] != '\n' && out[i] != '\t') ||
			    out[i] == 0x7f)
				abort();
		at += taken;
	}
	free(text);
}

/* The lines "NAME=VALUE" as labels: what the writer makes of them must be part of a readable line. */
static void write_attrs(const char *text)
{
	char *copy = strdup(text), *rest = copy, *word, *attrs, *line, *scratch;
	struct spec_pair pairs[16];
	struct spec_pairs list = { .items = pairs };
	struct log_entry entry;
	size_t size;

	if (!copy)
		abort();
	while (list.n < 16 && (word = strsep(&rest, "\n"))) {
		char *value = strchr(word, '=');

		if (value)
			*value++ = '\0';
		pairs[list.n++] = (struct spec_pair){ .name = word, .value = value ? value : "" };
	}
	attrs = json_line_attrs(&list);
	if (!attrs)
		abort();
	line = room(strlen(attrs) + 128);
	size = (size_t)sprintf(
		line, "{\"log\":\"x\\n\",\"stream\":\"stdout\",%s\"time\":\"2016-10-06T00:17:09Z\"}", attrs);
	scratch = room(size + 1);
	if (log_entry_parse(line, size, scratch, &entry) < 0 || entry.text_size != 2)
		abort();
	free(scratch);
	free(line);
	free(attrs);
	free(copy);
}

/* A moment as it is written is the moment that is read. */
static void write_time(const uint8_t *data, size_t size)
{
	char text[JSON_LINE_TIME_SIZE];
	int64_t ns, again;

	if (size < sizeof(ns))
		return;
	memcpy(&ns, data, sizeof(ns));
	log_time_format(ns, text);
	if (log_time_parse(text, sizeof(text), &again) < 0 || again != (ns < 0 ? 0 : ns))
		abort();
}

static void judge(const uint8_t *data, size_t size)
{
	char *option = room(size + 1);
	int64_t ns;

	take_apart(data, size);
	round_trip(data, size);
	escape(data, size);
	memcpy(option, data, size);
	option[size] = '\0';
	if (log_time_parse_option(option, INT64_MAX / 2, &ns) == 0 && size == 0)
		abort();
	write_attrs(option);
	write_time(data, size);
	free(option);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pieces_each(data, size, judge);
	return 0;
}
