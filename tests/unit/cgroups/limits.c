/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/macro.h"
#include "cgroups/cgroup.h"
#include "cgroups/cpulist.h"
#include "profiles/spec.h"

#define UNLIMITED                                                                                            \
	.memory_bytes = SPEC_UNLIMITED, .memory_high_bytes = SPEC_UNLIMITED, .swap_bytes = SPEC_UNLIMITED,   \
	.pids = SPEC_UNLIMITED, .cpu_weight = 100

/* "file=value" of all settings behind the two that are always there. */
static void flatten(const struct cgroup_limits *limits, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 2; i < limits->n; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s=%s", i > 2 ? ";" : "",
					 limits->items[i].file, limits->items[i].value);
}

struct row {
	const char *name;
	struct spec_limits limits;
	const char *expected;
	unsigned int controllers;
};

static const struct spec_io_limit disks[] = {
	{ "8:0", 1048576, SPEC_UNSET, SPEC_UNLIMITED, 200 },
	{ "8:16", SPEC_UNSET, 5, 6, SPEC_UNSET },
};
static const struct spec_io_limit open_disk[] = {
	{ "8:0", SPEC_UNSET, SPEC_UNSET, SPEC_UNLIMITED, SPEC_UNSET },
};

static const struct row rows[] = {
	{ "nothing", { UNLIMITED }, "", 0 },
	{ "unset",
	  { .memory_bytes = SPEC_UNSET,
	    .memory_high_bytes = SPEC_UNSET,
	    .swap_bytes = SPEC_UNSET,
	    .pids = SPEC_UNSET },
	  "",
	  0 },
	{ "memory",
	  { .memory_bytes = 67108864,
	    .memory_high_bytes = 60397977,
	    .swap_bytes = 0,
	    .pids = SPEC_UNLIMITED,
	    .cpu_weight = 100 },
	  "memory.swap.max=0;memory.oom.group=1;memory.max=67108864;memory.high=60397977",
	  CGROUP_MEMORY },
	{ "no oom group where memory is unlimited",
	  { .memory_bytes = SPEC_UNLIMITED,
	    .memory_high_bytes = 4096,
	    .swap_bytes = SPEC_UNSET,
	    .pids = SPEC_UNSET },
	  "memory.high=4096",
	  CGROUP_MEMORY },
	{ "half a core",
	  { .memory_bytes = SPEC_UNSET,
	    .memory_high_bytes = SPEC_UNSET,
	    .swap_bytes = SPEC_UNSET,
	    .pids = SPEC_UNSET,
	    .cpu_cores = 0.5,
	    .cpu_weight = 50 },
	  "cpu.max=50000 100000;cpu.weight=50",
	  CGROUP_CPU },
	{ "least cpu",
	  { .memory_bytes = SPEC_UNSET,
	    .memory_high_bytes = SPEC_UNSET,
	    .swap_bytes = SPEC_UNSET,
	    .pids = SPEC_UNSET,
	    .cpu_cores = 0.01 },
	  "cpu.max=1000 100000",
	  CGROUP_CPU },
	{ "cpus",
	  { .memory_bytes = SPEC_UNSET,
	    .memory_high_bytes = SPEC_UNSET,
	    .swap_bytes = SPEC_UNSET,
	    .pids = SPEC_UNSET,
	    .cpus = "0-1,3" },
	  "cpuset.cpus=0-1,3",
	  CGROUP_CPUSET },
	{ "pids",
	  { .memory_bytes = SPEC_UNSET,
	    .memory_high_bytes = SPEC_UNSET,
	    .swap_bytes = SPEC_UNSET,
	    .pids = 16 },
	  "pids.max=16",
	  CGROUP_PIDS },
	{ "io",
	  { .memory_bytes = SPEC_UNSET,
	    .memory_high_bytes = SPEC_UNSET,
	    .swap_bytes = SPEC_UNSET,
	    .pids = SPEC_UNSET,
	    .io = disks,
	    .n_io = 2 },
	  "io.max=8:0 rbps=1048576 wiops=200;io.max=8:16 wbps=5 riops=6",
	  CGROUP_IO },
	{ "io without a number",
	  { .memory_bytes = SPEC_UNSET,
	    .memory_high_bytes = SPEC_UNSET,
	    .swap_bytes = SPEC_UNSET,
	    .pids = SPEC_UNSET,
	    .io = open_disk,
	    .n_io = 1 },
	  "",
	  0 },
};

Test(limits, turns_every_key_into_its_file)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct spec spec = { .limits = rows[i].limits };
		struct cgroup_limits limits;
		struct error err = { 0 };
		char text[1024];

		cr_assert(zero(int, cgroup_limits_build(&spec, &limits, &err)), "%s: %s", rows[i].name,
			  err.msg);
		flatten(&limits, text, sizeof(text));
		cr_assert(eq(str, text, (char *)(uintptr_t)rows[i].expected), "%s", rows[i].name);
		cr_assert(eq(uint, limits.controllers, rows[i].controllers), "%s", rows[i].name);
	}
}

