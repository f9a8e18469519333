/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Writes JSON. Output is for other programs and for terminals alike: control characters
 * and what is not UTF-8 never pass.
 */
#include <stdio.h>

struct json;

/** json_print_string() - write @text in double quotes, escaped as RFC 8259 asks. */
void json_print_string(FILE *out, const char *text);

/**
 * json_print_value() - write a value over several lines
 * @depth: tabs before what it holds
 */
void json_print_value(FILE *out, const struct json *value, unsigned int depth);
