/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "oci_reading.h"

static struct oci_reading read_resources(const char *more)
{
	char text[4096];

	snprintf(text, sizeof(text), "\"resources\":{%s}", more);
	return oci_read_linux(text);
}

static struct oci_reading full(void)
{
	struct oci_reading reading = oci_read_corpus("full");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	return reading;
}

Test(oci_resources, reads_memory_cpu_and_pids)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci_resources *got = &reading.oci.resources;

	cr_assert(eq(u64, got->memory_limit, 536870912));
	cr_assert(eq(u64, got->memory_reservation, 268435456));
	cr_assert(eq(u64, got->memory_swap, OCI_UNLIMITED));
	cr_assert(eq(u64, got->memory_kernel, OCI_UNLIMITED));
	cr_assert(eq(u64, got->memory_kernel_tcp, 0));
	cr_assert(eq(u64, got->swappiness, 0));
	cr_assert(got->use_hierarchy && got->check_before_update && !got->disable_oom_killer);
	cr_assert(eq(u64, got->cpu_shares, 1024));
	cr_assert(eq(u64, got->cpu_quota, OCI_UNLIMITED));
	cr_assert(eq(u64, got->cpu_burst, 1000));
	cr_assert(eq(u64, got->cpu_period, 500000));
	cr_assert(eq(u64, got->cpu_rt_runtime, 950000));
	cr_assert(eq(u64, got->cpu_rt_period, 1000000));
	cr_assert(eq(u64, got->cpu_idle, 1));
	cr_assert(same_text(got->cpus, "2-3"));
	cr_assert(same_text(got->mems, ""));
	cr_assert(got->pids_given);
	cr_assert(eq(i64, got->pids_limit, 32771));
}

Test(oci_resources, reads_block_devices)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci_resources *got = &reading.oci.resources;

	cr_assert(eq(u64, got->io_weight, 10));
	cr_assert(eq(u64, got->io_leaf_weight, 20));
	cr_assert(eq(sz, got->n_io_weight_devices, 2));
	cr_assert(eq(u64, got->io_weight_devices[0].leaf_weight, 300));
	cr_assert(eq(u32, got->io_weight_devices[1].minor, 16));
	cr_assert(eq(u64, got->io_weight_devices[1].leaf_weight, OCI_UNSET));
	cr_assert(eq(sz, got->read_bps.n, 1));
	cr_assert(eq(u64, got->read_bps.items[0].rate, 600));
	cr_assert(eq(u64, got->write_bps.items[0].rate, 601));
	cr_assert(eq(u64, got->read_iops.items[0].rate, 602));
	cr_assert(eq(u64, got->write_iops.items[0].rate, 300));
	cr_assert(eq(u32, got->write_iops.items[0].major, 8));
}

Test(oci_resources, reads_devices_huge_pages_and_the_rest)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci_resources *got = &reading.oci.resources;

	cr_assert(got->devices_given);
	cr_assert(eq(sz, got->n_devices, 3));
	cr_assert(holds(!got->devices[0].allow && got->devices[0].any_major && got->devices[0].any_minor));
	cr_assert(eq(chr, got->devices[0].type, 'a'));
	cr_assert(got->devices[0].read && got->devices[0].write && got->devices[0].mknod);
	cr_assert(got->devices[1].allow && !got->devices[1].any_major && !got->devices[1].mknod);
	cr_assert(eq(u32, got->devices[1].minor, 229));
	cr_assert(got->devices[2].any_minor && !got->devices[2].read && got->devices[2].mknod);
	cr_assert(eq(sz, got->n_hugepages, 2));
	cr_assert(same_text(got->hugepages[0].page_size, "2MB"));
	cr_assert(eq(u64, got->hugepages[0].limit_bytes, UINT64_C(9223372036854772000)));
	cr_assert(got->network_given);
	cr_assert(eq(u64, got->network_class, 1048577));
	cr_assert(eq(sz, got->n_rdma, 2));
	cr_assert(same_text(got->rdma[0].device, "mlx5_1"));
	cr_assert(eq(u64, got->rdma[0].handles, 3));
	cr_assert(eq(u64, got->rdma[1].handles, OCI_UNSET));
	cr_assert(eq(u64, got->rdma[1].objects, 10000));
	cr_assert(eq(sz, got->unified.n, 2));
	cr_assert(same_text(got->unified.items[1].value, "259:0 rbps=2097152"));
}

