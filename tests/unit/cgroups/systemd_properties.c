/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/systemd_properties.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "cgroups/container.h"
#include "cgroups/resources.h"
#include "cgroups/systemd_request.h"
#include "profiles/spec.h"

static char joined[8192];

static char *join(const struct systemd_request *request)
{
	size_t length = 0;

	joined[0] = '\0';
	cr_assert(not(request->failed));
	for (const char *at = request->text, *field;
	     (field = systemd_request_next(&at, request->text + request->length));)
		length += (size_t)snprintf(joined + length, sizeof(joined) - length, "%s%s",
					   length ? "|" : "", field);
	return joined;
}

/* The properties of one write to a file of a group; @fd as of resources_plan. */
static char *limit_at(int fd, const char *file, const char *value)
{
	struct resources_write write = { .file = file, .value = value };
	const struct resources_plan plan = { .fd = fd, .items = &write, .n = 1 };
	_cleanup_request_ struct systemd_request request = { 0 };
	struct error err = { 0 };

	if (systemd_properties_limits(&plan, &request, &err) < 0)
		return strcpy(joined, err.msg);
	return join(&request);
}

static char *limit(const char *file, const char *value)
{
	return limit_at(-1, file, value);
}

Test(systemd_properties, tell_bytes_as_the_kernel_reads_them)
{
	cr_assert(eq(str, limit("memory.max", "1048576"), "MemoryMax|t|1048576"));
	cr_assert(eq(str, limit("memory.max", "max"), "MemoryMax|t|18446744073709551615"));
	cr_assert(eq(str, limit("memory.low", "0"), "MemoryLow|t|0"));
	cr_assert(eq(str, limit("memory.min", "4k"), "MemoryMin|t|4096"));
	cr_assert(eq(str, limit("memory.high", "2G\n"), "MemoryHigh|t|2147483648"));
	cr_assert(eq(str, limit("memory.swap.max", "0"), "MemorySwapMax|t|0"));
	cr_assert(eq(str, limit("memory.zswap.max", "7"), "?MemoryZSwapMax|t|7"));
}

Test(systemd_properties, leave_to_the_kernel_what_it_will_refuse)
{
	cr_assert(eq(str, limit("memory.max", "much"), ""));
	cr_assert(eq(str, limit("memory.max", "99999999999E"), ""));
	cr_assert(eq(str, limit("memory.max", "-1"), ""));
	cr_assert(eq(str, limit("memory.max", ""), ""));
	cr_assert(eq(str, limit("pids.max", "1k"), ""));
	cr_assert(eq(str, limit("cpu.weight", "0"), ""));
	cr_assert(eq(str, limit("cpu.weight", "10001"), ""));
	cr_assert(eq(str, limit("cpu.max", "0"), ""));
	cr_assert(eq(str, limit("cpu.max", "5000 0"), ""));
	cr_assert(eq(str, limit("cpu.max", "5000 max"), ""));
	cr_assert(eq(str, limit("cpu.idle", "2"), ""));
}

Test(systemd_properties, pass_over_files_that_no_property_means)
{
	cr_assert(eq(str, limit("memory.oom.group", "1"), ""));
	cr_assert(eq(str, limit("cpu.max.burst", "1000"), ""));
	cr_assert(eq(str, limit("hugetlb.2MB.max", "0"), ""));
}

Test(systemd_properties, pass_over_lines_for_one_device)
{
	struct resources_write write = { .file = "io.weight", .value = "8:0 200", .device = "8:0" };
	const struct resources_plan plan = { .fd = -1, .items = &write, .n = 1 };
	_cleanup_request_ struct systemd_request request = { 0 };
	struct error err = { 0 };

	cr_assert(zero(int, systemd_properties_limits(&plan, &request, &err)));
	cr_assert(zero(sz, request.length));
}

Test(systemd_properties, round_a_quota_up_to_the_percent_that_systemd_keeps)
{
	cr_assert(eq(str, limit("cpu.max", "20000 100000"),
		     "CPUQuotaPerSecUSec|t|200000|CPUQuotaPeriodUSec|t|100000"));
	cr_assert(eq(str, limit("cpu.max", "12345 100000"),
		     "CPUQuotaPerSecUSec|t|130000|CPUQuotaPeriodUSec|t|100000"));
	cr_assert(eq(str, limit("cpu.max", "400000 100000"),
		     "CPUQuotaPerSecUSec|t|4000000|CPUQuotaPeriodUSec|t|100000"));
	cr_assert(eq(str, limit("cpu.max", "max 50000"),
		     "CPUQuotaPerSecUSec|t|18446744073709551615|CPUQuotaPeriodUSec|t|50000"));
	cr_assert(
		eq(str, limit("cpu.max", "5000"), "CPUQuotaPerSecUSec|t|50000|CPUQuotaPeriodUSec|t|100000"));
}

