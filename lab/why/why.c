/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/macro.h"
#include "profiles/json_print.h"

enum { QUOTE_BEFORE = 160, QUOTE_MAX = 300 };

struct why_cause *why_add(struct why *why, const char *id, bool certain)
{
	struct why_cause *cause;

	if (why->n == WHY_CAUSES_MAX)
		return NULL;
	cause = &why->causes[why->n++];
	*cause = (struct why_cause){ .id = id, .certain = certain };
	return cause;
}

const char *why_text(struct why *why, const char *format, ...)
{
	char *text = NULL, *kept;
	va_list list;
	int size;

	va_start(list, format);
	size = vasprintf(&text, format, list);
	va_end(list);
	if (size < 0)
		text = NULL;
	kept = text ? arena_strdup(why->arena, text) : NULL;
	free(text);
	why->exhausted = why->exhausted || !kept;
	return kept;
}

const char *why_json(struct why *why, const char *text)
{
	char *quoted = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&quoted, &size);
	const char *kept = NULL;

	if (out) {
		json_print_string(out, text);
		if (fclose(out) == 0)
			kept = arena_strdup(why->arena, quoted);
		free(quoted);
	}
	why->exhausted = why->exhausted || !kept;
	return kept ? kept : "\"\"";
}

void why_evidence(struct why_cause *cause, const char *text)
{
	if (cause && text && cause->n_evidence < WHY_EVIDENCE_MAX)
		cause->evidence[cause->n_evidence++] = text;
}

const char *why_size(uint64_t bytes, char *buffer, size_t size)
{
	static const char *const units[] = { "GiB", "MiB", "KiB" };
	uint64_t unit = UINT64_C(1) << 30;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++, unit >>= 10) {
		if (bytes >= unit && bytes % unit == 0) {
			snprintf(buffer, size, "%" PRIu64 "%s", bytes / unit, units[i]);
			return buffer;
		}
	}
	snprintf(buffer, size, "%" PRIu64, bytes);
	return buffer;
}

/* Not in the middle of a character. */
static size_t at_character(const char *text, size_t size, size_t at)
{
	while (at < size && ((unsigned char)text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

const char *why_quote(struct why *why, const struct why_log_line *line, size_t at)
{
	size_t begin = at > QUOTE_BEFORE ? at_character(line->text, line->size, at - QUOTE_BEFORE) : 0;
	size_t end = line->size - begin > QUOTE_MAX ? begin + QUOTE_MAX : line->size;

	if (end < line->size)
		end = at_character(line->text, line->size, end);
	return why_text(why, "log %.19sZ: %s%.*s%s", line->time, begin > 0 ? "…" : "", (int)(end - begin),
			line->text + begin, end < line->size ? "…" : "");
}
