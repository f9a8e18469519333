/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The lab's results as one HTML file: no script, no other file, pictures as inline SVG. */
#include <stddef.h>
#include <stdio.h>

#include "lab/text.h"

struct error;
struct result;

struct report_setting {
	enum text_language language;
	const char *host; /* uname(2): release and machine */
	const char *user; /* "root" or "user 1000" */
	const char *time; /* RFC 3339 */
};

/**
 * report_write() - write the page for these results
 *
 * Return: 0 or -errno with *err filled.
 */
int report_write(FILE *out, const struct report_setting *setting, const struct result *results, size_t n,
		 struct error *err);
