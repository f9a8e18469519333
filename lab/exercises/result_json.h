/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Exercises and results for other programs: one JSON object a line. */
#include <stdio.h>

#include "lab/text.h"

struct exercise;
struct result;
struct result_run;

/** result_json() - the result of an exercise, with all that was seen in both runs. */
void result_json(FILE *out, const struct result *result, enum text_language language);

/** result_json_run() - one run, as an object without a newline. */
void result_json_run(FILE *out, const struct result_run *run);

/** result_json_exercise() - what an exercise is, without having run it. */
void result_json_exercise(FILE *out, const struct exercise *exercise, enum text_language language);

/** result_json_member() - `"name": "text"` with a comma before it unless it is the first. */
void result_json_member(FILE *out, const char *before, const char *name, const char *text);
