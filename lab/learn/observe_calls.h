/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The observer's end of a seccomp listener (seccomp_unotify(2)). */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lab/learn/observe_peaks.h"

struct error;
struct observation;
struct observe_ids;

struct observe_calls {
	int fd; /* the listener, owned */
	const struct observe_ids *ids;
	struct observation *observation;
	bool started;               /* the command was executed: what came before was the runtime's */
	pid_t init_pid;             /* the command's */
	int init_pidfd;             /* owned */
	uint64_t handled;           /* calls */
	struct observe_peaks peaks; /* root_fd is owned */
};

/** observe_calls_begin() - take the listener @fd. */
void observe_calls_begin(struct observe_calls *calls, int fd);

/** observe_calls_handle() - receive one call, note it, let it go on. 0, or -errno with *err filled. */
int observe_calls_handle(struct observe_calls *calls, struct error *err);

/** observe_calls_end() - close everything: calls that still come get ENOSYS. */
void observe_calls_end(struct observe_calls *calls);
