/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json_print.h"

enum { EXCERPT_COLUMNS = 160, EXCERPT_BEFORE = 100, TAB_COLUMNS = 8 };

struct colors {
	const char *error, *warning, *frame, *bold, *end;
};

static const struct colors colors_on = { "\033[1;31m", "\033[1;33m", "\033[1;34m", "\033[1m", "\033[0m" };
static const struct colors colors_off = { "", "", "", "", "" };

/* Part of the source that stands on one line, shown by columns from..to; the rest is cut off. */
struct excerpt {
	const unsigned char *line;
	size_t length;
	size_t caret, caret_end; /* bytes from the start of the line */
	size_t from;             /* first column shown */
};

/*
 * One character of the line as it is shown: a tab becomes spaces, whatever could steer a
 * terminal becomes \xHH. Return: its bytes in the line; @ret_columns is the width shown.
 */
static size_t cell(const unsigned char *text, size_t left, size_t column, char *buffer, size_t *ret_columns)
{
	size_t length = str_utf8_length(text, left);
	char raw[5] = "";

	if (text[0] == '\t') {
		*ret_columns = TAB_COLUMNS - column % TAB_COLUMNS;
		memset(buffer, ' ', *ret_columns);
		buffer[*ret_columns] = '\0';
		return 1;
	}
	if (text[0] == '\0') {
		strcpy(buffer, "\\x00");
		*ret_columns = 4;
		return 1;
	}
	memcpy(raw, text, length == 0 ? 1 : length);
	str_escape(buffer, 20, raw);
	*ret_columns = buffer[0] == '\\' && raw[0] != '\\' ? strlen(buffer) : 1;
	return length == 0 ? 1 : length;
}

static struct excerpt excerpt_of(const struct place *place)
{
	const struct source *source = place->source;
	size_t offset = place->offset < source->size ? place->offset : source->size;
	size_t start = offset, end = offset;
	struct excerpt excerpt;

	while (start > 0 && source->text[start - 1] != '\n')
		start--;
	while (end < source->size && source->text[end] != '\n')
		end++;
	if (end > offset && source->text[end - 1] == '\r')
		end--;
	excerpt.line = (const unsigned char *)source->text + start;
	excerpt.length = end - start;
	excerpt.caret = offset - start;
	excerpt.caret_end = place->length < end - offset ? excerpt.caret + place->length : excerpt.length;
	excerpt.from = 0;
	return excerpt;
}

/* Walks the line: prints what is between the columns shown, and learns where the caret goes. */
static void print_line(FILE *out, struct excerpt *excerpt, size_t *ret_caret, size_t *ret_width)
{
	size_t column = 0, caret = 0, caret_end = 0, i = 0;
	char shown[24];

	while (i < excerpt->length) {
		size_t columns, used = cell(excerpt->line + i, excerpt->length - i, column, shown, &columns);

		if (i <= excerpt->caret)
			caret = column;
		if (out && column >= excerpt->from && column < excerpt->from + EXCERPT_COLUMNS)
			fputs(shown, out);
		column += columns;
		i += used;
		if (i <= excerpt->caret)
			caret = column;
		if (i <= excerpt->caret_end)
			caret_end = column;
	}
	*ret_caret = caret;
	*ret_width = caret_end > caret ? caret_end - caret : 1;
	if (out && column > excerpt->from + EXCERPT_COLUMNS)
		fputs("...", out);
}

