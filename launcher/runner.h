/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One run from the spec to the exit status: plan, log, start, supervision, last line, clean-up. */
#include <stdbool.h>

struct arena;
struct host;
struct spec;

struct runner_options {
	bool quiet; /* no last line for an end with exit code 0 */
};

/**
 * runner_execute() - run the container in the foreground
 *
 * Prints what goes wrong. Return: the exit status for the caller (error.h).
 */
int runner_execute(const struct spec *spec, const struct host *host, struct arena *arena,
		   const struct runner_options *options);
