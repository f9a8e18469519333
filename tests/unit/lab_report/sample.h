/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Results made by hand: one of each outcome, with data for every picture, and one whose every text is
 * hostile. */
#include <stddef.h>

#include "lab/text.h"

struct result;

enum { SAMPLE_NAMESPACE, SAMPLE_MEMORY, SAMPLE_FAILED, SAMPLE_UNTESTABLE, SAMPLE_HOSTILE, SAMPLE_RESULTS };

/** What a hostile answer may contain; %HOSTILE_SEEN is how the page has to show it. */
#define HOSTILE "</script><script>alert(1)</script>\"'&amp;<!--\x1b[31m\xff\xc2\x85\xe2\x80\xae\r"
#define HOSTILE_SEEN                                                                                         \
	"&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;&lt;!--"                    \
	"\\x1b[31m\\xff\\xc2\\x85\\u202e\\x0d"

/** sample_results() - Return: SAMPLE_RESULTS results; they may be changed by a test (each runs alone). */
struct result *sample_results(void);

/**
 * sample_page() - the report of these results
 *
 * Return: the page, kept as by markup_keep(), or NULL.
 */
char *sample_page(const struct result *results, size_t n, enum text_language language);
