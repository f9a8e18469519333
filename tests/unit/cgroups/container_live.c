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
#include "scratch.h"

/* A name below the test's own parent: "…/kapsel-test-PID/box". */
static struct cgroup_container name(struct scratch *scratch, unsigned int controllers, const char *below)
{
	struct cgroup_container group = { .manager = CGROUP_MANAGER_CGROUPFS };
	int length;

	scratch_init(scratch, controllers);
	if (scratch->place.top[1] != '\0' && controllers)
		cr_skip_test(
			"controllers are switched on from the root of the hierarchy, which isn't ours here");
	memcpy(group.mount, scratch->place.mount, sizeof(group.mount));
	length = snprintf(group.path, sizeof(group.path), "%s/%s", scratch->place.parent, below);
	cr_assert(length < (int)sizeof(group.path));
	return group;
}

static int make(const struct cgroup_container *group, unsigned int needed)
{
	struct error err = { 0 };
	int fd = -1;

	cr_assert(zero(int, cgroup_container_create(group, needed, &fd, &err)), "%s: %s; %s", err.msg,
		  error_name(err.code), err.remedy);
	cr_assert(ne(int, fcntl(fd, F_GETFD) & FD_CLOEXEC, 0));
	return fd;
}

static void removed(const struct cgroup_container *group)
{
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_container_remove(group, &err)), "%s: %s", err.msg, error_name(err.code));
	cr_assert(eq(int, cgroup_container_open(group), -ENOENT));
}

static bool is_there(const struct scratch *scratch, const char *below)
{
	struct stat st;

	return stat(scratch_path(scratch, below), &st) == 0;
}

Test(container, is_made_with_all_that_is_missing_above_it)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "a/b/box");
	int fd = make(&group, 0), again;

	cr_assert(is_there(&scratch, "a/b/box/cgroup.procs"));
	again = cgroup_container_open(&group);
	cr_assert(ge(int, again, 0));
	close(again);
	close(fd);
	removed(&group);
	cr_assert(is_there(&scratch, "a/b"), "what stands above may be the engine's");
	removed(&group);
	rmdir(scratch_path(&scratch, "a/b"));
	rmdir(scratch_path(&scratch, "a"));
	scratch_finish(&scratch);
}

Test(container, is_refused_where_processes_are)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "box");
	struct error err = { 0 };
	int fd = make(&group, 0), other = -1;
	pid_t pid = scratch_spawn(fd, scratch_sleep, NULL);

	cr_assert(eq(int, cgroup_container_create(&group, 0, &other, &err), -EBUSY));
	cr_assert(ne(ptr, strstr(err.msg, "is not empty"), NULL), "%s", err.msg);
	cr_assert(eq(int, other, -1));
	cr_assert(is_there(&scratch, "box"), "it isn't ours to remove");
	kill(pid, SIGKILL);
	scratch_wait(pid);
	other = make(&group, 0);
	close(other);
	close(fd);
	removed(&group);
	scratch_finish(&scratch);
}

Test(container, is_refused_where_it_would_be_frozen_at_birth)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "above/box"), above = name(&scratch, 0, "above");
	struct error err = { 0 };
	int fd = make(&above, 0), other = -1;

	cr_assert(zero(int, fd_write_file(fd, "cgroup.freeze", "1")));
	cr_assert(eq(int, cgroup_container_create(&group, 0, &other, &err), -EBUSY));
	cr_assert(ne(ptr, strstr(err.msg, "is frozen"), NULL), "%s", err.msg);
	cr_assert(not(is_there(&scratch, "above/box")));
	cr_assert(eq(int, cgroup_container_create(&above, 0, &other, &err), -EBUSY));
	cr_assert(is_there(&scratch, "above"));
	close(fd);
	removed(&above);
	scratch_finish(&scratch);
}

Test(container, is_refused_below_a_threaded_group_and_leaves_nothing)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "top/threads/x/box"),
				top = name(&scratch, 0, "top");
	struct error err = { 0 };
	int fd = make(&top, 0), other = -1;

	cr_assert(zero(int, mkdirat(fd, "threads", 0755)));
	cr_assert(zero(int, fd_write_file(fd, "threads/cgroup.type", "threaded")));
	cr_assert(eq(int, cgroup_container_create(&group, 0, &other, &err), -EOPNOTSUPP));
	cr_assert(ne(ptr, strstr(err.msg, "domain invalid"), NULL), "%s", err.msg);
	cr_assert(not(is_there(&scratch, "top/threads/x")));
	cr_assert(is_there(&scratch, "top/threads"));
	close(fd);
	removed(&top);
	scratch_finish(&scratch);
}

