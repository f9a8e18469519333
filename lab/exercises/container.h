/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One container of the lab, started with kapsel as everybody starts one, and all that it and kapsel said. */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;
struct error;
struct observe;
struct result_run;
struct stage;

struct container_output {
	const char *out, *err; /* texts, cut at 256 KiB */
	int status;            /* exit status of kapsel; 128 plus a signal that ended kapsel itself */
};

struct container_call {
	const char *verb, *file; /* `kapsel VERB FILE` */
	struct observe *observe; /* what is to be looked at meanwhile, NULL: nothing */
	struct result_run *run;  /* gets the restrictions; NULL without observe */
};

/**
 * container_kapsel() - run `kapsel VERB FILE` to its end
 *
 * The workload's output comes through a pipe of one message: its second line waits until the first was taken,
 * and so the container can be looked at while it is there. At SIGINT or SIGTERM kapsel is asked to stop it.
 * Return: 0; -EINTR when an end was asked for; -ETIME after two minutes; -errno with *err filled.
 */
int container_kapsel(struct stage *stage, const struct container_call *wanted, struct arena *arena,
		     struct container_output *ret, struct error *err) _must_check_;

/** container_write() - write a profile to a new file called after @name. Return: its path in @arena; NULL
 * with *err. */
const char *container_write(struct stage *stage, const char *name, const char *profile, struct arena *arena,
			    struct error *err) _must_check_;
