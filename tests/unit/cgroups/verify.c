/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/verify.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool same(const char *file, const char *wanted, const char *got)
{
	struct cgroup_setting setting = { .file = file };
	snprintf(setting.value, sizeof(setting.value), "%s", wanted);
	return verify_same(&setting, got);
}

Test(verify, knows_that_the_kernel_rounds_memory_to_pages)
{
	char rounded[32];

	snprintf(rounded, sizeof(rounded), "%ld", sysconf(_SC_PAGESIZE));
	cr_assert(same("memory.max", "67108864", "67108864"));
	cr_assert(same("memory.high", "67108864", "67108864"));
	cr_assert(not(same("memory.max", "67108864", "67108865")));
	cr_assert(not(same("memory.max", "67108864", "max")));
	cr_assert(not(same("memory.max", "67108864", "")));
	snprintf(rounded, sizeof(rounded), "%ld", 2 * sysconf(_SC_PAGESIZE) + 5);
	cr_assert(not(same("memory.max", rounded, rounded)));
	cr_assert(same("memory.swap.max", "5", "0"));
	cr_assert(same("memory.swap.max", "0", "0"));
	cr_assert(same("memory.max", "9223372036854775807", "max"));
}

Test(verify, asks_for_the_cpus_that_are_in_effect)
{
	const struct cgroup_setting setting = { .file = "cpuset.cpus", .value = "0-3" };

	cr_assert(eq(str, (char *)(uintptr_t)verify_file(&setting), "cpuset.cpus.effective"));
	cr_assert(same("cpuset.cpus", "0-3", "0-3"));
	cr_assert(same("cpuset.cpus", "0,1,2,3", "0-1"));  /* the machine has two */
	cr_assert(not(same("cpuset.cpus", "4-5", "0-1"))); /* the parent's instead of ours */
	cr_assert(not(same("cpuset.cpus", "0", "0-1")));
	cr_assert(not(same("cpuset.cpus", "0", "")));
}

Test(verify, finds_the_device_in_io_max)
{
	const char *got = "18:0 rbps=7 wbps=7 riops=7 wiops=7\n8:0 rbps=5 wbps=max riops=max wiops=20\n";

	cr_assert(same("io.max", "8:0 rbps=5 wiops=20", got));
	cr_assert(same("io.max", "18:0 wbps=7", got));
	cr_assert(not(same("io.max", "8:0 rbps=50", got)));
	cr_assert(not(same("io.max", "8:0 rbps=7", got)));
	cr_assert(not(same("io.max", "8:0 wbps=5", got)));
	cr_assert(not(same("io.max", "8:1 rbps=5", got)));
	cr_assert(not(same("io.max", "8:0 rbps=5", "")));
}

Test(verify, compares_the_rest_as_text)
{
	cr_assert(same("cpu.max", "50000 100000", "50000 100000"));
	cr_assert(not(same("cpu.max", "50000 100000", "max 100000")));
	cr_assert(same("pids.max", "16", "16"));
	cr_assert(not(same("pids.max", "16", "160")));
	cr_assert(same("memory.oom.group", "1", "1"));
	cr_assert(not(same("memory.oom.group", "1", "0")));
}
