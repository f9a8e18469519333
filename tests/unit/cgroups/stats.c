/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/stats_print.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroups/container.h"
#include "fake_group.h"

static const char *const pressure = "some avg10=0.12 avg60=3.45 avg300=67.80 total=901\n"
				    "full avg10=0.00 avg60=0.00 avg300=0.01 total=23\n";
#define PSI                                                                                                  \
	",\"psi\":{\"some\":{\"avg10\":0.12,\"avg60\":3.45,\"avg300\":67.80,\"total\":901},"                 \
	"\"full\":{\"avg10\":0.00,\"avg60\":0.00,\"avg300\":0.01,\"total\":23}}"

static const char *printed(const struct fake_group *group, void (*print)(FILE *, int))
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");

	cr_assert(ne(ptr, out, NULL));
	print(out, group->fd);
	fclose(out);
	return text;
}

Test(stats, count_cpu_time_in_nanoseconds)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();

	fake_group_file(&group, "cpu.stat",
			"usage_usec 123\nuser_usec 100\nsystem_usec 23\nnr_periods 7\nnr_throttled 5\n"
			"throttled_usec 42\nnr_bursts 0\n");
	fake_group_file(&group, "cpu.pressure", pressure);
	cr_assert(eq(str, printed(&group, stats_print_cpu),
		     "\"cpu\":{\"usage\":{\"total\":123000,\"kernel\":23000,\"user\":100000},"
		     "\"throttling\":{\"periods\":7,\"throttledPeriods\":5,\"throttledTime\":42000}" PSI
		     "}"));
}

Test(stats, add_memory_to_swap_as_readers_of_version_1_expect)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();

	fake_group_file(&group, "memory.current", "100\n");
	fake_group_file(&group, "memory.max", "1000\n");
	fake_group_file(&group, "memory.peak", "150\n");
	fake_group_file(&group, "memory.swap.current", "20\n");
	fake_group_file(&group, "memory.swap.max", "500\n");
	fake_group_file(&group, "memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n");
	fake_group_file(&group, "memory.stat", "anon 5\nfile 6\nkernel 7\nsock 8\nweird\" 9\nno_number x\n");
	cr_assert(eq(
		str, printed(&group, stats_print_memory),
		"\"memory\":{\"cache\":6,\"usage\":{\"limit\":1000,\"usage\":100,\"max\":150,\"failcnt\":3},"
		"\"swap\":{\"limit\":1500,\"usage\":120,\"max\":0,\"failcnt\":0},"
		"\"kernel\":{\"limit\":0,\"usage\":7,\"max\":0,\"failcnt\":0},"
		"\"kernelTCP\":{\"limit\":0,\"usage\":8,\"max\":0,\"failcnt\":0},"
		"\"raw\":{\"anon\":5,\"file\":6,\"kernel\":7,\"sock\":8}}"));
	fake_group_file(&group, "memory.max", "max\n");
	cr_assert(ne(
		ptr,
		strstr(printed(&group, stats_print_memory), "\"limit\":18446744073709551615,\"usage\":120"),
		NULL));
}

Test(stats, list_each_device_and_operation)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();

	fake_group_file(&group, "io.stat",
			"8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n"
			"8:0 rbytes=90430464 wios=50\n"
			"7:0\n"
			"unknown line\n");
	cr_assert(eq(str, printed(&group, stats_print_io),
		     "\"blkio\":{\"ioServiceBytesRecursive\":["
		     "{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":1459200},"
		     "{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":314773504},"
		     "{\"major\":8,\"minor\":16,\"op\":\"Discard\",\"value\":0},"
		     "{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":90430464}],"
		     "\"ioServicedRecursive\":["
		     "{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":192},"
		     "{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":353},"
		     "{\"major\":8,\"minor\":16,\"op\":\"Discard\",\"value\":0},"
		     "{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":50}]}"));
}

Test(stats, count_reserved_huge_pages_where_the_kernel_does)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();

	fake_group_file(&group, "hugetlb.2MB.current", "2097152\n");
	fake_group_file(&group, "hugetlb.2MB.rsvd.current", "4194304\n");
	fake_group_file(&group, "hugetlb.2MB.events", "max 9\n");
	fake_group_file(&group, "hugetlb.2MB.max", "max\n");
	cr_assert(eq(str, printed(&group, stats_print_hugetlb),
		     "\"hugetlb\":{\"2MB\":{\"usage\":4194304,\"max\":0,\"failcnt\":9}}"));
}

Test(stats, list_rdma_devices_only_where_there_are_any)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();

	cr_assert(eq(str, printed(&group, stats_print_rdma), ""));
	fake_group_file(&group, "rdma.current", "mlx4_0 hca_handle=2 hca_object=2000\n");
	fake_group_file(&group, "rdma.max", "mlx4_0 hca_handle=3 hca_object=max\n");
	cr_assert(eq(
		str, printed(&group, stats_print_rdma),
		",\"rdma\":{\"current\":[{\"device\":\"mlx4_0\",\"hcaHandles\":2,\"hcaObjects\":2000}],"
		"\"limit\":[{\"device\":\"mlx4_0\",\"hcaHandles\":3,\"hcaObjects\":18446744073709551615}]}"));
}

Test(stats, spell_out_sets_of_cpus)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();

	fake_group_file(&group, "cpuset.cpus", "0-2,8\n");
	fake_group_file(&group, "cpuset.mems", "\n");
	cr_assert(eq(
		str, printed(&group, stats_print_cpuset),
		"\"cpuset\":{\"cpus\":[0,1,2,8],\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"
		"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"
		"\"sched_load_balance\":0,\"sched_relax_domain_level\":0}"));
}

Test(stats, are_one_object_also_where_controllers_are_missing)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	char *text;
	int depth = 0;

	cr_assert(eq(ptr, cgroup_stats_json(group.fd, arena, &err), NULL), "no group, no numbers");
	cr_assert(eq(int, err.code, ENOENT));
	fake_group_file(&group, "cgroup.events", "populated 1\nfrozen 0\n");
	fake_group_file(&group, "cgroup.procs", "17\n4\n17\n");
	text = cgroup_stats_json(group.fd, arena, &err);
	cr_assert(ne(ptr, text, NULL), "%s", err.msg);
	cr_assert(ne(ptr, strstr(text, "\"pids\":{\"current\":2,\"limit\":0}"), NULL), "%s", text);
	for (const char *at = text; *at; at++) {
		depth += (*at == '{') - (*at == '}');
		cr_assert(depth > 0 || at[1] == '\0', "%s", at);
	}
	cr_assert(zero(int, depth));
}
