/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/resources.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "cgroups/container.h"
#include "fake_group.h"
#include "oci_unset.h"

#define RESOURCES(...) ((struct oci_resources){ OCI_RESOURCES_UNSET, __VA_ARGS__ })

/* The writes as "file=value file=value" in order. Return: a static buffer. */
static const char *writes(int fd, struct oci_resources want)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct resources_plan plan = { .arena = arena, .fd = fd };
	static char text[2048];
	struct error err = { 0 };
	size_t used = 0;

	cr_assert(zero(int, resources_build(&plan, &want, &err)), "%s", err.msg);
	text[0] = '\0';
	for (size_t i = 0; i < plan.n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s=%s", used ? "; " : "",
					 plan.items[i].file, plan.items[i].value);
	return text;
}

static void refused(struct oci_resources want, int code, const char *word)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct resources_plan plan = { .arena = arena, .fd = -1 };
	struct error err = { 0 };

	cr_assert(eq(int, resources_build(&plan, &want, &err), -code), "%s: %s", word, err.msg);
	cr_assert(ne(ptr, strstr(err.msg, word), NULL), "%s", err.msg);
	cr_assert(ne(str, err.remedy, ""), "%s", err.msg);
}

#define WRITES(expected, ...) cr_assert(eq(str, writes(-1, RESOURCES(__VA_ARGS__)), expected))

Test(resources, need_nothing_when_nothing_is_given)
{
	const struct oci_resources none = { OCI_RESOURCES_UNSET };

	cr_assert(eq(str, writes(-1, none), ""));
	cr_assert(zero(uint, cgroup_resources_controllers(&none)));
}

Test(resources, take_the_zeros_of_an_engines_update_as_not_given)
{
	WRITES("", .memory_limit = 0, .memory_reservation = 0, .memory_swap = 0, .memory_kernel = 0,
	       .memory_kernel_tcp = 0, .cpu_shares = 0, .cpu_quota = 0, .cpu_period = 0, .cpu_rt_runtime = 0,
	       .cpu_rt_period = 0, .cpus = "", .mems = "", .io_weight = 0);
}

Test(resources, subtract_memory_from_the_swap_of_version_1)
{
	WRITES("memory.swap.max=1000; memory.max=2000", .memory_limit = 2000, .memory_swap = 3000);
	WRITES("memory.swap.max=0; memory.max=2000", .memory_limit = 2000, .memory_swap = 2000);
	WRITES("memory.swap.max=max; memory.max=2000", .memory_limit = 2000, .memory_swap = OCI_UNLIMITED);
	WRITES("memory.swap.max=max", .memory_swap = OCI_UNLIMITED);
	WRITES("memory.swap.max=max; memory.max=max", .memory_limit = OCI_UNLIMITED);
	WRITES("memory.swap.max=5; memory.max=max", .memory_limit = OCI_UNLIMITED, .memory_swap = 5);
	WRITES("memory.max=2000; memory.low=1000", .memory_limit = 2000, .memory_reservation = 1000);
	WRITES("memory.low=max", .memory_reservation = OCI_UNLIMITED);
	refused(RESOURCES(.memory_swap = 3000), EINVAL, "memory.swap");
	refused(RESOURCES(.memory_limit = 2000, .memory_swap = 1999), EINVAL, "memory.swap");
}

Test(resources, subtract_the_limit_that_holds_when_an_update_gives_the_swap_alone)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();

	fake_group_file(&group, "memory.max", "4096\n");
	cr_assert(eq(str, writes(group.fd, RESOURCES(.memory_swap = 5096)), "memory.swap.max=1000"));
}

