/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OCI resources as the kernel holds them. Needs the controllers on cgroup v2. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "cgroups/container.h"
#include "cgroups/text.h"
#include "oci_unset.h"
#include "scratch.h"

enum { MIB = 1 << 20, ALL = CGROUP_MEMORY | CGROUP_CPU | CGROUP_PIDS | CGROUP_IO | CGROUP_CPUSET };

#define RESOURCES(...) ((struct oci_resources){ OCI_RESOURCES_UNSET, __VA_ARGS__ })

static const char *text_of(const struct scratch *scratch, const char *file)
{
	static char text[4096];

	cr_assert(ge(long, text_read(scratch->fd, file, text, sizeof(text)), 0), "%s", file);
	return text;
}

#define HOLDS(scratch, file, text) cr_assert(eq(str, text_of(scratch, file), text))

static void with_group(struct scratch *scratch, unsigned int controllers)
{
	scratch_init(scratch, controllers);
	scratch_create(scratch, controllers);
}

static void apply(const struct scratch *scratch, struct oci_resources want, bool update)
{
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_resources_apply(scratch->fd, &want, update, &err)), "%s: %s; %s", err.msg,
		  error_name(err.code), err.remedy);
}

static bool has_file(const struct scratch *scratch, const char *file)
{
	return faccessat(scratch->fd, file, F_OK, 0) == 0;
}

Test(resources_live, are_what_the_kernel_shows)
{
	const struct spec_pair pairs[] = { { "memory.high", "200M" }, { "memory.oom.group", "1" } };
	struct scratch scratch;

	with_group(&scratch, ALL);
	apply(&scratch,
	      RESOURCES(.memory_limit = 64 * MIB, .memory_swap = 96 * MIB, .memory_reservation = 16 * MIB,
			.cpu_shares = 512, .cpu_quota = 20000, .cpu_period = 50000, .cpu_burst = 10000,
			.cpus = "0", .mems = "0", .pids_given = true, .pids_limit = 20,
			.unified = { pairs, 2 }),
	      false);
	HOLDS(&scratch, "memory.max", "67108864");
	HOLDS(&scratch, "memory.low", "16777216");
	HOLDS(&scratch, "memory.high", "209715200");
	HOLDS(&scratch, "memory.oom.group", "1");
	HOLDS(&scratch, "cpu.weight", "59");
	HOLDS(&scratch, "cpu.max", "20000 50000");
	HOLDS(&scratch, "cpu.max.burst", "10000");
	HOLDS(&scratch, "cpuset.cpus", "0");
	HOLDS(&scratch, "cpuset.mems", "0");
	HOLDS(&scratch, "pids.max", "20");
	if (has_file(&scratch, "memory.swap.max"))
		HOLDS(&scratch, "memory.swap.max", "33554432");
	scratch_finish(&scratch);
}

Test(resources_live, of_an_update_keep_what_it_does_not_name)
{
	struct scratch scratch;

	with_group(&scratch, ALL);
	apply(&scratch, RESOURCES(.cpu_quota = 20000, .cpu_period = 50000, .memory_limit = 64 * MIB), false);
	apply(&scratch, RESOURCES(.cpu_quota = 40000), true);
	HOLDS(&scratch, "cpu.max", "40000 50000");
	apply(&scratch, RESOURCES(.cpu_period = 80000), true);
	HOLDS(&scratch, "cpu.max", "40000 80000");
	apply(&scratch, RESOURCES(.cpu_quota = 90000, .cpu_burst = 60000), true);
	HOLDS(&scratch, "cpu.max.burst", "60000");
	apply(&scratch, RESOURCES(.cpu_quota = 30000, .cpu_burst = 20000), true);
	HOLDS(&scratch, "cpu.max", "30000 80000");
	HOLDS(&scratch, "cpu.max.burst", "20000");
	apply(&scratch, RESOURCES(.cpu_burst = 0, .cpu_quota = OCI_UNLIMITED), true);
	HOLDS(&scratch, "cpu.max", "max 80000");
	apply(&scratch, RESOURCES(.memory_limit = OCI_UNLIMITED), true);
	HOLDS(&scratch, "memory.max", "max");
	apply(&scratch, RESOURCES(.cpu_idle = 1, .cpu_shares = 2048), true);
	HOLDS(&scratch, "cpu.idle", "1");
	apply(&scratch, RESOURCES(.cpu_idle = 0, .cpu_shares = 2048), true);
	HOLDS(&scratch, "cpu.weight", "174");
	scratch_finish(&scratch);
}

