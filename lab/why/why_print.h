/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The causes as text, short and in order, or as one JSON object with the same members. */
#include <stdio.h>

struct why;

/** why_print_text() - for a terminal: nothing that the workload wrote does anything to it. */
void why_print_text(FILE *out, const struct why *why);

/** why_print_json() - one object. */
void why_print_json(FILE *out, const struct why *why);