Test(systemd_properties, take_the_period_that_holds_when_only_the_quota_changes)
{
	char dir[] = "/tmp/kapsel-systemd-XXXXXX";
	_cleanup_fd_ int fd = -1, file = -1;

	cr_assert(ne(ptr, mkdtemp(dir), NULL));
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	file = openat(fd, "cpu.max", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(zero(int, fd_write_all(file, "max 50000\n", 10)));
	cr_assert(eq(str, limit_at(fd, "cpu.max", "25000"),
		     "CPUQuotaPerSecUSec|t|500000|CPUQuotaPeriodUSec|t|50000"));
	unlinkat(fd, "cpu.max", 0);
	rmdir(dir);
}

Test(systemd_properties, tell_weights)
{
	cr_assert(eq(str, limit("cpu.weight", "59"), "CPUWeight|t|59"));
	cr_assert(eq(str, limit("cpu.idle", "1"), "CPUWeight|t|0"));
	cr_assert(eq(str, limit("cpu.idle", "0"), "CPUWeight|t|100"));
	cr_assert(eq(str, limit("io.weight", "4950"), "IOWeight|t|4950"));
	cr_assert(eq(str, limit("io.weight", "default 200"), "IOWeight|t|200"));
	cr_assert(eq(str, limit("io.bfq.weight", "50"), "IOWeight|t|50"));
	cr_assert(eq(str, limit("io.bfq.weight", "1000"), "IOWeight|t|10000"));
}

Test(systemd_properties, tell_tasks_but_never_none)
{
	cr_assert(eq(str, limit("pids.max", "20"), "TasksMax|t|20"));
	cr_assert(eq(str, limit("pids.max", "0"), "TasksMax|t|1"));
	cr_assert(eq(str, limit("pids.max", "max"), "TasksMax|t|18446744073709551615"));
}

Test(systemd_properties, tell_cpus_and_nodes_as_bits)
{
	cr_assert(eq(str, limit("cpuset.cpus", "0"), "AllowedCPUs|ay|01"));
	cr_assert(eq(str, limit("cpuset.cpus", "0-3,8"), "AllowedCPUs|ay|0f01"));
	cr_assert(eq(str, limit("cpuset.cpus", "70"), "AllowedCPUs|ay|000000000000000040"));
	cr_assert(eq(str, limit("cpuset.mems", "1"), "AllowedMemoryNodes|ay|02"));
	cr_assert(eq(str, limit("cpuset.cpus", ""), "AllowedCPUs|ay|"));
	cr_assert(ne(ptr, strstr(limit("cpuset.cpus", "0-x"), "isn't a list"), NULL));
}

/* All of a new scope; @annotation NULL: none. */
static char *scope(const char *annotation, const char *value)
{
	const struct spec_pair pair = { annotation, value };
	const struct spec_pairs annotations = { &pair, annotation ? 1 : 0 };
	struct resources_write write = { .file = "memory.max", .value = "1048576" };
	const struct resources_plan plan = { .fd = -1, .items = &write, .n = 1 };
	const struct cgroup_container group = { .unit = "docker-1f.scope", .slice = "system.slice" };
	_cleanup_request_ struct systemd_request request = { 0 };
	struct error err = { 0 };

	if (systemd_properties_scope(&group, 42, &plan, &annotations, &request, &err) < 0) {
		cr_assert(eq(int, err.code, EINVAL));
		return strcpy(joined, err.msg);
	}
	return join(&request);
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

Test(systemd_properties, of_a_scope_are_complete)
{
	cr_assert(eq(
		str, scope(NULL, NULL),
		"Description|s|kapsel container docker-1f|Slice|s|system.slice|PIDs|au|1|42|Delegate|b|true|"
		"DefaultDependencies|b|false|CollectMode|s|inactive-or-failed|CPUAccounting|b|true|"
		"IOAccounting|b|true|MemoryAccounting|b|true|TasksAccounting|b|true|MemoryMax|t|1048576"));
}

Test(systemd_properties, take_annotations_of_systemd_s_prefix_only)
{
	cr_assert(has(scope("org.systemd.property.RuntimeMaxSec", "5"), "|RuntimeMaxUSec|t|5000000"));
	cr_assert(not(has(scope("org.example.RuntimeMaxSec", "5"), "RuntimeMax")));
}

Test(systemd_properties, let_an_annotation_change_a_default)
{
	const char *got = scope("org.systemd.property.CollectMode", "'inactive'");

	cr_assert(has(got, "|CollectMode|s|inactive"));
	cr_assert(not(has(got, "inactive-or-failed")));
}

Test(systemd_properties, refuse_an_annotation_against_a_limit)
{
	cr_assert(has(scope("org.systemd.property.MemoryMax", "uint64 5"), "what linux.resources sets"));
}

Test(systemd_properties, refuse_an_annotation_that_moves_the_container_or_opens_devices)
{
	static const char *const names[] = { "Slice",        "PIDs",        "Delegate",
					     "DevicePolicy", "DeviceAllow", "BPFProgram" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char name[64];

		snprintf(name, sizeof(name), "org.systemd.property.%s", names[i]);
		cr_assert(has(scope(name, "'x'"), "the runtime's to set"), "%s", name);
	}
}

Test(systemd_properties, refuse_a_property_that_is_given_twice)
{
	const struct spec_pair pairs[] = { { "org.systemd.property.TimeoutStopSec", "5" },
					   { "org.systemd.property.TimeoutStopUSec", "uint64 5" } };
	const struct spec_pairs annotations = { pairs, 2 };
	const struct resources_plan plan = { .fd = -1 };
	const struct cgroup_container group = { .unit = "a.scope" };
	_cleanup_request_ struct systemd_request request = { 0 };
	struct error err = { 0 };

	cr_assert(eq(int, systemd_properties_scope(&group, 1, &plan, &annotations, &request, &err), -EINVAL));
	cr_assert(has(err.msg, "TimeoutStopUSec twice"));
}
