/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a workload was seen doing: calls, paths, addresses, peaks. It is what a profile is
 * proposed from, what is kept beside a learned profile, and what further runs are added to.
 * It holds nothing about the machine, so that runs of several machines can be merged.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "seccomp/syscall_table.h"

enum {
	OBSERVATION_COMM_MAX = 16,      /* TASK_COMM_LEN, proc(5) */
	OBSERVATION_PATHS_MAX = 10000,  /* a hostile workload must not fill our memory */
	OBSERVATION_ADDRESSES_MAX = 64, /* the others are only counted */
	OBSERVATION_ADDRESS_MAX = 128,
};

/* What a number alone does not tell, and what a key of the profile opens. Bits. */
enum observation_fact {
	FACT_THREADS = 1 << 0,
	FACT_PROCESSES = 1 << 1,
	FACT_NAMESPACES = 1 << 2,
	FACT_JIT = 1 << 3, /* memory that is writable and executable */
	FACT_NETLINK = 1 << 4,
	FACT_PTRACE = 1 << 5,
	FACT_SOCKETS = 1 << 6, /* some socket was made, accepted or inherited: sendmsg may be needed */
	FACT_CLOSED = 1 << 7,  /* something that no key opens: a device node, a packet socket … */
	FACT_FILES = 1 << 8,   /* it asked for more descriptors than it had */
	FACT_ALL = (1 << 9) - 1,
};

/* What was done with a path; bits. */
enum observation_access {
	ACCESS_READ = 1 << 0,
	ACCESS_WRITE = 1 << 1,  /* the file or its attributes */
	ACCESS_CREATE = 1 << 2, /* an entry of its directory is made or removed */
	ACCESS_EXEC = 1 << 3,
};

struct observed_call {
	uint64_t count;                  /* 0: not seen */
	char comm[OBSERVATION_COMM_MAX]; /* who made it first, printable */
};

struct observed_path {
	char *path; /* absolute in the container, printable UTF-8 */
	unsigned int access;
	uint64_t count;
	uint64_t size_bytes; /* largest seen, of written regular files */
	char comm[OBSERVATION_COMM_MAX];
};

struct observed_address {
	char text[OBSERVATION_ADDRESS_MAX]; /* as in listen: "127.0.0.1:80", "/run/x.sock", "@abstract" */
	bool bound;                         /* else connected to */
	uint64_t count;
};

/* 0: not known. */
struct observed_peaks {
	uint64_t memory_bytes, pids, open_files, file_size_bytes, locked_bytes;
};

struct observation {
	struct observed_call calls[SYSCALL_ROWS];
	unsigned int facts;
	uint64_t capabilities;       /* bits that its calls need */
	int capability_rows[64];     /* the call that showed it first */
	uint32_t highest_id;         /* user or group that it became or gave files to */
	struct observed_path *paths; /* in the order in which they were seen */
	size_t n_paths, n_paths_room, n_paths_left_out;
	size_t *index; /* hash table over paths, n_index a power of two, SIZE_MAX: empty */
	size_t n_index;
	struct observed_address addresses[OBSERVATION_ADDRESSES_MAX];
	size_t n_addresses;
	struct observed_peaks peaks;
	uint64_t runs; /* how many were merged */
};

/** observation_new() - Return: an empty one, NULL when memory is exhausted. */
struct observation *observation_new(void) _must_check_;

/** observation_free() - free it; NULL is allowed. Return: NULL. */
struct observation *observation_free(struct observation *observation);

static inline void observation_freep(struct observation **observation)
{
	*observation = observation_free(*observation);
}
#define _cleanup_observation_ _cleanup_(observation_freep)

/** observation_call() - count a call. @comm: of the caller, may hold any bytes. */
void observation_call(struct observation *observation, int row, uint64_t count, const char *comm);

/**
 * observation_path() - note what was done with a path
 * @path:   absolute, any bytes: a name that no profile could hold is noted as its directory's
 * @access: enum observation_access
 *
 * Return: the entry, valid until the next call; NULL when it found no place.
 */
struct observed_path *observation_path(struct observation *observation, const char *path, unsigned int access,
				       const char *comm);

/** observation_find() - Return: the entry of that path, or NULL. */
const struct observed_path *observation_find(const struct observation *observation, const char *path);

/** observation_address() - note a bound or connected address; those beyond the room are dropped. */
void observation_address(struct observation *observation, const char *text, bool bound, uint64_t count);

/** observation_capability() - note that a call needs the capability. */
void observation_capability(struct observation *observation, int capability, int row);

/** observation_merge() - add what another run has shown: counts add up, peaks keep the higher value. */
void observation_merge(struct observation *observation, const struct observation *other);
