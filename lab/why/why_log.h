/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The last lines that a run wrote: for what the kernel told the workload and nobody else. */
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct arena;
struct error;

enum { WHY_LOG_LINES_MAX = 200 };

/* Its bytes are the workload's: to be escaped before they are printed. */
struct why_log_line {
	const char *time; /* RFC 3339 */
	const char *text; /* NUL-terminated; a NUL in it became a space */
	size_t size;
};

struct why_log {
	struct why_log_line lines[WHY_LOG_LINES_MAX]; /* the oldest first */
	size_t n;
};

/**
 * why_log_read() - the last lines of the log at @path that were written between two times
 * @ret: its texts are in the arena; n is 0 where there is no log
 *
 * Return: 0, or -errno with *err filled.
 */
int why_log_read(const char *path, int64_t since_ns, int64_t until_ns, struct arena *arena,
		 struct why_log *ret, struct error *err) _must_check_;
