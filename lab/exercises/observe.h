/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Looks at a container from outside: what kapsel has verified, how ids are mapped, what its control group has
 * counted. The group disappears with the container, so its files are opened early and read again and again;
 * the last reading that worked counts.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

struct arena;
struct result_run;
struct stage;

enum observe_file {
	OBSERVE_MEMORY_PEAK,
	OBSERVE_MEMORY_MAX,
	OBSERVE_MEMORY_EVENTS,
	OBSERVE_PIDS_PEAK,
	OBSERVE_PIDS_MAX,
	OBSERVE_PIDS_EVENTS,
	OBSERVE_CPU_STAT,
	OBSERVE_FILES,
};

struct observe {
	const struct stage *stage;
	const char *name; /* of the container */
	int fds[OBSERVE_FILES];
	char texts[OBSERVE_FILES][1024]; /* what was read last, "" where there is no such file */
	char uid_map[256];
	bool looked;
};

/** observe_begin() - prepare; to be given to observe_end(). */
void observe_begin(struct observe *ret, const struct stage *stage, const char *name);

/** observe_sample() - read the control group once more, if it is there by now. */
void observe_sample(struct observe *observe);

/**
 * observe_look() - while the container is known to wait: restrictions and id map, once
 *
 * Return: 0, or -EAGAIN when its state is not written yet; -ENOMEM.
 */
int observe_look(struct observe *observe, struct arena *arena, struct result_run *ret) _must_check_;

/** observe_end() - fill the numbers in, and close. */
void observe_end(struct observe *observe, struct arena *arena, struct result_run *ret);

/** observe_field() - Return: the number of a line "oom_kill 1" of a group's file, RESULT_UNKNOWN without one.
 */
uint64_t observe_field(const char *text, const char *field);
