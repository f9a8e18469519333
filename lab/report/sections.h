/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The parts of the report, each in a file of its own; report.c puts them together. */
#include <stdbool.h>
#include <stddef.h>

#include "lab/report/html.h"

struct report_setting;
struct result;
struct result_probe;
struct result_run;

/** style_write() - the page's CSS: screen, dark, narrow, and A4. */
void style_write(struct html *h);

/** summary_write() - who, where and when; how many passed; what did not, and why; the table of all. */
void summary_write(struct html *h, const struct report_setting *setting, const struct result *results,
		   size_t n);

/** summary_badge() - the result as a word on a colour. */
void summary_badge(struct html *h, const struct result *result);

/** article_write() - one exercise, whole. */
void article_write(struct html *h, const struct result *result);

/** runs_write() - the two runs beside each other, with their pictures. */
void runs_write(struct html *h, const struct result *result);

/** runs_answer() - the answer of a probe as a word on a colour; NULL: it gave none. */
void runs_answer(struct html *h, const struct result_probe *probe);

/** evidence_write() - what the kernel said in both runs: what differs, what is equal, further attempts. */
void evidence_write(struct html *h, const struct result *result);

/** evidence_layers() - every restriction of both runs, folded away. */
void evidence_layers(struct html *h, const struct result *result);

/** sections_given() - Return: whether there is a text that says something. */
static inline bool sections_given(const char *text)
{
	return text && *text;
}
