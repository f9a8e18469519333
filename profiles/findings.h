/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is wrong with a profile, with code, place, reason and help: all of it at once, as
 * text with the source line and a caret, or as JSON.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

enum { FINDINGS_MAX = 20 };

enum finding_severity { FINDING_ERROR, FINDING_WARNING };

/* Place of a value in a source text; line and column count from 1, columns in code points. */
struct place {
	const struct source *source; /* NULL: no file */
	size_t offset, length;       /* bytes */
};

/* A text that was read, kept for the excerpts. */
struct source {
	const char *name; /* as the user wrote it */
	const char *text;
	size_t size;
	const struct place *included_from; /* the extends entry, NULL: top */
};

struct finding {
	enum finding_severity severity;
	const char *code; /* "E003" */
	struct place place;
	char message[256];
	char label[160]; /* beside the caret */
	char help[320];
	char note[256];
};

struct findings {
	struct finding items[FINDINGS_MAX];
	size_t n;
	size_t n_errors;
	size_t n_left_out;
};

/** findings_add() - add one; returns it for label, help and note, or NULL when full. @place may be NULL. */
struct finding *findings_add(struct findings *findings, enum finding_severity severity, const char *code,
			     const struct place *place, const char *format, ...) _printf_(5, 6);

/** finding_help() - set the help line; NULL finding is allowed. */
void finding_help(struct finding *finding, const char *format, ...) _printf_(2, 3);

/** findings_print() - as text, with source line and caret; @color for ANSI colours. */
void findings_print(FILE *out, const struct findings *findings, bool color);

/** findings_print_json() - one object a line: code, severity, file, line, column, end_column, message, help. */
void findings_print_json(FILE *out, const struct findings *findings);
