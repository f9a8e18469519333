/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What came out of a container of the lab, line by line, as part of a result. */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;
struct container_output;
struct exercise;
struct observe;
struct result_probe;
struct result_run;

/**
 * answers_read() - fill @run with the probes' answers, the evidence from inside and kapsel's words
 *
 * A probe program is hostile or broken at worst: a line that is not its JSON is passed over. Where the
 * container was ended before the first probe could answer, that signal is the answer. 0 or -ENOMEM.
 */
int answers_read(const struct exercise *exercise, const struct container_output *output, struct arena *arena,
		 struct result_run *run) _must_check_;

/** answers_add_counts() - evidence from the control group, as far as the exercise is about it. 0 or -ENOMEM.
 */
int answers_add_counts(const struct exercise *exercise, const struct observe *observe, struct arena *arena,
		       struct result_run *run) _must_check_;

/** answers_match() - Return: whether the answer is the expected one: "OK|EPERM", ">=600", "<=300". */
bool answers_match(const char *expected, const struct result_probe *probe);

/** answers_refusal() - Return: why kapsel started nothing, one line, in @arena; NULL: something was started.
 */
const char *answers_refusal(const struct container_output *output, struct arena *arena);
