/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What an observation needs on the host before it begins: a directory, ids, sockets, a pipe. */
#include "base/macro.h"
#include "lab/learn/observe_bundle.h"

struct error;
struct spec;

enum { LEARN_LISTEN_MAX = 64 };

struct learn_place {
	char directory[80]; /* locked and empty; the stage mounts over it in its own namespace */
	int lock;           /* of the directory */
	int listener;       /* unbound socket for the seccomp listener */
	int output[2];      /* pipe for the workload's output */
	int listen_fds[LEARN_LISTEN_MAX]; /* the profile's sockets */
	size_t n_listen;
	struct observe_ids ids;
};

#define LEARN_PLACE_EMPTY                                                                                    \
	{                                                                                                    \
		.lock = -1, .listener = -1, .output = { -1, -1 }                                             \
	}

/**
 * learn_place_make() - make it; removes what observers that were killed have left
 *
 * Return: 0 or -errno with *err filled; learn_place_remove() in both cases.
 */
int learn_place_make(const struct spec *spec, struct learn_place *ret, struct error *err);

/** learn_place_remove() - close and remove it all. */
void learn_place_remove(struct learn_place *place);

#define _cleanup_learn_place_ _cleanup_(learn_place_remove)