Test(resources, refuse_a_limit_below_the_usage_where_asked_to_look)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();
	_cleanup_arena_ struct arena *arena = arena_new();
	struct resources_plan plan = { .arena = arena, .fd = group.fd };
	struct oci_resources want = RESOURCES(.memory_limit = 8192, .check_before_update = true);
	struct error err = { 0 };

	fake_group_file(&group, "memory.current", "8192\n");
	cr_assert(eq(int, resources_build(&plan, &want, &err), -EBUSY));
	cr_assert(ne(ptr, strstr(err.remedy, "checkBeforeUpdate"), NULL));
	want.check_before_update = false;
	cr_assert(zero(int, resources_build(&plan, &want, &err)));
	want = RESOURCES(.memory_limit = 8193, .memory_swap = 9000, .check_before_update = true);
	cr_assert(zero(int, resources_build(&plan, &want, &err)));
	fake_group_file(&group, "memory.swap.current", "1000\n");
	cr_assert(eq(int, resources_build(&plan, &want, &err), -EBUSY), "memory and swap together");
}

Test(resources, turn_shares_into_weights_by_the_curve_of_the_other_runtimes)
{
	static const uint64_t rows[][2] = { { 0, 0 },          { 1, 1 },          { 2, 1 },
					    { 3, 2 },          { 102, 17 },       { 512, 59 },
					    { 1000, 99 },      { 1024, 100 },     { 2048, 174 },
					    { 262143, 10000 }, { 262144, 10000 }, { 999999, 10000 } };
	uint64_t last = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert(eq(u64, resources_cpu_weight(rows[i][0]), rows[i][1]), "%lu", rows[i][0]);
	for (uint64_t shares = 1; shares < 262144; shares++) {
		uint64_t weight = resources_cpu_weight(shares);

		cr_assert(weight >= last && weight <= 10000, "%lu", shares);
		last = weight;
	}
	WRITES("cpu.weight=100", .cpu_shares = 1024);
}

Test(resources, write_an_idle_group_no_weight)
{
	WRITES("cpu.idle=1", .cpu_idle = 1, .cpu_shares = 1024);
	WRITES("cpu.idle=0; cpu.weight=100", .cpu_idle = 0, .cpu_shares = 1024);
	refused(RESOURCES(.cpu_idle = 1, .swappiness = 60), EOPNOTSUPP, "swappiness");
}

Test(resources, keep_of_quota_and_period_what_is_not_given)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();

	WRITES("cpu.max=50000 200000", .cpu_quota = 50000, .cpu_period = 200000);
	WRITES("cpu.max=50000", .cpu_quota = 50000);
	WRITES("cpu.max=max", .cpu_quota = OCI_UNLIMITED);
	WRITES("cpu.max=max 200000", .cpu_quota = OCI_UNLIMITED, .cpu_period = 200000);
	WRITES("cpu.max=max 200000", .cpu_period = 200000);
	fake_group_file(&group, "cpu.max", "30000 100000\n");
	cr_assert(eq(str, writes(group.fd, RESOURCES(.cpu_period = 200000)), "cpu.max=30000 200000"));
}

Test(resources, change_burst_and_quota_in_the_order_that_the_kernel_takes)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();
	const struct oci_resources want = RESOURCES(.cpu_quota = 60000, .cpu_burst = 50000);

	fake_group_file(&group, "cpu.max", "20000 100000\n");
	cr_assert(eq(str, writes(group.fd, want), "cpu.max=60000; cpu.max.burst=50000"));
	fake_group_file(&group, "cpu.max", "90000 100000\n");
	cr_assert(eq(str, writes(group.fd, want), "cpu.max.burst=50000; cpu.max=60000"));
	WRITES("cpu.max.burst=0", .cpu_burst = 0);
	refused(RESOURCES(.cpu_quota = 1000, .cpu_burst = 1001), EINVAL, "cpu.burst");
}

Test(resources, write_pids_literally_and_minus_one_as_max)
{
	WRITES("pids.max=max", .pids_given = true, .pids_limit = -1);
	WRITES("pids.max=0", .pids_given = true, .pids_limit = 0);
	WRITES("pids.max=32771", .pids_given = true, .pids_limit = 32771);
	WRITES("", .pids_limit = 5);
}