Test(resources_live, come_back_when_an_update_fails_half_way)
{
	const struct spec_pair wrong[] = { { "memory.high", "nonsense" } };
	struct oci_resources want =
		RESOURCES(.memory_limit = 32 * MIB, .memory_swap = 48 * MIB, .cpu_quota = 70000,
			  .cpu_period = 90000, .cpu_shares = 4096, .cpus = "0", .pids_given = true,
			  .pids_limit = 9, .unified = { wrong, 1 });
	struct error err = { 0 };
	struct scratch scratch;

	with_group(&scratch, ALL);
	apply(&scratch,
	      RESOURCES(.memory_limit = 64 * MIB, .memory_swap = 96 * MIB, .cpu_quota = 20000,
			.cpu_period = 50000, .pids_given = true, .pids_limit = 20),
	      false);
	cr_assert(eq(int, cgroup_resources_apply(scratch.fd, &want, true, &err), -EINVAL));
	cr_assert(ne(ptr, strstr(err.msg, "memory.high"), NULL), "%s", err.msg);
	cr_assert(eq(str, err.remedy, ""), "nothing was left: %s", err.remedy);
	HOLDS(&scratch, "memory.max", "67108864");
	HOLDS(&scratch, "memory.high", "max");
	HOLDS(&scratch, "cpu.max", "20000 50000");
	HOLDS(&scratch, "cpu.weight", "100");
	HOLDS(&scratch, "cpuset.cpus", "");
	HOLDS(&scratch, "pids.max", "20");
	if (has_file(&scratch, "memory.swap.max"))
		HOLDS(&scratch, "memory.swap.max", "33554432");
	scratch_finish(&scratch);
}

static int hog(void *arg)
{
	const size_t size = 64 * MIB;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	if (memory == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	return 0;
}

Test(resources_live, kill_who_takes_too_much_memory_and_tell_it)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct scratch scratch;
	char *stats;

	with_group(&scratch, ALL);
	apply(&scratch, RESOURCES(.memory_limit = 16 * MIB, .memory_swap = 16 * MIB), false);
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, hog, NULL)), 128 + SIGKILL));
	cr_assert(ne(ptr, strstr(text_of(&scratch, "memory.events"), "oom_kill 1"), NULL));
	stats = cgroup_stats_json(scratch.fd, arena, &err);
	cr_assert(ne(ptr, stats, NULL), "%s", err.msg);
	cr_assert(ne(ptr, strstr(stats, "\"usage\":{\"limit\":16777216,"), NULL), "%s", stats);
	cr_assert(ne(ptr, strstr(stats, "\"raw\":{\"anon\":"), NULL), "%s", stats);
	cr_assert(ne(ptr, strstr(stats, "\"pids\":{\"current\":0,\"limit\":0}"), NULL), "%s", stats);
	scratch_finish(&scratch);
}

/* Takes memory, says so, stays. */
static int sit_on_memory(void *arg)
{
	const int *fd = arg;
	char *memory = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < 16 * MIB; i += 4096)
		memory[i] = 1;
	return write(*fd, "x", 1) == 1 ? scratch_sleep(NULL) : 1;
}

Test(resources_live, look_at_the_usage_first_where_asked)
{
	struct oci_resources want = RESOURCES(.memory_limit = 8 * MIB, .check_before_update = true);
	struct error err = { 0 };
	struct scratch scratch;
	int ends[2];
	char word;

	with_group(&scratch, ALL);
	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	apply(&scratch, RESOURCES(.memory_limit = 64 * MIB), false);
	scratch_spawn(scratch.fd, sit_on_memory, &ends[1]);
	close(ends[1]);
	cr_assert(eq(long, read(ends[0], &word, 1), 1));
	cr_assert(eq(int, cgroup_resources_apply(scratch.fd, &want, true, &err), -EBUSY));
	HOLDS(&scratch, "memory.max", "67108864");
	cr_assert(eq(int, cgroup_populated(scratch.fd), 1), "it lives");
	want.memory_limit = 32 * MIB;
	apply(&scratch, want, true);
	HOLDS(&scratch, "memory.max", "33554432");
	scratch_finish(&scratch);
}

Test(resources_live, refuse_cpus_that_are_not_there)
{
	struct oci_resources want = RESOURCES(.cpus = "4000");
	struct error err = { 0 };
	struct scratch scratch;

	with_group(&scratch, ALL);
	cr_assert(lt(int, cgroup_resources_apply(scratch.fd, &want, true, &err), 0));
	cr_assert(ne(ptr, strstr(err.msg, "linux.resources.cpu.cpus"), NULL), "%s", err.msg);
	HOLDS(&scratch, "cpuset.cpus", "");
	scratch_finish(&scratch);
}

