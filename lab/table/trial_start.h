/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One start of the probe program, in a container or bare, with all that it and kapsel wrote. */
#include <signal.h>

#include "base/macro.h"

struct error;
struct trial;

struct trial_output {
	char *text; /* NUL-terminated, on the heap */
	int status; /* as a shell has it: 128 plus the signal */
};

/* SIGINT, SIGTERM and SIGHUP, taken from a descriptor: a container has to end, a file to go, before we do. */
struct trial_signals {
	int fd;
	int taken;       /* the one that came, 0: none yet */
	sigset_t before; /* the mask to give back */
};

/** trial_signals_take() - block them. Return: 0 or -errno with *err filled. */
int trial_signals_take(struct trial_signals *ret, struct error *err) _must_check_;

/** trial_signals_give_back() - what came and was not noticed ends us now. */
void trial_signals_give_back(struct trial_signals *signals);

/**
 * trial_start() - start, wait, collect the output
 * @trial:     without a profile the program runs bare
 * @arguments: of the probe program, NULL-terminated
 *
 * Return: 0; -EINTR when a signal asked for an end, *err empty; or -errno with *err filled.
 */
int trial_start(const struct trial *trial, const char *const *arguments, struct trial_output *ret,
		struct error *err) _must_check_;

/** trial_output_clear() - free the text. */
void trial_output_clear(struct trial_output *output);
