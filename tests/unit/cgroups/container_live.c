/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups of OCI containers, made and removed on the cgroup2 mount of this machine. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "cgroups/container.h"
#include "container_group.h"

Test(container, is_made_with_all_that_is_missing_above_it)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "a/b/box");
	int fd = container_group_make(&group, 0), again;

	cr_assert(container_group_is_there(&scratch, "a/b/box/cgroup.procs"));
	again = cgroup_container_open(&group);
	cr_assert(ge(int, again, 0));
	close(again);
	close(fd);
	container_group_remove(&group);
	cr_assert(container_group_is_there(&scratch, "a/b"), "what stands above may be the engine's");
	container_group_remove(&group);
	rmdir(scratch_path(&scratch, "a/b"));
	rmdir(scratch_path(&scratch, "a"));
	scratch_finish(&scratch);
}

Test(container, is_refused_where_processes_are)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "box");
	struct error err = { 0 };
	int fd = container_group_make(&group, 0), other = -1;
	pid_t pid = scratch_spawn(fd, scratch_sleep, NULL);

	cr_assert(eq(int, cgroup_container_create(&group, 0, &other, &err), -EBUSY));
	cr_assert(ne(ptr, strstr(err.msg, "is not empty"), NULL), "%s", err.msg);
	cr_assert(eq(int, other, -1));
	cr_assert(container_group_is_there(&scratch, "box"), "it isn't ours to remove");
	kill(pid, SIGKILL);
	scratch_wait(pid);
	other = container_group_make(&group, 0);
	close(other);
	close(fd);
	container_group_remove(&group);
	scratch_finish(&scratch);
}

Test(container, is_refused_where_it_would_be_frozen_at_birth)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "above/box"),
				above = container_group_name(&scratch, 0, "above");
	struct error err = { 0 };
	int fd = container_group_make(&above, 0), other = -1;

	cr_assert(zero(int, fd_write_file(fd, "cgroup.freeze", "1")));
	cr_assert(eq(int, cgroup_container_create(&group, 0, &other, &err), -EBUSY));
	cr_assert(ne(ptr, strstr(err.msg, "is frozen"), NULL), "%s", err.msg);
	cr_assert(not(container_group_is_there(&scratch, "above/box")));
	cr_assert(eq(int, cgroup_container_create(&above, 0, &other, &err), -EBUSY));
	cr_assert(container_group_is_there(&scratch, "above"));
	close(fd);
	container_group_remove(&above);
	scratch_finish(&scratch);
}

Test(container, is_refused_below_a_threaded_group_and_leaves_nothing)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "top/threads/x/box"),
				top = container_group_name(&scratch, 0, "top");
	struct error err = { 0 };
	int fd = container_group_make(&top, 0), other = -1;

	cr_assert(zero(int, mkdirat(fd, "threads", 0755)));
	cr_assert(zero(int, fd_write_file(fd, "threads/cgroup.type", "threaded")));
	cr_assert(eq(int, cgroup_container_create(&group, 0, &other, &err), -EOPNOTSUPP));
	cr_assert(ne(ptr, strstr(err.msg, "domain invalid"), NULL), "%s", err.msg);
	cr_assert(not(container_group_is_there(&scratch, "top/threads/x")));
	cr_assert(container_group_is_there(&scratch, "top/threads"));
	close(fd);
	container_group_remove(&top);
	scratch_finish(&scratch);
}

Test(container, is_removed_with_everything_that_runs_in_it_and_below)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "box");
	struct error err = { 0 };
	int fd = container_group_make(&group, 0), below;
	pid_t pids[3];

	cr_assert(zero(int, mkdirat(fd, "payload", 0755)));
	cr_assert(zero(int, mkdirat(fd, "payload/inner", 0755)));
	below = openat(fd, "payload/inner", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pids[0] = scratch_spawn(fd, scratch_sleep, NULL);
	pids[1] = scratch_spawn(below, scratch_sleep, NULL);
	pids[2] = scratch_spawn(below, scratch_sleep, NULL);
	cr_assert(zero(int, cgroup_container_freeze(fd, true, &err)), "%s", err.msg);
	kill(pids[2], SIGSTOP);
	close(below);
	close(fd);
	container_group_remove(&group);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		cr_assert(eq(int, scratch_wait(pids[i]), 128 + SIGKILL));
	scratch_finish(&scratch);
}

/* Counts in a pipe as long as it runs. */
static int ticking(void *arg)
{
	const int *fd = arg;
	const struct timespec pause_ns = { .tv_nsec = 2000000 };

	while (write(*fd, "x", 1) == 1)
		nanosleep(&pause_ns, NULL);
	return 0;
}

