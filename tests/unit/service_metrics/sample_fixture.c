/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample_fixture.h"

#include <string.h>

enum { MIB = 1024 * 1024 };

static const struct network_interface interfaces[] = {
	{ "eth0", { 1001, 1002, 1003, 1004 }, { 2001, 2002, 2003, 2004 } },
	{ "wg\"0", { 3001, 3002, 3003, 3004 }, { 4001, 4002, 4003, 4004 } },
};

struct sample full_sample(struct record *record)
{
	struct sample sample = {
		.record = record,
		.taken_us = 10000000,
		.taken_ns = UINT64_C(1800000100500000000),
		.descriptors = 33,
		.network_known = true,
		.interfaces = interfaces,
		.n_interfaces = 2,
		.counters = { .restarts = 4, .oom_kills = 2, .log_bytes = 5555, .log_dropped_bytes = 66,
			      .denied = { 11, 12, 13, 14 }, .events_lost = 7 },
		.usage = {
			.cpu_usage_us = 50000001, .cpu_user_us = 30000000, .cpu_system_us = 20000001,
			.cpu_periods = 1000, .cpu_throttled_periods = 250, .cpu_throttled_us = 4500000,
			.cpu_quota_us = 50000, .cpu_period_us = 100000, .cpu_weight = 100,
			.memory_current_bytes = 30 * MIB, .memory_inactive_file_bytes = 10 * MIB,
			.memory_anon_bytes = 15 * MIB, .memory_file_bytes = 12 * MIB,
			.memory_max_bytes = 64 * MIB, .memory_peak_bytes = 40 * MIB,
			.swap_current_bytes = 4096, .swap_max_bytes = USAGE_NO_LIMIT,
			.memory_max_hits = 9, .oom_kills = 1, .threads = 5, .threads_max = 64, .processes = 3,
			.io_read_bytes = 123456, .io_write_bytes = 789, .io_reads = 12, .io_writes = 3,
			.cpu_pressure = { 1000000, 100 }, .memory_pressure = { 2000000, 200 },
			.io_pressure = { 3000000, 300 },
		},
	};

	*record = (struct record){
		.name = "web",
		.id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		.status = RECORD_RUNNING,
		.created_ns = UINT64_C(1800000000000000000),
		.started_ns = UINT64_C(1800000000500000000),
		.restarts = 4,
		.health = RECORD_HEALTHY,
		.rootfs = "/srv/\"we\\b\"\n\xff",
		.cgroup = "/sys/fs/cgroup/kapsel/web",
		.network = "join",
	};
	return sample;
}

struct sample ended_sample(struct record *record)
{
	struct sample sample = {
		.record = record,
		.taken_us = 10000000,
		.taken_ns = UINT64_C(1800000100500000000),
		.descriptors = USAGE_ABSENT,
	};

	usage_clear(&sample.usage);
	*record = (struct record){
		.name = "job",
		.id = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210",
		.status = RECORD_EXITED,
		.created_ns = UINT64_C(1800000000000000000),
		.started_ns = UINT64_C(1800000000500000000),
		.finished_ns = UINT64_C(1800000040500000000),
		.exit_status = 137,
		.reason = "out of memory: peak 64.0 MiB",
		.rootfs = "/srv/job",
		.network = "none",
	};
	return sample;
}