static void print_excerpt(FILE *out, const struct finding *finding, size_t line, int gutter,
			  const struct colors *c)
{
	const char *color = finding->severity == FINDING_ERROR ? c->error : c->warning;
	struct excerpt excerpt = excerpt_of(&finding->place);
	char label[sizeof(finding->label) * 4];
	size_t caret, width;

	print_line(NULL, &excerpt, &caret, &width);
	if (caret > EXCERPT_COLUMNS - 20)
		excerpt.from = caret - EXCERPT_BEFORE;
	fprintf(out, "%s%*s |%s\n", c->frame, gutter, "", c->end);
	fprintf(out, "%s%*zu |%s%s%s", c->frame, gutter, line, c->end, excerpt.length > 0 ? " " : "",
		excerpt.from > 0 ? "..." : "");
	print_line(out, &excerpt, &caret, &width);
	caret = caret - excerpt.from + (excerpt.from > 0 ? 3 : 0);
	if (width > EXCERPT_COLUMNS - caret % EXCERPT_COLUMNS)
		width = EXCERPT_COLUMNS - caret % EXCERPT_COLUMNS;
	fprintf(out, "\n%s%*s |%s %*s%s", c->frame, gutter, "", c->end, (int)caret, "", color);
	for (size_t i = 0; i < width; i++)
		fputc('^', out);
	str_escape(label, sizeof(label), finding->label);
	fprintf(out, "%s%s%s\n", label[0] ? " " : "", label, c->end);
}

static void print_place(FILE *out, const struct finding *finding, struct source_position at, int gutter,
			const struct colors *c)
{
	const struct source *source = finding->place.source;
	char text[1024];

	str_escape(text, sizeof(text), source->name);
	fprintf(out, "%s%*s-->%s %s:%zu:%zu", c->frame, gutter, "", c->end, text, at.line, at.column);
	if (finding->beside[0]) {
		str_escape(text, sizeof(text), finding->beside);
		fprintf(out, "   %s", text);
	}
	for (const struct place *from = source->included_from; from && from->source;
	     from = from->source->included_from) {
		struct source_position position = source_position(from);

		str_escape(text, sizeof(text), from->source->name);
		fprintf(out, "   (included from %s:%zu:%zu)", text, position.line, position.column);
	}
	fputc('\n', out);
}

static void print_remark(FILE *out, const char *kind, const char *remark, int gutter, const struct colors *c)
{
	char text[sizeof(((struct finding *)NULL)->help) * 4];

	if (remark[0] == '\0')
		return;
	str_escape(text, sizeof(text), remark);
	fprintf(out, "%s%*s =%s %s%s%s: %s\n", c->frame, gutter, "", c->end, c->bold, kind, c->end, text);
}

static int digits(size_t number)
{
	int n = 1;

	for (; number >= 10; number /= 10)
		n++;
	return n;
}

static void print_one(FILE *out, const struct finding *finding, const struct colors *c)
{
	struct source_position at = source_position(&finding->place);
	bool is_error = finding->severity == FINDING_ERROR;
	char message[sizeof(finding->message) * 4];
	/* Two at least, so that findings of one small file line up. */
	int gutter = at.line > 0 && digits(at.line) > 2 ? digits(at.line) : 2;

	str_escape(message, sizeof(message), finding->message);
	fprintf(out, "%s%s[%s]%s%s: %s%s\n", is_error ? c->error : c->warning, is_error ? "error" : "warning",
		finding->code, c->end, c->bold, message, c->end);
	if (at.line > 0) {
		print_place(out, finding, at, gutter, c);
		print_excerpt(out, finding, at.line, gutter, c);
	}
	print_remark(out, "help", finding->help, gutter, c);
	print_remark(out, "note", finding->note, gutter, c);
}

void findings_print(FILE *out, const struct findings *findings, bool color)
{
	const struct colors *c = color ? &colors_on : &colors_off;

	for (size_t i = 0; i < findings->n; i++)
		print_one(out, &findings->items[i], c);
	if (findings->n_left_out > 0)
		fprintf(out, "and %zu more, not shown\n", findings->n_left_out);
}

void findings_print_json(FILE *out, const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];
		struct source_position at = source_position(&finding->place);

		fprintf(out, "{\"code\":\"%s\",\"severity\":\"%s\",\"file\":", finding->code,
			finding->severity == FINDING_ERROR ? "error" : "warning");
		json_print_string(out, finding->place.source ? finding->place.source->name : "");
		fprintf(out, ",\"line\":%zu,\"column\":%zu,\"end_column\":%zu,\"message\":", at.line,
			at.column, at.end_column);
		json_print_string(out, finding->message);
		fputs(",\"help\":", out);
		json_print_string(out, finding->help);
		fputs("}\n", out);
	}
}