static int ticks(int fd, int wait_ms)
{
	const struct timespec time = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L };
	char buffer[4096];
	int n = 0;
	ssize_t got;

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	nanosleep(&time, NULL);
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		n += (int)got;
	return n;
}

Test(container, stands_still_while_frozen)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "box");
	struct error err = { 0 };
	int fd = container_group_make(&group, 0), ends[2];
	pid_t pid;

	cr_assert(zero(int, pipe2(ends, O_CLOEXEC | O_NONBLOCK)));
	fcntl(ends[1], F_SETFL, 0);
	pid = scratch_spawn(fd, ticking, &ends[1]);
	cr_assert(zero(int, cgroup_container_frozen(fd)));
	cr_assert(gt(int, ticks(ends[0], 300), 0));
	cr_assert(zero(int, cgroup_container_freeze(fd, true, &err)), "%s", err.msg);
	cr_assert(eq(int, cgroup_container_frozen(fd), 1));
	cr_assert(zero(int, ticks(ends[0], 300)));
	cr_assert(zero(int, cgroup_container_freeze(fd, true, &err)), "again is no error");
	cr_assert(zero(int, cgroup_container_freeze(fd, false, &err)), "%s", err.msg);
	cr_assert(zero(int, cgroup_container_frozen(fd)));
	cr_assert(gt(int, ticks(ends[0], 300), 0));
	close(fd);
	container_group_remove(&group);
	scratch_wait(pid);
	scratch_finish(&scratch);
}

Test(container, lists_its_processes_wherever_they_hide)
{
	enum { DEPTH = 40, N = DEPTH / 10 + 2 };
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "box");
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	int fd = container_group_make(&group, 0), below = dup(fd);
	pid_t expected[N], *pids = NULL;
	size_t n_expected = 0, n = 99;

	cr_assert(zero(int, cgroup_container_procs(fd, arena, &pids, &n, &err)), "%s", err.msg);
	cr_assert(zero(sz, n));
	expected[n_expected++] = scratch_spawn(fd, scratch_sleep, NULL);
	for (int i = 0; i < DEPTH; i++) {
		int next;

		cr_assert(zero(int, mkdirat(below, "first", 0755)));
		cr_assert(zero(int, mkdirat(below, "deeper", 0755)));
		cr_assert(zero(int, mkdirat(below, "zlast", 0755)));
		next = openat(below, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (i % 10 == 9)
			expected[n_expected++] = scratch_spawn(next, scratch_sleep, NULL);
		close(below);
		below = next;
	}
	cr_assert(zero(int, cgroup_container_procs(fd, arena, &pids, &n, &err)), "%s", err.msg);
	cr_assert(eq(sz, n, n_expected));
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		cr_assert(i == 0 || pids[i - 1] < pids[i]);
		for (size_t j = 0; j < n_expected; j++)
			found |= pids[i] == expected[j];
		cr_assert(found, "%d", (int)pids[i]);
	}
	close(below);
	close(fd);
	container_group_remove(&group);
	scratch_finish(&scratch);
}

Test(container, lists_nothing_when_it_is_gone)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "box");
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	int fd = container_group_make(&group, 0);
	pid_t *pids;
	size_t n = 99;

	container_group_remove(&group);
	cr_assert(zero(int, cgroup_container_procs(fd, arena, &pids, &n, &err)), "%s", err.msg);
	cr_assert(zero(sz, n));
	cr_assert(eq(ptr, cgroup_stats_json(fd, arena, &err), NULL));
	close(fd);
	scratch_finish(&scratch);
}

