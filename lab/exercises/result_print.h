/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A result for people: the two runs side by side. */
#include <stdbool.h>

#include "lab/text.h"

struct exercise;
struct print;
struct result;

/** result_print_question() - number, title and the question. */
void result_print_question(const struct print *print, const struct exercise *exercise,
			   enum text_language language);

/**
 * result_print() - both runs, the one difference, the mechanism, and the result
 * @all: also what is the same in both
 */
void result_print(const struct print *print, const struct result *result, enum text_language language,
		  bool all);

/** result_print_line() - number, title, both answers, outcome: one line, and the reason if it did not pass.
 */
void result_print_line(const struct print *print, const struct result *result, enum text_language language);

/** result_print_mechanism() - the three sentences and the man pages. */
void result_print_mechanism(const struct print *print, const struct exercise *exercise,
			    enum text_language language);