Test(resources, convert_io_weights_and_take_bfq_where_it_is)
{
	const struct oci_weight_device devices[] = { { 8, 0, 1000, OCI_UNSET }, { 8, 16, OCI_UNSET, 300 } };
	_cleanup_fake_ struct fake_group group = fake_group_new();
	const struct oci_resources want =
		RESOURCES(.io_weight = 500, .io_weight_devices = devices, .n_io_weight_devices = 2);

	cr_assert(eq(u64, resources_io_weight(10), 1));
	cr_assert(eq(u64, resources_io_weight(1000), 10000));
	cr_assert(eq(str, writes(group.fd, want), "io.weight=4950; io.weight=8:0 10000"));
	fake_group_file(&group, "io.bfq.weight", "default 100\n");
	cr_assert(eq(str, writes(group.fd, want), "io.bfq.weight=500; io.bfq.weight=8:0 1000"));
	refused(RESOURCES(.io_weight = 9), ERANGE, "blockIO.weight");
	refused(RESOURCES(.io_weight = 1001), ERANGE, "blockIO.weight");
}

Test(resources, throttle_devices)
{
	const struct oci_throttle read[] = { { 8, 0, 600 }, { 8, 16, 0 } }, write[] = { { 8, 16, 300 } };

	WRITES("io.max=8:0 rbps=600; io.max=8:16 rbps=max; io.max=8:16 wiops=300", .read_bps = { read, 2 },
	       .write_iops = { write, 1 });
	WRITES("io.max=8:16 wbps=300; io.max=8:0 riops=600; io.max=8:16 riops=max", .write_bps = { write, 1 },
	       .read_iops = { read, 2 });
}

Test(resources, limit_huge_pages_when_touched_and_when_reserved)
{
	const struct oci_hugepage_limit pages[] = { { "2MB", 209715200 } }, evil[] = { { "../x", 1 } };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct resources_plan plan = { .arena = arena, .fd = -1 };
	const struct oci_resources want = RESOURCES(.hugepages = evil, .n_hugepages = 1);

	WRITES("hugetlb.2MB.max=209715200; hugetlb.2MB.rsvd.max=209715200", .hugepages = pages,
	       .n_hugepages = 1);
	cr_assert(eq(int, resources_build(&plan, &want, NULL), -EINVAL));
}

Test(resources, limit_rdma)
{
	const struct oci_rdma_limit rdma[] = { { "mlx5_1", 3, 10000 }, { "rxe3", OCI_UNSET, OCI_UNLIMITED } };

	WRITES("rdma.max=mlx5_1 hca_handle=3 hca_object=10000; rdma.max=rxe3 hca_object=max", .rdma = rdma,
	       .n_rdma = 2);
}

Test(resources, write_unified_files_last_and_as_they_are)
{
	const struct spec_pair pairs[] = { { "memory.high", "1G" }, { "newcontroller.max", "x y" } };
	const struct spec_pair outside[] = { { "../memory.max", "1" } }, nameless[] = { { "", "1" } },
			       hidden[] = { { ".", "1" } };
	const struct oci_resources want = RESOURCES(.unified = { pairs, 2 }, .memory_limit = 5);

	cr_assert(eq(str, writes(-1, want), "memory.max=5; memory.high=1G; newcontroller.max=x y"));
	cr_assert(eq(uint, cgroup_resources_controllers(&want), CGROUP_MEMORY));
	refused(RESOURCES(.unified = { outside, 1 }), EINVAL, "unified");
	refused(RESOURCES(.unified = { nameless, 1 }), EINVAL, "unified");
	refused(RESOURCES(.unified = { hidden, 1 }), EINVAL, "unified");
}

Test(resources, refuse_what_version_2_has_nothing_like)
{
	refused(RESOURCES(.swappiness = 0), EOPNOTSUPP, "memory.swappiness");
	refused(RESOURCES(.disable_oom_killer = true), EOPNOTSUPP, "memory.disableOOMKiller");
	refused(RESOURCES(.cpu_rt_runtime = 950000), EOPNOTSUPP, "cpu.realtimeRuntime");
	refused(RESOURCES(.cpu_rt_period = 1000000), EOPNOTSUPP, "cpu.realtimePeriod");
	refused(RESOURCES(.network_given = true, .network_class = 1048577), EOPNOTSUPP, "network");
	refused(RESOURCES(.network_given = true), EOPNOTSUPP, "network");
	WRITES("", .network_given = true, .network_class = 0);
	WRITES("", .memory_kernel = 4096, .memory_kernel_tcp = OCI_UNLIMITED, .use_hierarchy = true);
}

