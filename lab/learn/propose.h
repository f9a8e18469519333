/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The profile that an observation leads to: what the present one says about the workload's
 * program, ids and services is kept, what it opens becomes what was seen. Pure: the image is
 * asked through a function, and nothing is written.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lab/learn/observation.h"
#include "lab/learn/propose_calls.h"
#include "lab/learn/propose_places.h"

struct json;
struct spec;

enum { PROPOSE_EXEC_MAX = 128 };

struct propose_options {
	bool exact;     /* list calls instead of @base */
	bool keep;      /* a second pass: nothing of the present profile is taken away */
	bool no_limits; /* the host has no controllers: memory, pids and cpu "unlimited" */
};

struct proposal {
	const struct spec *present;
	const struct observation *observation;
	struct propose_words words;
	struct propose_places places;       /* new mounts */
	const char *exec[PROPOSE_EXEC_MAX]; /* further programs */
	const char *exec_why[PROPOSE_EXEC_MAX];
	size_t n_exec;
	uint64_t capabilities;
	bool jit, nested, ptrace, no_network;
	uint32_t host_range;                                                    /* 0: as before */
	uint64_t memory_bytes, pids, open_files, file_size_bytes, locked_bytes; /* SPEC_UNSET: as before */
	size_t n_allowed, n_docker,
		n_before; /* calls allowed: by this, by Docker's list, by the present profile */
	struct propose_options options;
};

/**
 * propose() - make the proposal
 * @ret: refers to @observation, @present and @arena
 *
 * Return: 0 or -ENOMEM.
 */
int propose(const struct observation *observation, const struct spec *present,
	    const struct propose_options *options, const struct propose_image *image, struct arena *arena,
	    struct proposal *ret);

/** propose_is_kept() - Return: whether the mount of the present profile is still in the proposal. */
bool propose_is_kept(const struct proposal *proposal, const char *target);

/** propose_tmpfs_bytes() - Return: the size that the tmpfs at @target should have. */
uint64_t propose_tmpfs_bytes(const struct proposal *proposal, const char *target);