Test(container, takes_a_process_in_and_keeps_it_inside)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "box");
	struct error err = { 0 };
	int fd = container_group_make(&group, 0), sub_fd, found;
	pid_t pid = scratch_spawn(-1, scratch_sleep, NULL);
	struct stat sub, of;

	cr_assert(zero(int, mkdirat(fd, "sub", 0755)));
	cr_assert(zero(int, cgroup_container_enter(fd, NULL, pid, &err)), "%s", err.msg);
	cr_assert(eq(int, cgroup_populated(fd), 1));
	cr_assert(zero(int, cgroup_container_enter(fd, "/sub", pid, &err)), "%s", err.msg);
	sub_fd = openat(fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(eq(int, cgroup_populated(sub_fd), 1));
	found = cgroup_container_open_of(&group, pid);
	cr_assert(ge(int, found, 0));
	cr_assert(zero(int, fstat(sub_fd, &sub)));
	cr_assert(zero(int, fstat(found, &of)));
	cr_assert(eq(u64, sub.st_ino, of.st_ino), "exec joins where the first process is");
	close(found);
	found = cgroup_container_open_of(&group, getpid());
	cr_assert(zero(int, fstat(fd, &sub)));
	cr_assert(zero(int, fstat(found, &of)));
	cr_assert(eq(u64, sub.st_ino, of.st_ino), "a process from elsewhere");
	close(found);
	cr_assert(lt(int, cgroup_container_enter(fd, "../..", pid, &err), 0));
	cr_assert(lt(int, cgroup_container_enter(fd, "missing", pid, &err), 0));
	cr_assert(eq(int, cgroup_populated(sub_fd), 1));
	close(sub_fd);
	close(fd);
	container_group_remove(&group);
	cr_assert(eq(int, scratch_wait(pid), 128 + SIGKILL));
	scratch_finish(&scratch);
}

Test(container, without_a_group_takes_no_limits)
{
	const struct cgroup_container none = { .manager = CGROUP_MANAGER_DISABLED };
	struct error err = { 0 };
	int fd = 5;

	cr_assert(zero(int, cgroup_container_create(&none, 0, &fd, &err)));
	cr_assert(eq(int, fd, -1));
	cr_assert(
		eq(int, cgroup_container_create(&none, CGROUP_MEMORY | CGROUP_PIDS, &fd, &err), -EOPNOTSUPP));
	cr_assert(ne(ptr, strstr(err.msg, "linux.resources.memory, linux.resources.pids"), NULL), "%s",
		  err.msg);
	cr_assert(ne(str, err.remedy, ""));
	cr_assert(eq(int, cgroup_container_open(&none), -ENOENT));
	cr_assert(zero(int, cgroup_container_remove(&none, &err)));
}

Test(container, has_every_controller_that_the_host_has)
{
	struct scratch scratch;
	struct cgroup_container group =
		container_group_name(&scratch, CGROUP_MEMORY | CGROUP_PIDS, "a/b/box");
	char top[256], own[256];
	int fd = container_group_make(&group, 0);

	cr_assert(gt(long, fd_read_file(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", top, sizeof(top)), 0));
	cr_assert(gt(long, fd_read_file(fd, "cgroup.controllers", own, sizeof(own)), 0));
	cr_assert(eq(str, own, top));
	cr_assert(zero(int, faccessat(fd, "memory.events", F_OK, 0)));
	close(fd);
	container_group_remove(&group);
	rmdir(scratch_path(&scratch, "a/b"));
	rmdir(scratch_path(&scratch, "a"));
	scratch_finish(&scratch);
}

/* A process whose parent is not the caller, who would step aside together with his own children. */
static int leave_a_stranger(void *arg)
{
	const int *fd = arg;
	pid_t pid = fork();

	if (pid == 0)
		return write(*fd, "x", 1) == 1 ? scratch_sleep(NULL) : 1;
	return pid < 0;
}

static void add_stranger(int fd)
{
	int ends[2];
	char word;

	cr_assert(zero(int, pipe2(ends, O_CLOEXEC)));
	cr_assert(zero(int, scratch_wait(scratch_spawn(fd, leave_a_stranger, &ends[1]))));
	cr_assert(eq(long, read(ends[0], &word, 1), 1));
	close(ends[0]);
	close(ends[1]);
}

Test(container, is_refused_below_a_group_with_processes_if_limits_need_controllers)
{
	struct scratch scratch;
	struct cgroup_container above = container_group_name(&scratch, CGROUP_MEMORY, "above"),
				group = container_group_name(&scratch, CGROUP_MEMORY, "above/box");
	struct error err = { 0 };
	int fd = container_group_make(&above, 0), other = -1;

	add_stranger(fd);
	cr_assert(eq(int, cgroup_container_create(&group, CGROUP_MEMORY, &other, &err), -EBUSY));
	cr_assert(ne(ptr, strstr(err.msg, "linux.resources.memory"), NULL), "%s", err.msg);
	cr_assert(ne(ptr, strstr(err.msg, "/above: it holds processes"), NULL), "%s", err.msg);
	cr_assert(not(container_group_is_there(&scratch, "above/box")));
	/* Without limits it works, as engines expect that start containers from a group of their own. */
	other = container_group_make(&group, 0);
	cr_assert(gt(int, scratch_spawn(other, scratch_sleep, NULL), 0));
	close(other);
	container_group_remove(&group);
	close(fd);
	container_group_remove(&above);
	scratch_finish(&scratch);
}
