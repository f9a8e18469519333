/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/event_line.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/arena.h"
#include "profiles/findings.h"
#include "profiles/json.h"

static const int64_t at = INT64_C(1700000000123456789);

/* The line as a tree; asserts that it is one whole line of JSON. */
static struct json *parse(struct arena *arena, const char *line, size_t size)
{
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct json *root = NULL;

	cr_assert(le(sz, size, EVENTS_LINE_MAX));
	cr_assert(eq(chr, line[size - 1], '\n'));
	cr_assert(memchr(line, '\n', size - 1) == NULL);
	*source = (struct source){ .name = "line", .text = arena_memdup(arena, line, size), .size = size };
	cr_assert(zero(int, json_parse(source, JSON_STRICT, arena, findings, &root)), "%s: %s",
		  findings->items[0].message, source->text);
	return root;
}

Test(event_line, has_time_event_name_id_and_fields_in_that_order)
{
	const struct event_field fields[] = { { "origin", "workload", 0 }, { "status", NULL, -137 } };
	char line[EVENTS_LINE_MAX + 1];
	size_t size = event_line_build(at, "exit", "web", "abc", fields, 2, line);

	line[size] = '\0';
	cr_assert(eq(
		str, line,
		"{\"time\":\"2023-11-14T22:13:20.123456789Z\",\"event\":\"exit\",\"name\":\"web\",\"id\":\"abc\","
		"\"origin\":\"workload\",\"status\":-137}\n"));
}

Test(event_line, escapes_what_is_not_plain_text)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct event_field field = { "output", "a\"b\\c\n\x1b[0m\x7f\xc2\x9b\xff ü", 0 };
	char line[EVENTS_LINE_MAX];
	size_t size = event_line_build(at, "health", "web", "abc", &field, 1, line);

	cr_assert(memmem(line, size, "a\\\"b\\\\c\\n\\u001b[0m\\u007f\\u009b\\ufffd ü", 39) != NULL, "%.*s",
		  (int)size, line);
	parse(arena, line, size);
}

Test(event_line, cuts_a_long_text_and_keeps_what_stands_behind_it)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char line[EVENTS_LINE_MAX], text[3 * EVENTS_LINE_MAX];
	const struct event_field fields[] = { { "output", text, 0 },
					      { "reason", "short", 0 },
					      { "status", NULL, 1 } };
	struct json *root;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	root = parse(arena, line, event_line_build(at, "exit", "web", "abc", fields, 3, line));
	cr_assert(eq(str, json_get(root, "reason")->text, "short"));
	cr_assert(eq(i64, json_get(root, "status")->integer, 1));
	cr_assert(gt(sz, strlen(json_get(root, "output")->text), 1500));
	cr_assert(strstr(json_get(root, "output")->text, "x\u2026") != NULL);
}

Test(event_line, fills_the_line_to_the_last_byte)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char line[EVENTS_LINE_MAX], text[2 * EVENTS_LINE_MAX];
	const struct event_field field = { "output", text, 0 };

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cr_assert(eq(sz, event_line_build(at, "exit", "web", "abc", &field, 1, line), EVENTS_LINE_MAX));
	parse(arena, line, EVENTS_LINE_MAX);
}

/* Escapes and characters of several bytes must never be cut in two, wherever the end falls. */
Test(event_line, never_cuts_a_character_in_two)
{
	static const char *const units[] = { "\n", "\x01", "ü", "☃", "😀", "\xff" };

	for (size_t u = 0; u < ARRAY_SIZE(units); u++) {
		for (size_t shift = 0; shift < 8; shift++) {
			_cleanup_arena_ struct arena *arena = arena_new();
			char line[EVENTS_LINE_MAX], text[2 * EVENTS_LINE_MAX] = "";
			const struct event_field fields[] = { { "a", text, 0 }, { "b", text, 0 } };
			size_t used = shift;

			memset(text, 'x', shift);
			while (used + strlen(units[u]) < sizeof(text)) {
				strcpy(text + used, units[u]);
				used += strlen(units[u]);
			}
			parse(arena, line, event_line_build(at, "exit", "web", "abc", fields, 2, line));
		}
	}
}

Test(event_line, leaves_out_fields_that_can_not_fit)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct event_field fields[400];
	char line[EVENTS_LINE_MAX];
	struct json *root;
	size_t size;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		fields[i] = (struct event_field){ "a_long_name_of_a_number", NULL, INT64_MIN };
	fields[0] = (struct event_field){ "first", "text", 0 };
	for (size_t n = 70; n < 90; n++) {
		/* The same name many times is no JSON that our reader takes: only the shape counts. */
		size = event_line_build(at, "exit", "web", "abc", fields, n, line);
		cr_assert(eq(chr, line[size - 2], '}'));
		cr_assert(le(sz, size, EVENTS_LINE_MAX));
	}
	root = parse(arena, line, event_line_build(at, "exit", "web", "abc", fields, 2, line));
	cr_assert(eq(str, json_get(root, "first")->text, "text"));
}
