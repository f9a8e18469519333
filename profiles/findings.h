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
#include "profiles/source.h"

enum { FINDINGS_MAX = 20 };

enum finding_severity { FINDING_ERROR, FINDING_WARNING };

struct finding {
	enum finding_severity severity;
	const char *code; /* "E003", static */
	struct place place;
	char message[256];
	char beside[96]; /* behind file:line:column: "(first at 9:3)" */
	char label[224]; /* beside the caret */
	char help[320];
	char note[256];
};

struct findings {
	struct finding items[FINDINGS_MAX];
	size_t n;
	size_t n_errors;   /* all of them, the ones left out too */
	size_t n_left_out; /* that did not fit */
};

/**
 * findings_add() - add one
 * @code:  a static string of the table in codes.h
 * @place: where, NULL: nowhere in particular
 *
 * An error pushes a warning out when the list is full, and the same code at the same
 * place is added once. Return: it, for label, help and note; NULL when it was left out.
 */
struct finding *findings_add(struct findings *findings, enum finding_severity severity, const char *code,
			     const struct place *place, const char *format, ...) _printf_(5, 6);

/** finding_label() - set what stands beside the caret; NULL finding is allowed. */
void finding_label(struct finding *finding, const char *format, ...) _printf_(2, 3);

/** finding_help() - set the help line; NULL finding is allowed. */
void finding_help(struct finding *finding, const char *format, ...) _printf_(2, 3);

/** finding_note() - set the note line; NULL finding is allowed. */
void finding_note(struct finding *finding, const char *format, ...) _printf_(2, 3);

/** finding_beside() - set what stands behind the place; NULL finding is allowed. */
void finding_beside(struct finding *finding, const char *format, ...) _printf_(2, 3);

/** findings_sort() - order by file, in the order the files first appear, and place. */
void findings_sort(struct findings *findings);

/** findings_print() - as text, with source line and caret; @color for ANSI colours. */
void findings_print(FILE *out, const struct findings *findings, bool color);

/** findings_print_json() - one object a line: code, severity, file, line, column, end_column, message, help.
 */
void findings_print_json(FILE *out, const struct findings *findings);
