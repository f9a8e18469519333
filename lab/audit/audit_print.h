/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Writes an assessment for people, and as one JSON object for programs. */
#include <stdbool.h>
#include <stdio.h>

#include "lab/audit/checks.h"

struct assessment;

struct audit_print {
	bool color, narrow; /* narrow: a terminal that the table does not fit into */
	int threshold;      /* tenths, -1: none was given */
	int catalog;        /* enum checks_catalog, -1: none was asked for */
};

/** audit_print_table() - every row, the openings that weigh most, and the scores. */
void audit_print_table(FILE *out, const struct assessment *assessment, const struct audit_print *how);

/** audit_print_catalog() - every item of how->catalog with the rows that answer it. */
void audit_print_catalog(FILE *out, const struct assessment *assessment, const struct audit_print *how);

/** audit_print_json() - one object. */
void audit_print_json(FILE *out, const struct assessment *assessment, const struct audit_print *how);

/** audit_print_score() - "9.3" for 93. Return: @buffer. */
const char *audit_print_score(unsigned int tenths, char buffer[static 8]);

/** audit_print_mark() - Return: one character for an opinion: + ~ - . ? or a space for none. */
char audit_print_mark(const struct check *check, const struct opinion *opinion);
