/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/usage.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/base/scratch.h"

static struct usage read_all(const struct scratch *group)
{
	struct usage usage;

	usage_read(group->fd, USAGE_ALL, &usage);
	return usage;
}

Test(usage, is_absent_where_there_are_no_files)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	const struct usage usage = read_all(&group);
	const uint64_t *numbers = (const uint64_t *)&usage;

	for (size_t i = 0; i < sizeof(usage) / sizeof(*numbers); i++)
		cr_assert(eq(u64, numbers[i], USAGE_ABSENT), "number %zu", i);
	cr_assert(eq(u64, usage_working_set(&usage), USAGE_ABSENT));
}

Test(usage, of_the_processor_has_what_the_kernel_counts)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(
		&group, "cpu.stat",
		"usage_usec 30\nuser_usec 20\nsystem_usec 10\nnice_usec 1\ncore_sched.force_idle_usec 0\n"
		"nr_periods 5\nnr_throttled 3\nthrottled_usec 700\nnr_bursts 0\nburst_usec 0\n");
	scratch_file(&group, "cpu.max", "25000 100000\n");
	scratch_file(&group, "cpu.weight", "100\n");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.cpu_usage_us, 30));
	cr_assert(eq(u64, usage.cpu_user_us, 20));
	cr_assert(eq(u64, usage.cpu_system_us, 10));
	cr_assert(eq(u64, usage.cpu_periods, 5));
	cr_assert(eq(u64, usage.cpu_throttled_periods, 3));
	cr_assert(eq(u64, usage.cpu_throttled_us, 700));
	cr_assert(eq(u64, usage.cpu_quota_us, 25000));
	cr_assert(eq(u64, usage.cpu_period_us, 100000));
	cr_assert(eq(u64, usage.cpu_weight, 100));
}

Test(usage, has_no_periods_without_the_cpu_controller)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(&group, "cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\n");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.cpu_usage_us, 30));
	cr_assert(eq(u64, usage.cpu_periods, USAGE_ABSENT));
	cr_assert(eq(u64, usage.cpu_quota_us, USAGE_ABSENT));
}

Test(usage, of_memory_takes_whole_words_only)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(&group, "memory.current", "1000\n");
	scratch_file(&group, "memory.max", "max\n");
	scratch_file(&group, "memory.peak", "2000\n");
	scratch_file(&group, "memory.swap.current", "5\n");
	scratch_file(&group, "memory.swap.max", "0\n");
	scratch_file(&group, "memory.stat",
		     "anon_thp 7\nanon 400\nfile 300\nfile_mapped 9\nactive_file 50\ninactive_file 250\n");
	scratch_file(&group, "memory.events", "low 0\nhigh 0\nmax 17\noom 2\noom_kill 1\noom_group_kill 4\n");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.memory_current_bytes, 1000));
	cr_assert(eq(u64, usage.memory_max_bytes, USAGE_NO_LIMIT));
	cr_assert(eq(u64, usage.memory_peak_bytes, 2000));
	cr_assert(eq(u64, usage.memory_anon_bytes, 400));
	cr_assert(eq(u64, usage.memory_file_bytes, 300));
	cr_assert(eq(u64, usage.memory_inactive_file_bytes, 250));
	cr_assert(eq(u64, usage.swap_current_bytes, 5));
	cr_assert(eq(u64, usage.swap_max_bytes, 0));
	cr_assert(eq(u64, usage.memory_max_hits, 17));
	cr_assert(eq(u64, usage.oom_kills, 1));
	cr_assert(eq(u64, usage_working_set(&usage), 750));
}

Test(usage, never_has_a_working_set_below_nothing)
{
	struct usage usage;

	usage_clear(&usage);
	usage.memory_current_bytes = 100;
	usage.memory_inactive_file_bytes = 101; /* read a moment later */
	cr_assert(eq(u64, usage_working_set(&usage), 0));
	usage.memory_inactive_file_bytes = USAGE_ABSENT;
	cr_assert(eq(u64, usage_working_set(&usage), 100));
}

