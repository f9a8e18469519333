/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits, hit by what they are there for. Needs the controllers on cgroup v2. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "profiles/spec.h"
#include "scratch.h"

enum { MIB = 1 << 20 };

static struct spec_limits unset(void)
{
	return (struct spec_limits){ .memory_bytes = SPEC_UNSET,
				     .memory_high_bytes = SPEC_UNSET,
				     .swap_bytes = SPEC_UNSET,
				     .pids = SPEC_UNSET };
}

/* A group with these limits, applied and read back. */
static void limit(struct scratch *scratch, struct spec_limits wanted)
{
	const struct spec spec = { .limits = wanted };
	struct cgroup_limits limits;
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_limits_build(&spec, &limits, &err)), "%s", err.msg);
	scratch_init(scratch, limits.controllers);
	cr_assert(zero(int, cgroup_check(&scratch->place, &limits, &err)), "%s", err.msg);
	scratch_create(scratch, limits.controllers);
	cr_assert(zero(int, cgroup_apply(scratch->fd, &limits, &err)), "%s: %d", err.msg, err.code);
	cr_assert(zero(int, cgroup_verify(scratch->fd, &limits, &err)), "%s", err.msg);
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

Test(limits_live, a_memory_hog_takes_its_whole_group_with_it)
{
	struct spec_limits wanted = unset();
	struct scratch scratch;
	struct cgroup_end end;
	pid_t innocent;

	wanted.memory_bytes = 16 * MIB;
	wanted.swap_bytes = 0;
	limit(&scratch, wanted);
	innocent = scratch_spawn(scratch.fd, scratch_sleep, NULL);
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, hog, NULL)), 128 + SIGKILL));
	cr_assert(eq(int, scratch_wait(innocent), 128 + SIGKILL), "memory.oom.group");
	cgroup_end_read(scratch.fd, &end);
	cr_assert(ge(u64, end.oom_kills, 2));
	cr_assert(eq(u64, end.memory_max_bytes, 16 * MIB));
	cr_assert(ge(u64, end.memory_peak_bytes, 15 * MIB));
	cr_assert(le(u64, end.memory_peak_bytes, 16 * MIB));
	scratch_finish(&scratch);
}

Test(limits_live, a_process_within_its_memory_is_left_alone)
{
	struct spec_limits wanted = unset();
	struct scratch scratch;
	struct cgroup_end end;

	wanted.memory_bytes = 128 * MIB + 5; /* read back as whole pages */
	wanted.memory_high_bytes = 120 * MIB;
	wanted.swap_bytes = 0;
	limit(&scratch, wanted);
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, hog, NULL))));
	cgroup_end_read(scratch.fd, &end);
	cr_assert(zero(u64, end.oom_kills));
	cr_assert(ge(u64, end.memory_peak_bytes, 64 * MIB));
	scratch_finish(&scratch);
}

/* Exit status: how many children could be made. */
static int fork_bomb(void *arg)
{
	int n = 0;

	(void)arg;
	while (n < 100) {
		pid_t pid = fork();

		if (pid == 0)
			return scratch_sleep(NULL);
		if (pid < 0)
			return errno == EAGAIN ? n : 101;
		n++;
	}
	return n;
}

Test(limits_live, a_fork_bomb_ends_at_pids_max_and_dies_at_once)
{
	struct spec_limits wanted = unset();
	struct scratch scratch;
	struct cgroup_end end;

	wanted.pids = 10;
	limit(&scratch, wanted);
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, fork_bomb, NULL)), 9));
	cgroup_end_read(scratch.fd, &end);
	cr_assert(ge(u64, end.pids_max_hits, 1));
	cr_assert(eq(int, cgroup_populated(scratch.fd), 1), "the children outlive it");
	cr_assert(zero(int, cgroup_kill(scratch.fd)));
	cr_assert(zero(int, cgroup_remove(scratch.parent_fd, "box")));
	scratch_finish(&scratch);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Exit status: per cent of one CPU that it got in a second. */
static int spin(void *arg)
{
	const double start = seconds(CLOCK_MONOTONIC);
	double used;

	(void)arg;
	while (seconds(CLOCK_MONOTONIC) - start < 1)
		;
	used = seconds(CLOCK_PROCESS_CPUTIME_ID) / (seconds(CLOCK_MONOTONIC) - start);
	return (int)(used * 100);
}

Test(limits_live, a_spinner_gets_its_share_of_a_cpu)
{
	struct spec_limits wanted = unset();
	struct scratch scratch;
	struct cgroup_end end;

	wanted.cpu_cores = 0.2;
	wanted.cpu_weight = 50;
	limit(&scratch, wanted);
	cr_assert(le(int, scratch_wait(scratch_spawn(scratch.fd, spin, NULL)), 40));
	cgroup_end_read(scratch.fd, &end);
	cr_assert(ge(u64, end.cpu_throttled, 3));
	cr_assert(ge(u64, end.cpu_usage_us, 50000));
	scratch_finish(&scratch);
}

static int return_zero(void *arg)
{
	(void)arg;
	return 0;
}

/* Exit status: number of the only CPU that it may use, or 255. */
static int only_cpu(void *arg)
{
	cpu_set_t set;

	(void)arg;
	if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) != 1)
		return 255;
	for (int cpu = 0; cpu < 254; cpu++)
		if (CPU_ISSET(cpu, &set))
			return cpu;
	return 255;
}