Test(container, is_removed_with_everything_that_runs_in_it_and_below)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "box");
	struct error err = { 0 };
	int fd = make(&group, 0), below;
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
	removed(&group);
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
	struct cgroup_container group = name(&scratch, 0, "box");
	struct error err = { 0 };
	int fd = make(&group, 0), ends[2];
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
	removed(&group);
	scratch_wait(pid);
	scratch_finish(&scratch);
}

Test(container, lists_its_processes_wherever_they_hide)
{
	enum { DEPTH = 40, N = DEPTH / 10 + 2 };
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "box");
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	int fd = make(&group, 0), below = dup(fd);
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
	removed(&group);
	scratch_finish(&scratch);
}

Test(container, lists_nothing_when_it_is_gone)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "box");
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	int fd = make(&group, 0);
	pid_t *pids;
	size_t n = 99;

	removed(&group);
	cr_assert(zero(int, cgroup_container_procs(fd, arena, &pids, &n, &err)), "%s", err.msg);
	cr_assert(zero(sz, n));
	cr_assert(eq(ptr, cgroup_stats_json(fd, arena, &err), NULL));
	close(fd);
	scratch_finish(&scratch);
}

Test(container, takes_a_process_in_and_keeps_it_inside)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "box");
	struct error err = { 0 };
	int fd = make(&group, 0), sub_fd, found;
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
	removed(&group);
	cr_assert(eq(int, scratch_wait(pid), 128 + SIGKILL));
	scratch_finish(&scratch);
}

Test(container, gives_its_user_what_the_kernel_lists_and_no_limit)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, 0, "box");
	struct error err = { 0 };
	struct stat st;
	int fd;

	if (geteuid() != 0)
		cr_skip_test("only root can give files away");
	fd = make(&group, 0);
	cr_assert(zero(int, cgroup_container_delegate(fd, 12345, &err)), "%s", err.msg);
	cr_assert(zero(int, fstat(fd, &st)));
	cr_assert(eq(uint, st.st_uid, 12345));
	cr_assert(zero(int, fstatat(fd, "cgroup.procs", &st, 0)));
	cr_assert(eq(uint, st.st_uid, 12345));
	cr_assert(zero(int, fstatat(fd, "cgroup.subtree_control", &st, 0)));
	cr_assert(eq(uint, st.st_uid, 12345));
	cr_assert(zero(int, fstatat(fd, "cgroup.max.depth", &st, 0)));
	cr_assert(zero(uint, st.st_uid));
	close(fd);
	removed(&group);
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

Test(container, resolves_paths_of_all_forms)
{
	struct cgroup_container group;
	struct cgroup_place place;
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_place_find(&place, &err)));
	if (!place.found || geteuid() != 0 || place.top[1] != '\0')
		cr_skip_test("the root of the hierarchy isn't ours here");
	cr_assert(zero(int, cgroup_container_resolve("/docker/x", "x", CGROUP_MANAGER_CGROUPFS, false, &group,
						     &err)));
	cr_assert(eq(str, group.path, "/docker/x"));
	cr_assert(eq(str, group.mount, place.mount));
	cr_assert(zero(int, cgroup_container_resolve("docker/x", "x", CGROUP_MANAGER_CGROUPFS, false, &group,
						     &err)));
	cr_assert(eq(str, group.path, "/kapsel-oci/docker/x"));
	cr_assert(zero(int,
		       cgroup_container_resolve(NULL, "x.y", CGROUP_MANAGER_CGROUPFS, true, &group, &err)));
	cr_assert(eq(str, group.path, "/kapsel-oci/x.y"));
	cr_assert(zero(int, cgroup_container_resolve("a.slice:b:c", "x", CGROUP_MANAGER_SYSTEMD, false,
						     &group, &err)));
	cr_assert(eq(str, group.path, "/a.slice/b-c.scope"));
	cr_assert(
		zero(int, cgroup_container_resolve("/x", "x", CGROUP_MANAGER_DISABLED, false, &group, &err)));
	cr_assert(eq(str, group.path, ""));
	cr_assert(
		eq(int,
		   cgroup_container_resolve("/a/../../b", "x", CGROUP_MANAGER_CGROUPFS, false, &group, &err),
		   -EINVAL));
	cr_assert(eq(int, cgroup_container_resolve("/", "x", CGROUP_MANAGER_CGROUPFS, false, &group, &err),
		     -EINVAL));
}

