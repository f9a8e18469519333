/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/event_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "launcher/logs/log_time.h"

static const char ellipsis[] = "\u2026";

enum {
	TAIL = 2, /* "}\n" */
	ELLIPSIS_SIZE = sizeof(ellipsis) - 1,
	UNIT_MAX = 12, /* a character as it is written: \u0000, or two of them */
};

struct line {
	char *text;
	size_t used;
};

/* The next character as JSON. Return: bytes of @text it took; *ret_size those in @unit. */
static size_t take_unit(const unsigned char *text, size_t size, char unit[UNIT_MAX], size_t *ret_size)
{
	static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	size_t length = str_utf8_length(text, size);
	unsigned int mark = length ? str_direction_mark(text, length) : 0;

	if (length == 0) {
		*ret_size = (size_t)snprintf(unit, UNIT_MAX, "\\ufffd");
		return 1;
	}
	for (size_t i = 0; length == 1 && i + 1 < sizeof(shorts); i += 2) {
		if ((unsigned char)shorts[i] == text[0]) {
			unit[0] = '\\';
			unit[1] = shorts[i + 1];
			*ret_size = 2;
			return 1;
		}
	}
	if (text[0] < 0x20 || text[0] == 0x7f || (length == 2 && text[0] == 0xc2 && text[1] < 0xa0)) {
		*ret_size = (size_t)snprintf(unit, UNIT_MAX, "\\u%04x", length == 2 ? text[1] : text[0]);
		return length;
	}
	/* As it is, the reader refuses it: a workload could hide its own events. */
	if (mark) {
		*ret_size = (size_t)snprintf(unit, UNIT_MAX, "\\u%04x", mark);
		return length;
	}
	memcpy(unit, text, length);
	*ret_size = length;
	return length;
}

static size_t escaped_size(const char *text)
{
	const unsigned char *next = (const unsigned char *)text;
	size_t left = strlen(text), total = 0;
	char unit[UNIT_MAX];

	while (left > 0) {
		size_t size, taken = take_unit(next, left, unit, &size);

		next += taken;
		left -= taken;
		total += size;
	}
	return total;
}

/* At most @room bytes of @text, which has more when it does not fit: the mark then needs its place. */
static void put_text(struct line *line, const char *text, size_t room)
{
	const unsigned char *next = (const unsigned char *)text;
	const bool cut = escaped_size(text) > room;
	size_t left = strlen(text), used = 0;
	char unit[UNIT_MAX];

	if (cut)
		room = room > ELLIPSIS_SIZE ? room - ELLIPSIS_SIZE : 0;
	while (left > 0) {
		size_t size, taken = take_unit(next, left, unit, &size);

		if (used + size > room)
			break;
		memcpy(line->text + line->used + used, unit, size);
		used += size;
		next += taken;
		left -= taken;
	}
	line->used += used;
	if (cut) {
		memcpy(line->text + line->used, ellipsis, ELLIPSIS_SIZE);
		line->used += ELLIPSIS_SIZE;
	}
}

static void put(struct line *line, const char *text)
{
	size_t length = strlen(text);

	memcpy(line->text + line->used, text, length);
	line->used += length;
}

/* What a field takes even when its text is cut to nothing. */
static size_t fixed_size(const struct event_field *field, char number[24])
{
	size_t base = strlen(",\"\":") + strlen(field->name);

	snprintf(number, 24, "%" PRId64, field->number);
	return base + (field->text ? strlen("\"\"") + ELLIPSIS_SIZE : strlen(number));
}

/* The fields that fit with their texts empty, and the room that is left for these. */
static size_t plan_fields(const struct event_field *fields, size_t n, size_t room, size_t *ret_texts,
			  size_t *ret_room)
{
	char number[24];
	size_t i;

	*ret_texts = 0;
	for (i = 0; i < n; i++) {
		size_t size = fixed_size(&fields[i], number);

		if (size > room)
			break;
		room -= size;
		*ret_texts += fields[i].text ? 1 : 0;
	}
	*ret_room = room;
	return i;
}

/* Return: what a text took of its share. */
static size_t put_field(struct line *line, const struct event_field *field, size_t share)
{
	char number[24];
	size_t before;

	fixed_size(field, number);
	put(line, ",\"");
	put(line, field->name);
	put(line, "\":");
	if (!field->text) {
		put(line, number);
		return 0;
	}
	put(line, "\"");
	before = line->used;
	put_text(line, field->text, share + ELLIPSIS_SIZE); /* whose place was planned in any case */
	share = line->used - before;
	put(line, "\"");
	return share > ELLIPSIS_SIZE ? share - ELLIPSIS_SIZE : 0;
}

/* Equal shares for the texts; what a short one leaves goes to those behind it. */
static void put_fields(struct line *line, const struct event_field *fields, size_t n)
{
	size_t texts, room, fit = plan_fields(fields, n, EVENTS_LINE_MAX - TAIL - line->used, &texts, &room);

	for (size_t i = 0; i < fit; i++) {
		room -= put_field(line, &fields[i], texts > 0 ? room / texts : 0);
		texts -= fields[i].text ? 1 : 0;
	}
}

size_t event_line_build(int64_t time_ns, const char *event, const char *name, const char *id,
			const struct event_field *fields, size_t n, char ret[static EVENTS_LINE_MAX])
{
	enum { WORD_MAX = 300 };
	struct line line = { .text = ret };

	put(&line, "{\"time\":\"");
	log_time_format(time_ns, ret + line.used);
	line.used += JSON_LINE_TIME_SIZE;
	put(&line, "\",\"event\":\"");
	put_text(&line, event, WORD_MAX);
	put(&line, "\",\"name\":\"");
	put_text(&line, name, WORD_MAX);
	put(&line, "\",\"id\":\"");
	put_text(&line, id, WORD_MAX);
	put(&line, "\"");
	put_fields(&line, fields, n);
	put(&line, "}\n");
	return line.used;
}
