/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the killed writers of log_crash.c were given, and the look at what came of it. */
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "tests/unit/logs/log_fixture.h"

enum { CRASH_STREAMS = 2, CRASH_DATA_MAX = 4 << 20 };

/* What the workload writes, and what came back. */
struct crash_data {
	char *bytes[CRASH_STREAMS];
	size_t size[CRASH_STREAMS];
};

struct crash_world {
	struct log_options options;
	struct crash_data wrote;
	struct log_writer *writer;
	int ends[CRASH_STREAMS]; /* the read ends of the pipes */
	rlim_t size_limit;       /* of all but the last process; 0: none */
	pid_t feeder;
	uint64_t dropped; /* of all tries */
};

/* The next of a row of numbers that a seed begins. */
uint32_t crash_random(uint32_t *state);

/* Numbered lines, most of them short, some longer than a piece; the last one without its newline. */
void crash_data_make(struct crash_data *data, uint32_t seed, size_t lines);
void crash_data_free(struct crash_data *data);

/*
 * The log holds what was written, byte for byte, or counts what it dropped. It then begins anew. @where: for
 * the message.
 */
void crash_world_check(struct crash_world *world, const char *where);