Test(limits, forbids_groups_below_always)
{
	const struct spec spec = { .limits = { UNLIMITED } };
	struct cgroup_limits limits;

	cr_assert(zero(int, cgroup_limits_build(&spec, &limits, NULL)));
	cr_assert(eq(sz, limits.n, 2));
	cr_assert(eq(str, (char *)(uintptr_t)limits.items[0].file, "cgroup.max.depth"));
	cr_assert(eq(str, limits.items[0].value, "0"));
	cr_assert(eq(str, (char *)(uintptr_t)limits.items[1].file, "cgroup.max.descendants"));
	cr_assert(eq(str, limits.items[1].value, "0"));
}

Test(limits, names_the_profile_key_of_each_setting)
{
	const struct spec spec = { .limits = { .memory_bytes = 1 << 20,
					       .memory_high_bytes = SPEC_UNSET,
					       .swap_bytes = 0,
					       .pids = SPEC_UNSET } };
	struct cgroup_limits limits;

	cr_assert(zero(int, cgroup_limits_build(&spec, &limits, NULL)));
	cr_assert(eq(str, (char *)(uintptr_t)limits.items[2].key, "limits.swap"));
	cr_assert(limits.items[2].optional);
	cr_assert(eq(str, (char *)(uintptr_t)limits.items[4].key, "limits.memory"));
	cr_assert(not(limits.items[4].optional));
}

static int build_cpu(double cores, struct error *err)
{
	const struct spec spec = { .limits = { UNLIMITED, .cpu_cores = cores } };
	struct cgroup_limits limits;

	return cgroup_limits_build(&spec, &limits, err);
}

Test(limits, refuses_a_cpu_share_that_the_kernel_can_not_enforce)
{
	struct error err = { 0 };

	cr_assert(eq(int, build_cpu(0.004, &err), -ERANGE));
	cr_assert(eq(str, err.msg, "limits.cpu: 0.004 cores is less than the kernel can limit to"));
	cr_assert(eq(str, err.remedy, "the least is 0.01"));
	cr_assert(eq(int, build_cpu(-1, &err), -ERANGE));
	cr_assert(eq(int, build_cpu(NAN, &err), -ERANGE));
	cr_assert(eq(int, build_cpu(INFINITY, &err), -ERANGE));
	cr_assert(zero(int, build_cpu(4096, &err)));
}

static int build_io(const char *device, struct error *err)
{
	const struct spec_io_limit io = { device, 1, SPEC_UNSET, SPEC_UNSET, SPEC_UNSET };
	const struct spec spec = { .limits = { UNLIMITED, .io = &io, .n_io = 1 } };
	struct cgroup_limits limits;

	return cgroup_limits_build(&spec, &limits, err);
}

Test(limits, refuses_what_is_not_a_block_device)
{
	const char *const bad[] = { "8", "8:", ":0", "8:0x", "sda", "-8:0", "99999999999999:0", "" };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, build_io(bad[i], &err), -EINVAL), "%s", bad[i]);
	cr_assert(eq(int, build_io("/dev/null", &err), -ENOTBLK));
	cr_assert(eq(str, err.msg, "limits.io: /dev/null isn't a block device"));
	cr_assert(eq(int, build_io("/dev/no-such-disk", &err), -ENOENT));
	cr_assert(eq(str, err.msg, "limits.io: look at /dev/no-such-disk"));
}

Test(limits, refuses_more_devices_than_there_is_room_for)
{
	struct spec_io_limit io[CGROUP_SETTINGS_MAX];
	const struct spec spec = { .limits = { UNLIMITED, .io = io, .n_io = CGROUP_SETTINGS_MAX } };
	struct cgroup_limits limits;

	for (size_t i = 0; i < ARRAY_SIZE(io); i++)
		io[i] = (struct spec_io_limit){ "8:0", 1, 2, 3, 4 };
	cr_assert(eq(int, cgroup_limits_build(&spec, &limits, NULL), -E2BIG));
}

static int build_cpus(const char *cpus, struct error *err)
{
	const struct spec spec = { .limits = { UNLIMITED, .cpus = cpus } };
	struct cgroup_limits limits;

	return cgroup_limits_build(&spec, &limits, err);
}

Test(limits, refuses_a_cpu_list_of_another_form)
{
	const char *const bad[] = { "",   "a",  "0-",  "-1",  "1-0",   "0,,1",
				    "0,", ",0", "0 1", "0:1", "0-3/2", "\n" };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, build_cpus(bad[i], &err), -EINVAL), "\"%s\"", bad[i]);
	cr_assert(eq(int, build_cpus("0-1000000000", &err), -ERANGE));
	cr_assert(eq(int, build_cpus("8192", &err), -ERANGE));
	cr_assert(zero(int, build_cpus("8191", &err)));
}

Test(cpulist, compares_sets_and_not_texts)
{
	struct cpulist a, b;

	cr_assert(zero(int, cpulist_parse("0,1,2,64", &a)));
	cr_assert(zero(int, cpulist_parse("64,0-2\n", &b)));
	cr_assert(cpulist_is_within(&a, &b));
	cr_assert(cpulist_is_within(&b, &a));
	cr_assert(zero(int, cpulist_parse("0-1", &b)));
	cr_assert(cpulist_is_within(&b, &a));
	cr_assert(not(cpulist_is_within(&a, &b)));
	cr_assert(zero(int, cpulist_parse("", &b)));
	cr_assert(cpulist_is_empty(&b));
	cr_assert(not(cpulist_is_empty(&a)));
}
