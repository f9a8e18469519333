/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What verbs print on stdout.
 */
#include <stdio.h>

struct oci_globals;

/** output_json() - print compact JSON over several lines, two spaces a level, and a newline. */
void output_json(FILE *out, const char *text);

/** output_end() - flush stdout. Return: 0; 1 when it could not be written, which is reported. */
int output_end(const struct oci_globals *globals);