static int resolve_as_nobody(void *arg)
{
	const char *path = arg;
	struct cgroup_container group;
	struct error err = { 0 };

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 2;
	if (cgroup_container_resolve(path, "x", CGROUP_MANAGER_CGROUPFS, true, &group, &err) < 0)
		return 3;
	return group.path[0] == '\0' && group.manager == CGROUP_MANAGER_DISABLED ? 0 : 1;
}

Test(container, of_a_user_without_a_delegated_group_has_none)
{
	struct scratch scratch;

	if (geteuid() != 0)
		cr_skip_test("only root can become a user without a group of his own");
	scratch_init(&scratch, 0);
	cr_assert(zero(int, scratch_wait(scratch_spawn(-1, resolve_as_nobody, "/docker/x"))));
	cr_assert(zero(int, scratch_wait(scratch_spawn(-1, resolve_as_nobody, NULL))));
	scratch_finish(&scratch);
}

struct delegated {
	const char *path;
	uid_t uid;
};

static int live_in_a_delegated_group(void *arg)
{
	const struct delegated *delegated = arg;
	struct cgroup_container group;
	struct error err = { 0 };
	int fd = -1;

	if (setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(delegated->uid, delegated->uid, delegated->uid) < 0)
		return 2;
	if (cgroup_container_resolve(delegated->path, "x", CGROUP_MANAGER_CGROUPFS, true, &group, &err) < 0)
		return 3;
	if (group.path[0] == '\0')
		return 4;
	if (cgroup_container_create(&group, 0, &fd, &err) < 0)
		return 5;
	if (scratch_spawn(fd, scratch_sleep, NULL) < 0)
		return 6;
	return cgroup_container_remove(&group, &err) < 0 ? 7 : 0;
}

Test(container, of_a_user_goes_below_his_delegated_group)
{
	struct scratch scratch;
	struct cgroup_container own = name(&scratch, 0, "user"), leaf = name(&scratch, 0, "user/leaf");
	char path[CGROUP_PATH_MAX + 16];
	struct delegated delegated = { NULL, 65534 };
	struct error err = { 0 };
	int fd, leaf_fd;

	if (geteuid() != 0)
		cr_skip_test("only root can delegate a group");
	fd = make(&own, 0);
	leaf_fd = make(&leaf, 0);
	cr_assert(zero(int, cgroup_container_delegate(fd, 65534, &err)));
	cr_assert(zero(int, cgroup_container_delegate(leaf_fd, 65534, &err)));
	cr_assert(zero(int, scratch_wait(scratch_spawn(leaf_fd, live_in_a_delegated_group, &delegated))));
	snprintf(path, sizeof(path), "%s/by-path", own.path);
	delegated.path = path;
	cr_assert(zero(int, scratch_wait(scratch_spawn(leaf_fd, live_in_a_delegated_group, &delegated))));
	delegated.path = "/elsewhere/x";
	cr_assert(eq(int, scratch_wait(scratch_spawn(leaf_fd, live_in_a_delegated_group, &delegated)), 4));
	close(leaf_fd);
	close(fd);
	removed(&own);
	scratch_finish(&scratch);
}

Test(container, has_every_controller_that_the_host_has)
{
	struct scratch scratch;
	struct cgroup_container group = name(&scratch, CGROUP_MEMORY | CGROUP_PIDS, "a/b/box");
	char top[256], own[256];
	int fd = make(&group, 0);

	cr_assert(gt(long, fd_read_file(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", top, sizeof(top)), 0));
	cr_assert(gt(long, fd_read_file(fd, "cgroup.controllers", own, sizeof(own)), 0));
	cr_assert(eq(str, own, top));
	cr_assert(zero(int, faccessat(fd, "memory.events", F_OK, 0)));
	close(fd);
	removed(&group);
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
	struct cgroup_container above = name(&scratch, CGROUP_MEMORY, "above"),
				group = name(&scratch, CGROUP_MEMORY, "above/box");
	struct error err = { 0 };
	int fd = make(&above, 0), other = -1;

	add_stranger(fd);
	cr_assert(eq(int, cgroup_container_create(&group, CGROUP_MEMORY, &other, &err), -EBUSY));
	cr_assert(ne(ptr, strstr(err.msg, "linux.resources.memory"), NULL), "%s", err.msg);
	cr_assert(ne(ptr, strstr(err.msg, "/above: it holds processes"), NULL), "%s", err.msg);
	cr_assert(not(is_there(&scratch, "above/box")));
	/* Without limits it works, as engines expect that start containers from a group of their own. */
	other = make(&group, 0);
	cr_assert(gt(int, scratch_spawn(other, scratch_sleep, NULL), 0));
	close(other);
	removed(&group);
	close(fd);
	removed(&above);
	scratch_finish(&scratch);
}
