/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What one system call shows: the paths it names, the right it needs, the key that would
 * open it. The caller's memory is read while the call waits, and may change before the
 * kernel reads it: good enough to learn from, never to decide by.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/learn/observation.h"

/* How the caller is looked at; the tests have their own. Each returns 0 or -errno. */
struct note_reader {
	int (*bytes)(void *arg, uint64_t address, void *buffer, size_t size);
	int (*string)(void *arg, uint64_t address, char *buffer, size_t size);
	int (*directory)(void *arg, int dirfd, char *buffer,
			 size_t size);                               /* path of a descriptor, AT_FDCWD */
	int (*ids)(void *arg, uint32_t *ret_uid, uint32_t *ret_gid); /* as the container counts */
	void *arg;
};

struct note_path {
	char path[PATH_MAX];
	unsigned int access; /* enum observation_access */
};

struct note {
	int row;
	unsigned int facts;
	uint64_t capabilities;
	uint32_t id; /* that it becomes or gives files to; 0: none */
	struct note_path paths[2];
	size_t n_paths;
	char address[OBSERVATION_ADDRESS_MAX]; /* "" : none */
	bool bound;
};

/**
 * note_read() - read what the call shows
 * @row: of the call in the table
 * @ret: filled as far as it could be read; nothing in it refers to the caller any more
 */
void note_read(int row, const uint64_t args[6], const struct note_reader *reader, struct note *ret);

/** note_commit() - add it to what was observed. */
void note_commit(struct observation *observation, const struct note *note, const char *comm);

/** note_address() - a socket address as listen writes it: "127.0.0.1:80", "[::1]:80", "/x.sock", "@name". 0
 * or -EINVAL. */
int note_address(const void *bytes, size_t size, char *ret, size_t ret_size);
