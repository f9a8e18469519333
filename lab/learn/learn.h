/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* kapsel learn: observe a workload, propose its profile. The parts are observe_*.h and propose*.h. */
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct error;
struct spec;

struct learn_options {
	const struct spec *spec; /* what to run */
	const char *profile;     /* file that the spec comes from, NULL: a command line */
	const char *rootfs;      /* observed instead of the spec's, NULL: the spec's */
	const char *output;      /* where the proposal goes, NULL: stdout */
	const char *merge;       /* observation to add to, NULL: none */
	uint64_t duration_ms;    /* 0: until the end */
	bool quick;              /* watch only what the profile and the observation do not know */
	bool exact, no_limits;   /* as in struct propose_options */
};

/** learn() - do it all. Return: 0, or -errno with *err filled. */
int learn(const struct learn_options *options, struct arena *arena, struct error *err);

struct learn_command {
	char **argv;
	const char *rootfs;  /* "/": the host's own */
	const char *user;    /* "UID[:GID]", NULL: the default of a profile */
	const char *network; /* as in a profile */
};

/**
 * learn_command_spec() - the spec of a command line, as the smallest profile that could run it
 *
 * The program is looked for in @rootfs. Return: the spec, or NULL with *err filled.
 */
const struct spec *learn_command_spec(const struct learn_command *command, struct arena *arena,
				      struct error *err);