Test(oci_resources, reads_an_update_that_stands_alone)
{
	size_t size;
	_cleanup_free_ char *text = oci_corpus("resources", &size);
	struct arena *arena = arena_new();
	struct oci_resources got;
	struct error err = { 0 };

	cr_assert(eq(int, oci_read_resources("stdin", text, size, arena, &got, &err), 0), "%s", err.msg);
	cr_assert(eq(u64, got.memory_limit, OCI_UNLIMITED));
	cr_assert(eq(u64, got.memory_reservation, OCI_UNSET));
	cr_assert(eq(u64, got.swappiness, OCI_UNSET)); /* -1 without a sign */
	cr_assert(eq(u64, got.cpu_shares, 0));
	cr_assert(eq(u64, got.cpu_quota, 100000));
	cr_assert(same_text(got.cpus, ""));
	cr_assert(got.mems == NULL);
	cr_assert(eq(i64, got.pids_limit, 0));
	cr_assert(eq(int, oci_read_resources("stdin", "{\"cpu\":1}", 9, arena, &got, &err), -EINVAL));
	cr_assert(same_text(err.msg, "stdin:1:8: cpu: expected an object, not an integer"));
	cr_assert(eq(int, oci_read_resources("stdin", "", 0, arena, &got, &err), -EINVAL));
	cr_assert(same_text(err.msg, "stdin:1:1: the file is empty"));
	arena_free(arena);
}

Test(oci_resources, knows_how_no_limit_is_written)
{
	_cleanup_oci_ struct oci_reading reading =
		read_resources("\"pids\":{\"limit\":-1},\"cpu\":{\"quota\":-5,\"realtimeRuntime\":-1},"
			       "\"memory\":{\"reservation\":-1}");
	const struct oci_resources *got = &reading.oci.resources;

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(eq(i64, got->pids_limit, -1));
	cr_assert(eq(u64, got->cpu_quota, OCI_UNLIMITED));
	cr_assert(eq(u64, got->cpu_rt_runtime, OCI_UNLIMITED));
	cr_assert(eq(u64, got->memory_reservation, OCI_UNLIMITED));
	cr_assert(eq(u64, got->memory_limit, OCI_UNSET));
}

