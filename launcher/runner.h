/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* From a spec to the exit status: plan, environment, log, then the service's life (processes/service.h). */
#include <stdbool.h>

struct arena;
struct host;
struct spec;

struct runner_options {
	bool quiet;    /* no last line for an end with exit code 0 */
	bool detached; /* run -d: return when it runs */
	bool remove;   /* with detached: leave nothing when it has ended */
};

/**
 * runner_execute() - run the service, in the foreground or detached
 *
 * Prints what goes wrong. Return: the exit status for the caller (error.h); detached: 0 once it runs
 * (with "notify": is ready), after its id was written to stdout.
 */
int runner_execute(const struct spec *spec, const struct host *host, struct arena *arena,
		   const struct runner_options *options);