Test(limits_live, a_process_stays_on_its_cpu)
{
	struct spec_limits wanted = unset();
	struct scratch scratch;

	wanted.cpus = "0";
	limit(&scratch, wanted);
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, only_cpu, NULL))));
	scratch_finish(&scratch);
}

Test(limits_live, a_cpu_that_is_not_there_is_not_taken_for_any_cpu)
{
	const struct spec spec = { .limits = { .memory_bytes = SPEC_UNSET,
					       .memory_high_bytes = SPEC_UNSET,
					       .swap_bytes = SPEC_UNSET,
					       .pids = SPEC_UNSET,
					       .cpus = "4000" } };
	struct cgroup_limits limits;
	struct scratch scratch;
	struct error err = { 0 };
	int r;

	cr_assert(zero(int, cgroup_limits_build(&spec, &limits, &err)));
	scratch_init(&scratch, limits.controllers);
	scratch_create(&scratch, limits.controllers);
	r = cgroup_apply(scratch.fd, &limits, &err);
	if (r == 0)
		r = cgroup_verify(scratch.fd, &limits, &err);
	cr_assert(lt(int, r, 0));
	cr_assert(ne(ptr, strstr(err.msg, "limits.cpus"), NULL), "%s", err.msg);
	scratch_finish(&scratch);
}

Test(limits_live, io_max_is_set_on_a_disk)
{
	static const char *const disks[] = { "/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/ram0",
					     "/dev/zram0" };
	struct spec_io_limit io = { NULL, 1000000, SPEC_UNSET, SPEC_UNSET, 50 };
	struct spec_limits wanted = unset();
	struct scratch scratch;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(disks) && !io.device; i++)
		if (stat(disks[i], &st) == 0 && S_ISBLK(st.st_mode))
			io.device = disks[i];
	if (!io.device)
		cr_skip_test("there is no disk here");
	wanted.io = &io;
	wanted.n_io = 1;
	limit(&scratch, wanted);
	scratch_finish(&scratch);
}

/* In a group that is delegated, as systemd would start us: controllers can't be switched on with us inside.
 */
struct delegated {
	struct cgroup_place place;
	unsigned int controllers;
	enum company { ALONE, CHILD, STRANGER } company;
};

/* Another process in our group: a child of ours, or one whose parent is somebody else. */
static int add_company(enum company company)
{
	int ends[2];
	char word;
	pid_t child;

	if (company == ALONE)
		return 0;
	if (pipe(ends) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		if (company == STRANGER && fork() > 0)
			_exit(0);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		_exit(scratch_sleep(NULL));
	}
	if (child < 0 || read(ends[0], &word, 1) != 1)
		return -1;
	return company == STRANGER ? scratch_wait(child) : 0;
}

static int create_below_own_group(void *arg)
{
	struct delegated *delegated = arg;
	struct error err = { 0 };
	int fd, parent_fd, r;

	if (add_company(delegated->company) != 0)
		return 7;
	r = cgroup_create(&delegated->place, "inner", delegated->controllers, &fd, &parent_fd, &err);
	if (delegated->company == STRANGER)
		return r == -EBUSY && strstr(err.remedy, "DelegateSubgroup=") ? 0 : 1;
	if (r < 0)
		return 2;
	if (faccessat(parent_fd, ".supervisor/cgroup.procs", F_OK, 0) < 0 ||
	    faccessat(fd, "pids.max", F_OK, 0) < 0)
		return 3;
	/* A process can live in there, and a second group needs no more moving. */
	if (scratch_wait(scratch_spawn(fd, return_zero, NULL)) != 0)
		return 4;
	if (cgroup_create(&delegated->place, "inner", delegated->controllers, &fd, &parent_fd, &err) < 0)
		return 5;
	return cgroup_remove(parent_fd, "inner") == 0 ? 0 : 6;
}

static void try_delegated(unsigned int controllers, enum company company)
{
	struct scratch scratch;
	struct delegated delegated = { .company = company, .controllers = controllers };
	struct stat st;

	scratch_init(&scratch, controllers);
	scratch_create(&scratch, controllers);
	delegated.place = scratch.place;
	strcat(delegated.place.parent, "/box");
	strcpy(delegated.place.top, delegated.place.parent);
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, create_below_own_group, &delegated))));
	cr_assert(eq(int, stat(scratch_path(&scratch, "box/.supervisor"), &st), company == STRANGER ? -1 : 0));
	scratch_finish(&scratch);
}

Test(limits_live, the_only_process_of_a_delegated_group_steps_aside)
{
	try_delegated(CGROUP_PIDS | CGROUP_MEMORY, ALONE);
}

Test(limits_live, the_only_process_steps_aside_for_controllers_that_would_let_it_stay)
{
	try_delegated(CGROUP_PIDS, ALONE);
}

Test(limits_live, a_child_steps_aside_with_its_parent)
{
	try_delegated(CGROUP_PIDS | CGROUP_MEMORY, CHILD);
}

Test(limits_live, a_delegated_group_with_other_processes_is_refused)
{
	try_delegated(CGROUP_PIDS | CGROUP_MEMORY, STRANGER);
}

Test(limits_live, a_delegated_group_with_other_processes_is_refused_for_any_controller)
{
	try_delegated(CGROUP_PIDS, STRANGER);
}
