/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* vsnprintf() may cut a character in two; what is left of it would print as \xHH. */
static void _printf_(3, 0) format_whole(char *buffer, size_t size, const char *format, va_list args)
{
	size_t length, start;

	vsnprintf(buffer, size, format, args);
	length = strlen(buffer);
	if (length + 1 < size)
		return;
	for (start = length; start > 0 && ((unsigned char)buffer[start - 1] & 0xc0) == 0x80;)
		start--;
	if (start > 0)
		start--;
	if (str_utf8_length((const unsigned char *)buffer + start, length - start) != length - start)
		buffer[start] = '\0';
}

#define FORMAT_INTO(field)                                                                                   \
	do {                                                                                                 \
		va_list args_;                                                                               \
		if (!finding)                                                                                \
			return;                                                                              \
		va_start(args_, format);                                                                     \
		format_whole(field, sizeof(field), format, args_);                                           \
		va_end(args_);                                                                               \
	} while (0)

void finding_label(struct finding *finding, const char *format, ...)
{
	FORMAT_INTO(finding->label);
}

void finding_help(struct finding *finding, const char *format, ...)
{
	FORMAT_INTO(finding->help);
}

void finding_note(struct finding *finding, const char *format, ...)
{
	FORMAT_INTO(finding->note);
}

void finding_beside(struct finding *finding, const char *format, ...)
{
	FORMAT_INTO(finding->beside);
}

static bool same_place(const struct finding *finding, const char *code, const struct place *place)
{
	return place && place->source && finding->place.source == place->source &&
	       finding->place.offset == place->offset && str_equal(finding->code, code);
}

/* Takes the last warning out to make room for an error. */
static bool drop_warning(struct findings *findings)
{
	for (size_t i = findings->n; i > 0; i--) {
		if (findings->items[i - 1].severity != FINDING_WARNING)
			continue;
		memmove(&findings->items[i - 1], &findings->items[i],
			(findings->n - i) * sizeof(findings->items[0]));
		findings->n--;
		findings->n_left_out++;
		return true;
	}
	return false;
}

struct finding *findings_add(struct findings *findings, enum finding_severity severity, const char *code,
			     const struct place *place, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	for (size_t i = 0; i < findings->n; i++)
		if (same_place(&findings->items[i], code, place))
			return NULL;

	if (severity == FINDING_ERROR)
		findings->n_errors++;
	if (findings->n == FINDINGS_MAX && (severity != FINDING_ERROR || !drop_warning(findings))) {
		findings->n_left_out++;
		return NULL;
	}
	finding = &findings->items[findings->n++];
	memset(finding, 0, sizeof(*finding));
	finding->severity = severity;
	finding->code = code;
	if (place)
		finding->place = *place;
	va_start(args, format);
	format_whole(finding->message, sizeof(finding->message), format, args);
	va_end(args);
	return finding;
}

static size_t source_rank(const struct findings *findings, const struct source *source)
{
	size_t i = 0;

	while (i < findings->n && findings->items[i].place.source != source)
		i++;
	return i;
}

/* Insertion sort: stable, and there are at most FINDINGS_MAX. Ranks first, since they depend on the order. */
void findings_sort(struct findings *findings)
{
	size_t ranks[FINDINGS_MAX];

	for (size_t i = 0; i < findings->n; i++)
		ranks[i] = source_rank(findings, findings->items[i].place.source);
	for (size_t i = 1; i < findings->n; i++) {
		struct finding moved = findings->items[i];
		size_t rank = ranks[i], j = i;

		while (j > 0 &&
		       (ranks[j - 1] > rank ||
			(ranks[j - 1] == rank && findings->items[j - 1].place.offset > moved.place.offset))) {
			findings->items[j] = findings->items[j - 1];
			ranks[j] = ranks[j - 1];
			j--;
		}
		findings->items[j] = moved;
		ranks[j] = rank;
	}
}