Test(oci_resources, refuses_devices_that_are_wrong)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"devices\":[{}]", "linux.resources.devices[0].allow: missing" },
		{ "\"devices\":[{\"allow\":1}]",
		  "linux.resources.devices[0].allow: expected true or false, not an integer" },
		{ "\"devices\":[{\"allow\":true,\"access\":\"rwx\"}]",
		  "linux.resources.devices[0].access: \"rwx\" has another letter than r, w and m" },
		{ "\"devices\":[{\"allow\":true,\"type\":\"u\"}]",
		  "linux.resources.devices[0].type: unknown device type \"u\", it is a, b or c" },
		{ "\"devices\":[{\"allow\":true,\"type\":\"cb\"}]",
		  "linux.resources.devices[0].type: unknown device type \"cb\", it is a, b or c" },
		{ "\"devices\":[{\"allow\":true,\"major\":-2}]",
		  "linux.resources.devices[0].major: -2 is not from -1 to 4294967295" },
		{ "\"devices\":[{\"allow\":true,\"minor\":\"*\"}]",
		  "linux.resources.devices[0].minor: expected an integer, not a string" },
	};

	oci_refuses(read_resources, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_resources, refuses_limits_that_are_wrong)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"memory\":[]", "linux.resources.memory: expected an object, not an array" },
		{ "\"memory\":{\"limit\":-2}",
		  "linux.resources.memory.limit: -2 is not from -1 to 9223372036854775807" },
		{ "\"memory\":{\"limit\":\"1g\"}",
		  "linux.resources.memory.limit: expected an integer, not a string" },
		{ "\"memory\":{\"swappiness\":101}",
		  "linux.resources.memory.swappiness: is not from 0 to 100" },
		{ "\"memory\":{\"disableOOMKiller\":0}",
		  "linux.resources.memory.disableOOMKiller: expected true or false, not an integer" },
		{ "\"cpu\":{\"shares\":-1}",
		  "linux.resources.cpu.shares: -1 is not from 0 to 9223372036854775807" },
		{ "\"cpu\":{\"quota\":1.5}", "linux.resources.cpu.quota: expected an integer, not a number" },
		{ "\"cpu\":{\"idle\":2}", "linux.resources.cpu.idle: 2 is not from 0 to 1" },
		{ "\"cpu\":{\"cpus\":1}", "linux.resources.cpu.cpus: expected a string, not an integer" },
		{ "\"pids\":{}", "linux.resources.pids.limit: missing" },
		{ "\"pids\":{\"limit\":-2}",
		  "linux.resources.pids.limit: -2 is not from -1 to 9223372036854775807" },
		{ "\"pids\":5", "linux.resources.pids: expected an object, not an integer" },
		{ "\"blockIO\":{\"weight\":1001}",
		  "linux.resources.blockIO.weight: 1001 is not from 0 to 1000" },
		{ "\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}",
		  "linux.resources.blockIO.weightDevice[0]: needs weight or leafWeight" },
		{ "\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"rate\":1}]}",
		  "linux.resources.blockIO.throttleReadBpsDevice[0].minor: missing" },
		{ "\"blockIO\":{\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0}]}",
		  "linux.resources.blockIO.throttleWriteIOPSDevice[0].rate: missing" },
		{ "\"blockIO\":{\"throttleReadIOPSDevice\":{}}",
		  "linux.resources.blockIO.throttleReadIOPSDevice: expected an array, not an object" },
		{ "\"hugepageLimits\":[{\"pageSize\":\"64kB\",\"limit\":1}]",
		  "linux.resources.hugepageLimits[0].pageSize: \"64kB\" is not a page size like \"2MB\"" },
		{ "\"hugepageLimits\":[{\"pageSize\":\"02MB\",\"limit\":1}]",
		  "linux.resources.hugepageLimits[0].pageSize: \"02MB\" is not a page size like \"2MB\"" },
		{ "\"hugepageLimits\":[{\"pageSize\":\"2\",\"limit\":1}]",
		  "linux.resources.hugepageLimits[0].pageSize: \"2\" is not a page size like \"2MB\"" },
		{ "\"hugepageLimits\":[{\"pageSize\":\"2MB\"}]",
		  "linux.resources.hugepageLimits[0].limit: missing" },
		{ "\"hugepageLimits\":[{\"limit\":1}]",
		  "linux.resources.hugepageLimits[0].pageSize: missing" },
	};

	oci_refuses(read_resources, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_resources, refuses_maps_that_are_wrong)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"network\":{\"classID\":4294967296}",
		  "linux.resources.network.classID: 4294967296 is not from 0 to 4294967295" },
		{ "\"network\":{\"priorities\":[{\"name\":\"eth0\"}]}",
		  "linux.resources.network.priorities[0].priority: missing" },
		{ "\"rdma\":{\"mlx5_1\":{\"hcaHandles\":\"not a uint32\"}}",
		  "linux.resources.rdma.mlx5_1.hcaHandles: expected an integer, not a string" },
		{ "\"rdma\":{\"mlx5_1\":{}}", "linux.resources.rdma.mlx5_1: needs hcaHandles or hcaObjects" },
		{ "\"rdma\":{\"mlx5_1\":3}",
		  "linux.resources.rdma.mlx5_1: expected an object, not an integer" },
		{ "\"unified\":{\"memory.max\":1}",
		  "linux.resources.unified.memory.max: expected a string, not an integer" },
		{ "\"unified\":{\"../memory.max\":\"1\"}",
		  "linux.resources.unified.../memory.max: the key is not a file of the cgroup" },
		{ "\"unified\":{\"a/b\":\"1\"}",
		  "linux.resources.unified.a/b: the key is not a file of the cgroup" },
		{ "\"unified\":{\"\":\"1\"}", "linux.resources.unified: has an empty key" },
	};

	oci_refuses(read_resources, mistakes, ARRAY_SIZE(mistakes));
}
