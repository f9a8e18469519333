/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One reading of a service: what stands in its record and counters, what its cgroup has used, what its
 * network interfaces have counted. For stats, metrics and monitor; it asks files only and wakes nobody.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "cgroups/usage.h"
#include "launcher/service/counters.h"
#include "launcher/service/network.h"
#include "launcher/service/record.h"

struct arena;
struct error;

/* Beside enum usage_part: what else a reading shall have. */
enum sample_part {
	SAMPLE_COUNTERS = 1 << 16,
	SAMPLE_NETWORK = 1 << 17,
	SAMPLE_DESCRIPTORS = 1 << 18, /* needs /proc/<pid>/fd to tell its size: 6.2 */
	SAMPLE_ALL = USAGE_ALL | SAMPLE_COUNTERS | SAMPLE_NETWORK | SAMPLE_DESCRIPTORS,
};

struct sample {
	const struct record *record;
	struct counters counters;
	struct usage usage;                         /* all absent where there is no cgroup, or nobody runs */
	uint64_t taken_us;                          /* CLOCK_MONOTONIC */
	uint64_t taken_ns;                          /* CLOCK_REALTIME */
	uint64_t descriptors;                       /* open ones of all processes, or USAGE_ABSENT */
	bool network_known;                         /* the namespace is not the host's, and could be read */
	const struct network_interface *interfaces; /* without lo */
	size_t n_interfaces;
};

/**
 * sample_read() - read the @parts of one service
 * @record: stays the caller's, and must outlive @ret
 * @arena: owns the interfaces
 *
 * What can't be read is absent: a service may end in this moment.
 * Return: 0, or -ENOMEM with *err filled.
 */
int sample_read(const char *run_dir, const struct record *record, unsigned int parts, struct arena *arena,
		struct sample *ret, struct error *err) _must_check_;

/**
 * sample_list() - read all services, or those that are named
 * @names, @n_names: as record_find() takes them; 0: all
 * @alive_only: without names, leave out those that ended
 * @ret, @ret_n: in the arena, sorted by name, or in the order of the names
 *
 * Return: 0 or -errno with *err filled; -ENOENT for a name that there is not.
 */
int sample_list(const char *run_dir, char *const *names, size_t n_names, bool alive_only, unsigned int parts,
		struct arena *arena, struct sample **ret, size_t *ret_n, struct error *err) _must_check_;

/** sample_traffic() - bytes over all interfaces. */
void sample_traffic(const struct sample *sample, uint64_t *ret_received, uint64_t *ret_sent);

/** sample_host_memory() - Return: bytes of memory that this machine has: the limit of who has none. */
uint64_t sample_host_memory(void);
