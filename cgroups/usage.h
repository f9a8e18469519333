/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a group has used and may use, as numbers, at one moment: the files of the cpu, memory, pids and
 * io controllers and of pressure stall information (admin-guide/cgroup-v2.rst, accounting/psi.rst).
 * Each file costs one openat and one read; what is not asked for is not read, since two hundred groups
 * are read in one go.
 */
#include <stdint.h>

#include "base/macro.h"

/* A controller that is not there leaves its numbers absent, which is not 0. */
#define USAGE_ABSENT   UINT64_MAX
#define USAGE_NO_LIMIT (UINT64_MAX - 1)

enum usage_part {
	USAGE_CPU = 1 << 0,
	USAGE_MEMORY = 1 << 1, /* current, inactive_file, anon, file, limit */
	USAGE_PIDS = 1 << 2,
	USAGE_IO = 1 << 3,
	USAGE_PRESSURE = 1 << 4,
	USAGE_DETAILS = 1 << 5, /* cpu's limits, swap, peak, memory.events, processes */
	USAGE_ALL = (1 << 6) - 1,
};

/* Time in which some, and all, tasks of the group waited for a resource. */
struct usage_pressure {
	uint64_t some_us, full_us;
};

struct usage {
	uint64_t cpu_usage_us, cpu_user_us, cpu_system_us;
	uint64_t cpu_periods, cpu_throttled_periods, cpu_throttled_us;
	uint64_t cpu_quota_us, cpu_period_us, cpu_weight;
	uint64_t memory_current_bytes, memory_inactive_file_bytes, memory_anon_bytes, memory_file_bytes;
	uint64_t memory_max_bytes, memory_peak_bytes; /* peak: since 5.19 */
	uint64_t swap_current_bytes, swap_max_bytes;
	uint64_t memory_max_hits, oom_kills; /* memory.events: max, oom_kill */
	uint64_t threads, threads_max;       /* pids.current counts threads */
	uint64_t processes;
	uint64_t io_read_bytes, io_write_bytes, io_reads, io_writes; /* over all devices */
	struct usage_pressure cpu_pressure, memory_pressure, io_pressure;
};

/** usage_read() - read the @parts (enum usage_part) of the group @fd; all else is absent. */
void usage_read(int fd, unsigned int parts, struct usage *ret);

/** usage_clear() - make all numbers absent: there is no group. */
void usage_clear(struct usage *usage);

/** usage_known() - Return: whether @value is a number, and not absent or "max". */
static inline _Bool usage_known(uint64_t value)
{
	return value < USAGE_NO_LIMIT;
}

/**
 * usage_working_set() - memory that can not be had back without cost: current less inactive_file, as
 * Docker and cAdvisor count it. Return: bytes or USAGE_ABSENT.
 */
uint64_t usage_working_set(const struct usage *usage);