Test(resources, name_the_controllers_that_they_need)
{
	const struct oci_hugepage_limit pages[] = { { "2MB", 0 } };
	const struct oci_rdma_limit rdma[] = { { "mlx5_1", 3, OCI_UNSET } };
	const struct spec_pair pairs[] = { { "misc.max", "x 1" }, { "cgroup.max.depth", "3" } };
	const struct oci_throttle throttle[] = { { 8, 0, 1 } };
	const struct oci_resources all =
		RESOURCES(.memory_reservation = 5, .cpus = "0", .cpu_idle = 0, .pids_given = true,
			  .read_bps = { throttle, 1 }, .hugepages = pages, .n_hugepages = 1, .rdma = rdma,
			  .n_rdma = 1, .unified = { pairs, 2 });
	const struct oci_resources swap = RESOURCES(.memory_swap = 3000);

	cr_assert(eq(uint, cgroup_resources_controllers(&all),
		     CGROUP_MEMORY | CGROUP_CPU | CGROUP_CPUSET | CGROUP_PIDS | CGROUP_IO | CGROUP_HUGETLB |
			     CGROUP_RDMA | CGROUP_MISC));
	cr_assert(eq(uint, cgroup_resources_controllers(&swap), CGROUP_MEMORY), "a mistake needs it, too");
}

/* --- the writing ---------------------------------------------------------------- */

static struct fake_group with_controllers(void)
{
	struct fake_group group = fake_group_new();

	fake_group_file(&group, "cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n");
	return group;
}

Test(resources_apply, writes_the_values)
{
	_cleanup_fake_ struct fake_group group = with_controllers();
	const struct oci_resources want =
		RESOURCES(.memory_limit = 123456, .pids_given = true, .pids_limit = 20);
	struct error err = { 0 };

	fake_group_file(&group, "memory.max", "");
	fake_group_file(&group, "pids.max", "");
	cr_assert(zero(int, cgroup_resources_apply(group.fd, &want, false, &err)), "%s", err.msg);
	cr_assert(eq(str, fake_group_text(&group, "memory.max"), "123456"));
	cr_assert(eq(str, fake_group_text(&group, "pids.max"), "20"));
}

Test(resources_apply, writes_nothing_when_a_controller_is_missing)
{
	_cleanup_fake_ struct fake_group group = fake_group_new();
	const struct oci_resources want = RESOURCES(.memory_limit = 1, .pids_given = true, .pids_limit = 20);
	struct error err = { 0 };

	fake_group_file(&group, "cgroup.controllers", "memory\n");
	fake_group_file(&group, "memory.max", "max\n");
	cr_assert(eq(int, cgroup_resources_apply(group.fd, &want, true, &err), -EOPNOTSUPP));
	cr_assert(ne(ptr, strstr(err.msg, "linux.resources.pids"), NULL), "%s", err.msg);
	cr_assert(eq(ptr, strstr(err.msg, "linux.resources.memory"), NULL), "%s", err.msg);
	cr_assert(eq(str, fake_group_text(&group, "memory.max"), "max\n"));
}

