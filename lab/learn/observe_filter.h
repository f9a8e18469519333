/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The filter that a workload is observed under, as linux.seccomp of an OCI bundle: what tells
 * something waits for the observer, what every profile opens anyway runs at full speed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "seccomp/syscall_table.h"

struct spec;

struct observe_filter {
	const char *listener;     /* path of the socket that gets the listener */
	bool every;               /* watch all of @base, too */
	bool known[SYSCALL_ROWS]; /* not watched any more */
};

/** observe_filter_know() - leave out what @spec allows whatever its arguments are: those of a second pass. */
void observe_filter_know(struct observe_filter *filter, const struct spec *spec);

/** observe_filter_write() - write the JSON object. */
void observe_filter_write(const struct observe_filter *filter, FILE *out);