static bool find_disk(unsigned int *ret_major, unsigned int *ret_minor)
{
	static const char *const disks[] = { "/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/ram0",
					     "/dev/zram0" };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		if (stat(disks[i], &st) < 0 || !S_ISBLK(st.st_mode))
			continue;
		*ret_major = major(st.st_rdev);
		*ret_minor = minor(st.st_rdev);
		return true;
	}
	return false;
}

Test(resources_live, throttle_a_disk_and_let_it_go_again)
{
	const struct spec_pair wrong[] = { { "memory.high", "nonsense" } };
	struct oci_throttle bps = { .rate = 1000000 }, iops = { .rate = 50 }, none = { .rate = 0 };
	struct oci_resources want = RESOURCES(.unified = { wrong, 1 });
	struct error err = { 0 };
	struct scratch scratch;
	char text[128];

	scratch_init(&scratch, ALL);
	if (!find_disk(&bps.major, &bps.minor))
		cr_skip_test("there is no disk here");
	scratch_create(&scratch, ALL);
	iops.major = none.major = bps.major;
	iops.minor = none.minor = bps.minor;
	want.write_bps = (struct oci_throttles){ &iops, 1 };
	cr_assert(eq(int, cgroup_resources_apply(scratch.fd, &want, true, &err), -EINVAL), "%s", err.msg);
	HOLDS(&scratch, "io.max", "");
	apply(&scratch, RESOURCES(.read_bps = { &bps, 1 }, .write_iops = { &iops, 1 }), false);
	snprintf(text, sizeof(text), "%u:%u rbps=1000000 wbps=max riops=max wiops=50", bps.major, bps.minor);
	HOLDS(&scratch, "io.max", text);
	cr_assert(eq(int, cgroup_resources_apply(scratch.fd, &want, true, &err), -EINVAL));
	HOLDS(&scratch, "io.max", text);
	apply(&scratch, RESOURCES(.read_bps = { &none, 1 }, .write_iops = { &none, 1 }), true);
	HOLDS(&scratch, "io.max", "");
	scratch_finish(&scratch);
}

Test(resources_live, write_unified_files_line_by_line)
{
	struct oci_throttle disk = { .rate = 0 };
	struct scratch scratch;
	char lines[128], text[128];
	struct spec_pair pair = { "io.max", lines };

	scratch_init(&scratch, ALL);
	if (!find_disk(&disk.major, &disk.minor))
		cr_skip_test("there is no disk here");
	scratch_create(&scratch, ALL);
	snprintf(lines, sizeof(lines), "%u:%u rbps=2097152\n%u:%u wiops=120", disk.major, disk.minor,
		 disk.major, disk.minor);
	apply(&scratch, RESOURCES(.unified = { &pair, 1 }), false);
	snprintf(text, sizeof(text), "%u:%u rbps=2097152 wbps=max riops=max wiops=120", disk.major,
		 disk.minor);
	HOLDS(&scratch, "io.max", text);
	scratch_finish(&scratch);
}

Test(resources_live, limit_huge_pages)
{
	const struct oci_hugepage_limit pages[] = { { "2MB", 4 * MIB } }, none[] = { { "3MB", 4 * MIB } };
	struct oci_resources want = RESOURCES(.hugepages = none, .n_hugepages = 1);
	struct error err = { 0 };
	struct scratch scratch;

	with_group(&scratch, CGROUP_HUGETLB);
	if (!has_file(&scratch, "hugetlb.2MB.max")) {
		scratch_finish(&scratch);
		cr_skip_test("this kernel has no huge pages of 2 MB");
	}
	apply(&scratch, RESOURCES(.hugepages = pages, .n_hugepages = 1), false);
	HOLDS(&scratch, "hugetlb.2MB.max", "4194304");
	HOLDS(&scratch, "hugetlb.2MB.rsvd.max", "4194304");
	cr_assert(eq(int, cgroup_resources_apply(scratch.fd, &want, false, &err), -ENOENT));
	cr_assert(ne(ptr, strstr(err.msg, "hugetlb.3MB.max"), NULL), "%s", err.msg);
	scratch_finish(&scratch);
}

Test(resources_live, of_a_missing_controller_are_refused_by_name)
{
	const struct oci_resources want = RESOURCES(.memory_limit = 16 * MIB);
	struct error err = { 0 };
	struct scratch scratch;

	with_group(&scratch, 0);
	if (has_file(&scratch, "memory.max")) {
		scratch_finish(&scratch);
		cr_skip_test("a group without the memory controller can't be had here");
	}
	cr_assert(eq(int, cgroup_resources_apply(scratch.fd, &want, false, &err), -EOPNOTSUPP));
	cr_assert(
		ne(ptr, strstr(err.msg, "linux.resources.memory: needs the cgroup controllers memory"), NULL),
		"%s", err.msg);
	cr_assert(ne(str, err.remedy, ""));
	scratch_finish(&scratch);
}