Test(resources_apply, takes_an_update_back_when_a_later_write_fails)
{
	_cleanup_fake_ struct fake_group group = with_controllers();
	const struct spec_pair pairs[] = { { "memory.oom.group", "1" }, { "memory.newest", "1" } };
	const struct oci_throttle read[] = { { 8, 0, 600 }, { 8, 16, 700 } };
	const struct oci_resources want =
		RESOURCES(.memory_limit = 2222, .pids_given = true, .pids_limit = 33,
			  .read_bps = { &read[1], 1 }, .unified = { pairs, 2 });
	struct error err = { 0 };

	/* A plain file keeps what a shorter write leaves: the same lengths show each write alone. */
	fake_group_file(&group, "memory.max", "1111");
	fake_group_file(&group, "pids.max", "44");
	fake_group_file(&group, "memory.oom.group", "0");
	fake_group_file(&group, "io.max", "8:16 rbps=123");
	cr_assert(eq(int, cgroup_resources_apply(group.fd, &want, true, &err), -ENOENT));
	cr_assert(ne(ptr, strstr(err.msg, "memory.newest"), NULL), "%s", err.msg);
	cr_assert(eq(str, fake_group_text(&group, "memory.max"), "1111"));
	cr_assert(eq(str, fake_group_text(&group, "pids.max"), "44"));
	cr_assert(eq(str, fake_group_text(&group, "memory.oom.group"), "0"));
	cr_assert(eq(str, fake_group_text(&group, "io.max"), "8:16 rbps=123"));
	/* The same without an update: the group is thrown away then. */
	cr_assert(eq(int, cgroup_resources_apply(group.fd, &want, false, &err), -ENOENT));
	cr_assert(eq(str, fake_group_text(&group, "memory.max"), "2222"));
}

Test(resources_apply, changes_nothing_when_the_values_are_wrong)
{
	_cleanup_fake_ struct fake_group group = with_controllers();
	const struct oci_resources want = RESOURCES(.memory_limit = 2222, .cpu_quota = 5, .cpu_burst = 6);

	fake_group_file(&group, "memory.max", "1111");
	cr_assert(eq(int, cgroup_resources_apply(group.fd, &want, true, NULL), -EINVAL));
	cr_assert(eq(str, fake_group_text(&group, "memory.max"), "1111"));
}

Test(resources_apply, passes_over_what_an_older_kernel_lacks_without_harm)
{
	_cleanup_fake_ struct fake_group group = with_controllers();
	const struct oci_hugepage_limit pages[] = { { "2MB", 77 } };
	const struct oci_resources want =
		RESOURCES(.hugepages = pages, .n_hugepages = 1, .memory_swap = OCI_UNLIMITED, .cpu_burst = 0);
	const struct oci_resources burst = RESOURCES(.cpu_burst = 5);
	struct error err = { 0 };

	fake_group_file(&group, "hugetlb.2MB.max", "");
	cr_assert(zero(int, cgroup_resources_apply(group.fd, &want, false, &err)), "%s", err.msg);
	cr_assert(eq(str, fake_group_text(&group, "hugetlb.2MB.max"), "77"));
	cr_assert(eq(int, cgroup_resources_apply(group.fd, &burst, false, &err), -ENOENT));
	cr_assert(ne(ptr, strstr(err.remedy, "kernel"), NULL));
}

Test(resources_apply, refuses_cpus_that_the_group_above_has_not_got)
{
	_cleanup_fake_ struct fake_group group = with_controllers();
	struct oci_resources want = RESOURCES(.cpus = "4-5");
	struct error err = { 0 };

	fake_group_file(&group, "cpuset.cpus", "");
	fake_group_file(&group, "cpuset.cpus.effective", "0-3\n");
	cr_assert(eq(int, cgroup_resources_apply(group.fd, &want, false, &err), -ERANGE));
	cr_assert(ne(ptr, strstr(err.msg, "cpu.cpus"), NULL), "%s", err.msg);
	fake_group_file(&group, "cpuset.cpus.effective", "4\n");
	cr_assert(zero(int, cgroup_resources_apply(group.fd, &want, false, &err)), "some of them are enough");
}

Test(resources_apply, refuses_limits_without_a_group)
{
	const struct oci_resources none = { OCI_RESOURCES_UNSET }, want = RESOURCES(.memory_limit = 5);
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_resources_apply(-1, &none, false, &err)));
	cr_assert(eq(int, cgroup_resources_apply(-1, &want, false, &err), -EOPNOTSUPP));
	cr_assert(ne(ptr, strstr(err.msg, "linux.resources.memory"), NULL));
	cr_assert(ne(str, err.remedy, ""));
}
