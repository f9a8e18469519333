/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Run a function in a forked child under a real filter, with this process as the supervisor. */
#include <stdbool.h>

#include "profiles/spec.h"
#include "seccomp/filter.h"
#include "seccomp/notify.h"

struct sealed {
	int status;             /* of waitpid(2) */
	struct denials denials; /* what came to the listener */
	int exec_releases;      /* how often a held exec was let go */
};

/**
 * sealed_run() - build the filter, fork, load it, run @body, answer its refused calls
 * @body: runs in the child, its value is the exit status
 *
 * Fails the test when the child hangs for 20 seconds.
 */
void sealed_run(const struct spec *spec, const struct filter_options *options, int (*body)(const void *arg),
		const void *arg, struct sealed *ret);

/** sealed_exit() - Return: the exit status, or 1000 plus the signal that killed the child. */
int sealed_exit(const struct sealed *sealed);

/** sealed_errno() - Return: 0 if the call's value isn't -1, else errno; for the end of a body. */
int sealed_errno(long value);
