/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources.cpu: the cpu and cpuset controllers (admin-guide/cgroup-v2.rst "CPU", "Cpuset"). */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/resources.h"
#include "cgroups/text.h"
#include "profiles/oci/oci.h"

enum { CPU_MAX_BYTES = 64 };

static const char key_quota[] = "linux.resources.cpu.quota", key_period[] = "linux.resources.cpu.period",
		  key_burst[] = "linux.resources.cpu.burst";

/*
 * The least, the usual and the greatest number of both scales belong together: 2 and 1, 1024 and 100,
 * 262144 and 10000. In logarithms there is one parabola through these points. Engines compute with it
 * since 2025 (the line that was used before made 39 of the usual 1024).
 */
uint64_t resources_cpu_weight(uint64_t shares)
{
	double l;

	if (shares == 0)
		return 0;
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2((double)shares);
	return (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34) - 1e-9);
}

static int add_weight(struct resources_plan *plan, const struct oci_resources *want)
{
	static const char key[] = "linux.resources.cpu.idle";

	/* cpu.weight can't be written while the group is idle. */
	if (want->cpu_idle != OCI_UNSET &&
	    !resources_add(plan, key, "cpu.idle", CGROUP_CPU, "%" PRIu64, want->cpu_idle))
		return -ENOMEM;
	if (want->cpu_idle == 1 || !resources_is_set(want->cpu_shares))
		return 0;
	return resources_add(plan, "linux.resources.cpu.shares", "cpu.weight", CGROUP_CPU, "%" PRIu64,
			     resources_cpu_weight(want->cpu_shares))
		       ? 0
		       : -ENOMEM;
}

/* The quota that holds now, as text: "max" or microseconds. */
static void read_quota(int fd, char ret[CPU_MAX_BYTES])
{
	if (fd < 0 || text_read(fd, "cpu.max", ret, CPU_MAX_BYTES) <= 0)
		snprintf(ret, CPU_MAX_BYTES, "max");
	ret[strcspn(ret, " ")] = '\0';
}

/* Quota and period stand in one file; a quota alone leaves the period as it is. */
static int add_bandwidth(struct resources_plan *plan, const struct oci_resources *want, const char *now)
{
	const bool quota = resources_is_set(want->cpu_quota), period = resources_is_set(want->cpu_period);
	char value[CPU_MAX_BYTES];

	if (!quota && !period)
		return 0;
	if (!quota)
		snprintf(value, sizeof(value), "%s", now);
	else if (want->cpu_quota == OCI_UNLIMITED)
		snprintf(value, sizeof(value), "max");
	else
		snprintf(value, sizeof(value), "%" PRIu64, want->cpu_quota);
	if (!period)
		return resources_add(plan, key_quota, "cpu.max", CGROUP_CPU, "%s", value) ? 0 : -ENOMEM;
	return resources_add(plan, quota ? key_quota : key_period, "cpu.max", CGROUP_CPU, "%s %" PRIu64,
			     value, want->cpu_period)
		       ? 0
		       : -ENOMEM;
}

static int add_burst(struct resources_plan *plan, const struct oci_resources *want)
{
	struct resources_write *write;

	if (want->cpu_burst == OCI_UNSET)
		return 0;
	write = resources_add(plan, key_burst, "cpu.max.burst", CGROUP_CPU, "%" PRIu64, want->cpu_burst);
	if (!write)
		return -ENOMEM;
	if (want->cpu_burst == 0)
		write->absent = RESOURCES_PASS_OVER; /* since 5.14 */
	return 0;
}

/*
 * The kernel refuses a burst above the quota at any moment, so what is lowered goes first: the
 * burst if the quota of now bears it, otherwise the quota.
 */
static int add_max(struct resources_plan *plan, const struct oci_resources *want, struct error *err)
{
	char now[CPU_MAX_BYTES];
	uint64_t quota_now;
	bool burst_first;
	int r;

	if (want->cpu_burst != OCI_UNSET && resources_is_set(want->cpu_quota) &&
	    want->cpu_quota != OCI_UNLIMITED && want->cpu_burst > want->cpu_quota) {
		error_set(err, EINVAL, "%s: %" PRIu64 " us is more than the quota, %" PRIu64 " us", key_burst,
			  want->cpu_burst, want->cpu_quota);
		return error_remedy(err, "give a burst of at most the quota");
	}
	read_quota(plan->fd, now);
	burst_first = str_to_u64(now, &quota_now) < 0 || want->cpu_burst <= quota_now;
	r = burst_first ? add_burst(plan, want) : 0;
	if (r == 0)
		r = add_bandwidth(plan, want, now);
	if (r == 0 && !burst_first)
		r = add_burst(plan, want);
	return r < 0 ? error_set(err, -r, "linux.resources.cpu") : 0;
}

static int add_set(struct resources_plan *plan, const char *key, const char *file, const char *list)
{
	struct resources_write *write;

	if (!list || !list[0])
		return 0;
	write = resources_add(plan, key, file, CGROUP_CPUSET, "%s", "");
	if (write)
		write->value = list; /* of any length */
	return write ? 0 : -ENOMEM;
}

int resources_cpu_build(struct resources_plan *plan, const struct oci_resources *want, struct error *err)
{
	int r;

	if (want->cpu_idle != OCI_UNSET && want->cpu_idle > 1)
		return error_set(err, EINVAL, "linux.resources.cpu.idle: %" PRIu64 " is neither 0 nor 1",
				 want->cpu_idle);
	r = add_weight(plan, want);
	if (r == 0)
		r = add_set(plan, "linux.resources.cpu.cpus", "cpuset.cpus", want->cpus);
	if (r == 0)
		r = add_set(plan, "linux.resources.cpu.mems", "cpuset.mems", want->mems);
	if (r < 0)
		return error_set(err, -r, "linux.resources.cpu");
	return add_max(plan, want, err);
}
