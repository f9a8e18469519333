/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A profile, changed so that the probe program stands in the place of its command and everything else that
 * restricts the container stays: nothing is restarted, checked, announced, listened for or logged to a file.
 */
#include "base/macro.h"

struct arena;
struct error;
struct spec;

struct trial_profile {
	const struct spec *spec; /* of the profile that was given */
	int lock;                /* on that directory, as long as it is in use; -1: none */
	char directory[96];      /* of our own, "" before there is one */
	char path[128];          /* the changed profile; its program takes arguments from the command line */
};

struct trial_request {
	const char *profile;
	const char *open;     /* keys on top, a JSON object, or NULL */
	const char *program;  /* kapsel-probe, by its absolute path */
	unsigned int port;    /* of the host's loopback, 0: none */
	const char *abstract; /* an abstract socket of the host, without the leading NUL */
};

enum { TRIAL_PROFILE_WRONG = 1 }; /* what is wrong was printed to stderr */

/**
 * trial_profile_write() - read a profile and write the changed one
 * @arena: owns what *ret points to
 *
 * The program is bind-mounted over the command's file, read-only and executable: that file exists in the
 * root, and what the profile says of it (Landlock, exec.allow) then holds for the attacker as for the
 * workload. Return: 0, TRIAL_PROFILE_WRONG, or -errno with *err filled; to be given to trial_profile_clear()
 * either way.
 */
int trial_profile_write(struct trial_profile *ret, const struct trial_request *request, struct arena *arena,
			struct error *err) _must_check_;

/** trial_profile_clear() - remove what trial_profile_write() wrote. */
void trial_profile_clear(struct trial_profile *profile);
