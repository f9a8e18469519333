/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/draft.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/spec.h"

enum { TEXT_MAX_BYTES = 900 };

static struct json *new_value(struct draft *draft, const char *name, enum json_type type)
{
	struct json *value = arena_alloc(draft->arena, sizeof(*value));

	if (value && name) {
		value->name = arena_strdup(draft->arena, name);
		if (!value->name)
			value = NULL;
	}
	if (!value) {
		draft->exhausted = true;
		draft->spare = (struct json){ .name = "", .text = "" };
		value = &draft->spare;
	}
	value->type = type;
	return value;
}

int draft_init(struct draft *draft, struct arena *arena)
{
	*draft = (struct draft){ .arena = arena, .losses.arena = arena, .notes.arena = arena };
	draft->root = new_value(draft, NULL, JSON_OBJECT);
	draft_number(draft, draft->root, "kapsel", 1);
	return draft->exhausted ? -ENOMEM : 0;
}

/* The member of that name, emptied; a new one where there is none. */
static struct json *member(struct draft *draft, struct json *parent, const char *name, enum json_type type)
{
	struct json *value = name ? json_get(parent, name) : NULL;

	if (value) {
		value->type = type;
		value->first = value->last = NULL;
		value->n = 0;
		return value;
	}
	value = new_value(draft, name, type);
	if (value != &draft->spare && parent != &draft->spare)
		json_append(parent, value);
	return value;
}

static struct json *container(struct draft *draft, struct json *parent, const char *name, enum json_type type)
{
	struct json *value = name ? json_get(parent, name) : NULL;

	return value && value->type == type ? value : member(draft, parent, name, type);
}

struct json *draft_object(struct draft *draft, struct json *parent, const char *name)
{
	return container(draft, parent, name, JSON_OBJECT);
}

struct json *draft_array(struct draft *draft, struct json *parent, const char *name)
{
	return container(draft, parent, name, JSON_ARRAY);
}

static void set_text(struct draft *draft, struct json *value, const char *text)
{
	value->text = text ? arena_strdup(draft->arena, text) : NULL;
	if (value->text)
		return;
	value->text = "";
	draft->exhausted = true;
}

void draft_string(struct draft *draft, struct json *parent, const char *name, const char *text)
{
	set_text(draft, member(draft, parent, name, JSON_STRING), text);
}

void draft_add(struct draft *draft, struct json *array, const char *text)
{
	for (const struct json *item = array->first; item; item = item->next)
		if (item->type == JSON_STRING && str_equal(item->text, text))
			return;
	draft_string(draft, array, NULL, text);
}

void draft_number(struct draft *draft, struct json *parent, const char *name, int64_t number)
{
	struct json *value = member(draft, parent, name, JSON_INTEGER);
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, number);
	value->integer = number;
	value->number = (double)number;
	set_text(draft, value, text);
}

void draft_real(struct draft *draft, struct json *parent, const char *name, double number)
{
	struct json *value = member(draft, parent, name, JSON_NUMBER);
	char text[64];

	snprintf(text, sizeof(text), "%.4f", number);
	for (size_t n = strlen(text); n > 2 && text[n - 1] == '0' && text[n - 2] != '.'; n--)
		text[n - 1] = '\0';
	value->number = number;
	set_text(draft, value, text);
}

void draft_bool(struct draft *draft, struct json *parent, const char *name, bool value)
{
	member(draft, parent, name, JSON_BOOL)->boolean = value;
}

void draft_size(struct draft *draft, struct json *parent, const char *name, uint64_t bytes)
{
	static const struct {
		uint64_t bytes;
		const char *unit;
	} units[] = { { UINT64_C(1) << 40, "TiB" },
		      { UINT64_C(1) << 30, "GiB" },
		      { UINT64_C(1) << 20, "MiB" },
		      { UINT64_C(1) << 10, "KiB" } };
	char text[64];

	if (bytes == SPEC_UNLIMITED) {
		draft_string(draft, parent, name, "unlimited");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (bytes == 0 || bytes % units[i].bytes != 0)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64 "%s", bytes / units[i].bytes, units[i].unit);
		draft_string(draft, parent, name, text);
		return;
	}
	draft_number(draft, parent, name, (int64_t)bytes);
}

void draft_duration(struct draft *draft, struct json *parent, const char *name, uint64_t ms)
{
	static const struct {
		uint64_t ms;
		const char *unit;
	} units[] = { { 3600000, "h" }, { 60000, "min" }, { 1000, "s" }, { 1, "ms" } };
	char text[64] = "0s";

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (ms == 0 || ms % units[i].ms != 0)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64 "%s", ms / units[i].ms, units[i].unit);
		break;
	}
	draft_string(draft, parent, name, text);
}

void draft_lost(struct draft *draft, const char *format, ...)
{
	char text[TEXT_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (size_t i = 0; i < draft->losses.n; i++)
		if (str_equal(draft->losses.items[i], text))
			return;
	if (losses_add(&draft->losses, "%s", text) < 0)
		draft->exhausted = true;
}

void draft_note(struct draft *draft, const char *format, ...)
{
	char text[TEXT_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (size_t i = 0; i < draft->notes.n; i++)
		if (str_equal(draft->notes.items[i], text))
			return;
	if (losses_add(&draft->notes, "%s", text) < 0)
		draft->exhausted = true;
}
