/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The environment of the workload: what the profile says, and what tells it about its descriptors. */
#include "base/macro.h"

struct arena;
struct error;
struct spec;

struct payload_environment {
	char *const *envp;
	char *listen_pid;   /* room inside for "LISTEN_PID=…", which only the payload knows; NULL: none */
	char *watchdog_pid; /* the same for "WATCHDOG_PID=…" */
};

/** payload_environment_build() - format it in @arena. 0 or -errno with *err filled. */
int payload_environment_build(const struct spec *spec, struct arena *arena, struct payload_environment *ret,
			      struct error *err) _must_check_;
