/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Numbers that only grow, in a file of the service's directory that its supervisor has mapped: counting
 * costs one store and no system call, reading wakes nobody, and a killed supervisor loses none.
 */
#include <stdint.h>

#include "base/macro.h"

struct error;

enum counters_layer {
	COUNTERS_SECCOMP,
	COUNTERS_LANDLOCK,
	COUNTERS_DEVICE,
	COUNTERS_POLICY,
	COUNTERS_LAYERS
};

struct counters {
	uint32_t magic, version;
	uint64_t starts, restarts; /* restarts: by the restart policy or by request */
	uint64_t failures;         /* ends that were not wanted: not 0, by a signal, unhealthy */
	uint64_t oom_kills;        /* over all runs */
	uint64_t log_bytes;        /* of the workload's output that was taken */
	uint64_t log_dropped_bytes;
	uint64_t denied[COUNTERS_LAYERS];
	uint64_t health_checks, health_failures;
	uint64_t events;
	uint64_t events_lost; /* feed or hook could not be told */
};

/**
 * counters_map() - create or reopen the file "counters" in @dir and map it
 *
 * Return: 0 with *ret (for counters_unmap()), or -errno with *err filled.
 */
int counters_map(int dir, struct counters **ret, struct error *err) _must_check_;

/** counters_unmap() - NULL is allowed. Return: NULL. */
struct counters *counters_unmap(struct counters *counters);

/** counters_read() - copy the file's numbers; all zero where there is none. 0 or -errno. */
int counters_read(int dir, struct counters *ret);