Test(usage, counts_threads_itself_without_the_pids_controller)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(&group, "cgroup.procs", "10\n20\n");
	scratch_file(&group, "cgroup.threads", "10\n11\n20\n");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.threads, 3));
	cr_assert(eq(u64, usage.threads_max, USAGE_ABSENT));
	cr_assert(eq(u64, usage.processes, 2));
	scratch_file(&group, "pids.current", "4\n");
	scratch_file(&group, "pids.max", "16\n");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.threads, 4));
	cr_assert(eq(u64, usage.threads_max, 16));
}

Test(usage, counts_all_lines_of_a_large_group)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	char *text = malloc(100 * 1000);
	struct usage usage;
	size_t used = 0;

	for (int i = 0; i < 10000; i++)
		used += (size_t)sprintf(text + used, "%d\n", 100000 + i);
	scratch_file(&group, "cgroup.procs", text);
	free(text);
	usage = read_all(&group);
	cr_assert(eq(u64, usage.processes, 10000));
}

Test(usage, of_devices_is_their_sum)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(&group, "io.stat",
		     "254:0 rbytes=100 wbytes=20 rios=3 wios=4 dbytes=0 dios=0\n"
		     "7:1\n8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.io_read_bytes, 101));
	cr_assert(eq(u64, usage.io_write_bytes, 22));
	cr_assert(eq(u64, usage.io_reads, 6));
	cr_assert(eq(u64, usage.io_writes, 8));
}

Test(usage, of_devices_that_were_never_used_is_zero)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(&group, "io.stat", "");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.io_read_bytes, 0));
	cr_assert(eq(u64, usage.io_writes, 0));
}

Test(usage, of_pressure_keeps_some_and_full_apart)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(&group, "cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=11\n");
	scratch_file(&group, "memory.pressure",
		     "some avg10=0.00 avg60=0.00 avg300=0.00 total=22\n"
		     "full avg10=0.00 avg60=0.00 avg300=0.00 total=33\n");
	scratch_file(&group, "io.pressure", "some avg10=0.00\nfull avg10=0.00 total=44\n");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.cpu_pressure.some_us, 11));
	cr_assert(eq(u64, usage.cpu_pressure.full_us, USAGE_ABSENT));
	cr_assert(eq(u64, usage.memory_pressure.some_us, 22));
	cr_assert(eq(u64, usage.memory_pressure.full_us, 33));
	cr_assert(eq(u64, usage.io_pressure.some_us, USAGE_ABSENT));
	cr_assert(eq(u64, usage.io_pressure.full_us, 44));
}

Test(usage, reads_only_the_parts_that_are_asked_for)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(&group, "cpu.stat", "usage_usec 30\n");
	scratch_file(&group, "pids.current", "4\n");
	usage_read(group.fd, USAGE_PIDS, &usage);
	cr_assert(eq(u64, usage.threads, 4));
	cr_assert(eq(u64, usage.cpu_usage_us, USAGE_ABSENT));
}

Test(usage, takes_no_number_from_nonsense)
{
	_cleanup_scratch_ struct scratch group = scratch_new();
	struct usage usage;

	scratch_file(&group, "memory.current", "12x\n");
	scratch_file(&group, "pids.current", "-1\n");
	scratch_file(&group, "cpu.stat", "usage_usec\nuser_usec \n");
	scratch_file(&group, "cpu.max", "max\n");
	usage = read_all(&group);
	cr_assert(eq(u64, usage.memory_current_bytes, USAGE_ABSENT));
	cr_assert(eq(u64, usage.threads, USAGE_ABSENT));
	cr_assert(eq(u64, usage.cpu_usage_us, USAGE_ABSENT));
	cr_assert(eq(u64, usage.cpu_user_us, USAGE_ABSENT));
	cr_assert(eq(u64, usage.cpu_quota_us, USAGE_NO_LIMIT));
	cr_assert(eq(u64, usage.cpu_period_us, USAGE_ABSENT));
}
