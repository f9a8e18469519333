/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/cgroup.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "profiles/spec.h"
#include "scratch.h"

static const struct spec unlimited = { .limits = { .memory_bytes = SPEC_UNLIMITED,
						   .memory_high_bytes = SPEC_UNLIMITED,
						   .swap_bytes = SPEC_UNLIMITED,
						   .pids = SPEC_UNLIMITED } };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

Test(cgroup, is_empty_when_new_and_gone_when_removed)
{
	struct scratch scratch;
	struct stat st;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	cr_assert(zero(int, stat(scratch_path(&scratch, "box/cgroup.procs"), &st)));
	cr_assert(ne(int, fcntl(scratch.fd, F_GETFD) & FD_CLOEXEC, 0));
	cr_assert(ne(int, fcntl(scratch.parent_fd, F_GETFD) & FD_CLOEXEC, 0));
	cr_assert(zero(int, cgroup_populated(scratch.fd)));
	cr_assert(zero(int, cgroup_remove(scratch.parent_fd, "box")));
	cr_assert(ne(int, stat(scratch_path(&scratch, "box"), &st), 0));
	cr_assert(zero(int, cgroup_remove(scratch.parent_fd, "box")), "removing what is gone is no error");
	scratch_finish(&scratch);
}

Test(cgroup, kills_stopped_processes_and_processes_that_ignore_signals)
{
	struct scratch scratch;
	pid_t stopped, busy;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	busy = scratch_spawn(scratch.fd, scratch_sleep, NULL);
	stopped = scratch_spawn(scratch.fd, scratch_sleep, NULL);
	cr_assert(gt(int, stopped, 0));
	kill(stopped, SIGSTOP);
	cr_assert(eq(int, cgroup_populated(scratch.fd), 1));
	cr_assert(zero(int, cgroup_kill(scratch.fd)));
	cr_assert(eq(int, scratch_wait(stopped), 128 + SIGKILL));
	cr_assert(eq(int, scratch_wait(busy), 128 + SIGKILL));
	cr_assert(zero(int, cgroup_populated(scratch.fd)));
	scratch_finish(&scratch);
}

Test(cgroup, refuses_the_name_of_a_group_that_holds_processes)
{
	struct scratch scratch;
	struct error err = { 0 };
	int fd = -1, parent_fd = -1;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	cr_assert(gt(int, scratch_spawn(scratch.fd, scratch_sleep, NULL), 0));
	cr_assert(eq(int, cgroup_create(&scratch.place, "box", 0, &fd, &parent_fd, &err), -EBUSY));
	cr_assert(eq(str, err.msg, "make the cgroup box: it exists and holds processes"));
	cr_assert(eq(int, fd, -1));
	scratch_finish(&scratch);
}

Test(cgroup, starts_afresh_where_an_empty_group_was_left)
{
	struct scratch scratch;
	char text[32];

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	cr_assert(zero(int, fd_write_file(scratch.fd, "cgroup.max.depth", "7")));
	cr_assert(zero(int, mkdirat(scratch.fd, "below", 0755)));
	fd_close(&scratch.fd);
	fd_close(&scratch.parent_fd);
	scratch_create(&scratch, 0);
	cr_assert(gt(int, fd_read_file(scratch.fd, "cgroup.max.depth", text, sizeof(text)), 0));
	cr_assert(eq(str, text, "max\n"));
	cr_assert(eq(int, faccessat(scratch.fd, "below", F_OK, 0), -1));
	scratch_finish(&scratch);
}

Test(cgroup, removes_whatever_tree_was_made_below)
{
	const char *const tree[] = { "a", "a/b", "a/b/c", "a/b/d", "e", "e/f", "e/f/g", "e/f/g/h" };
	struct scratch scratch;
	char name[] = "x", long_name[2000];
	int fd;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	for (size_t i = 0; i < ARRAY_SIZE(tree); i++)
		cr_assert(zero(int, mkdirat(scratch.fd, tree[i], 0755)));
	snprintf(long_name, sizeof(long_name), "%01999d", 0);
	cr_assert(zero(int, mkdirat(scratch.fd, long_name, 0755)));
	fd = openat(scratch.fd, "e", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 60; i++) {
		int next;

		cr_assert(zero(int, mkdirat(fd, name, 0755)));
		next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = next;
	}
	close(fd);
	for (int i = 0; i < 60; i++) {
		char many[24];

		snprintf(many, sizeof(many), "many-%d", i);
		cr_assert(zero(int, mkdirat(scratch.fd, many, 0755)));
	}
	cr_assert(zero(int, cgroup_remove(scratch.parent_fd, "box")));
	cr_assert(eq(int, faccessat(scratch.parent_fd, "box", F_OK, 0), -1));
	scratch_finish(&scratch);
}

static int sleep_a_moment(void *arg)
{
	(void)arg;
	usleep(300000);
	return 0;
}

Test(cgroup, waits_for_the_last_process_when_removing)
{
	struct scratch scratch;
	double start;
	pid_t pid;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	start = seconds();
	pid = scratch_spawn(scratch.fd, sleep_a_moment, NULL);
	cr_assert(zero(int, cgroup_remove(scratch.parent_fd, "box")));
	cr_assert(ge(dbl, seconds() - start, 0.2));
	cr_assert(zero(int, scratch_wait(pid)));
	scratch_finish(&scratch);
}

Test(cgroup, gives_up_after_two_seconds_while_a_process_lives)
{
	struct scratch scratch;
	double took;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	cr_assert(gt(int, scratch_spawn(scratch.fd, scratch_sleep, NULL), 0));
	took = -seconds();
	cr_assert(eq(int, cgroup_remove(scratch.parent_fd, "box"), -EBUSY));
	took += seconds();
	cr_assert(ge(dbl, took, 1.9));
	cr_assert(le(dbl, took, 10));
	scratch_finish(&scratch);
}

Test(cgroup, lets_no_group_be_made_below_once_the_settings_are_applied)
{
	struct scratch scratch;
	struct cgroup_limits limits;
	struct error err = { 0 };

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	cr_assert(zero(int, cgroup_limits_build(&unlimited, &limits, &err)));
	cr_assert(zero(int, cgroup_apply(scratch.fd, &limits, &err)), "%s", err.msg);
	cr_assert(zero(int, cgroup_verify(scratch.fd, &limits, &err)), "%s", err.msg);
	cr_assert(eq(int, mkdirat(scratch.fd, "below", 0755), -1));
	cr_assert(eq(int, errno, EAGAIN));
	scratch_finish(&scratch);
}

Test(cgroup, notices_when_a_setting_does_not_hold)
{
	struct scratch scratch;
	struct cgroup_limits limits;
	struct error err = { 0 };

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	cr_assert(zero(int, cgroup_limits_build(&unlimited, &limits, &err)));
	cr_assert(zero(int, cgroup_apply(scratch.fd, &limits, &err)));
	cr_assert(zero(int, fd_write_file(scratch.fd, "cgroup.max.depth", "3")));
	cr_assert(eq(int, cgroup_verify(scratch.fd, &limits, &err), -EBADE));
	cr_assert(eq(str, err.msg, "read back cgroup.max.depth: wanted \"0\", the kernel has \"3\""));
	scratch_finish(&scratch);
}

Test(cgroup, names_file_value_and_key_of_a_setting_that_fails)
{
	const struct cgroup_limits limits = {
		.items = { { .file = "memory.nothing", .value = "5", .key = "limits.memory" } }, .n = 1
	};
	struct scratch scratch;
	struct error err = { 0 };

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	cr_assert(eq(int, cgroup_apply(scratch.fd, &limits, &err), -ENOENT));
	cr_assert(eq(str, err.msg, "write \"5\" to memory.nothing (limits.memory)"));
	scratch_finish(&scratch);
}

Test(cgroup, refuses_names_that_lead_elsewhere)
{
	char long_name[NAME_MAX + 2];
	const char *const names[] = { "", ".", "..", "a/b", "/", "../x", long_name };
	const struct cgroup_place place = {
		.found = true, .mount = "/sys/fs/cgroup", .parent = "/x", .top = "/"
	};
	struct error err = { 0 };
	int fd, parent_fd;

	snprintf(long_name, sizeof(long_name), "%0*d", NAME_MAX + 1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_assert(eq(int, cgroup_create(&place, names[i], 0, &fd, &parent_fd, &err), -EINVAL), "%s",
			  names[i]);
}

Test(cgroup, refuses_a_mount_that_is_something_else)
{
	const struct cgroup_place place = { .found = true, .mount = "/proc", .parent = "/x", .top = "/" };
	struct error err = { 0 };
	int fd, parent_fd;

	cr_assert(eq(int, cgroup_create(&place, "a", 0, &fd, &parent_fd, &err), -EMEDIUMTYPE));
	cr_assert(eq(str, err.msg, "open /proc: it isn't the cgroup2 file system"));
}

Test(cgroup, leaves_nothing_behind_when_a_controller_is_missing)
{
	struct scratch scratch;
	struct error err = { 0 };
	struct stat st;
	unsigned int missing;
	int fd, parent_fd;

	scratch_init(&scratch, 0);
	missing = 0xff & ~scratch.place.available;
	if (missing == 0)
		cr_skip_test("this machine offers every controller");
	missing &= -missing;
	cr_assert(eq(int, cgroup_create(&scratch.place, "box", missing, &fd, &parent_fd, &err), -EOPNOTSUPP));
	cr_assert(ne(ptr, strstr(err.msg, cgroup_controller_name(missing)), NULL), "%s", err.msg);
	cr_assert(ne(ptr, strstr(err.msg, "offers"), NULL), "%s", err.msg);
	cr_assert(ne(str, err.remedy, ""));
	cr_assert(ne(int, stat(scratch_path(&scratch, ""), &st), 0));
}

Test(cgroup, removes_the_parents_it_made_when_the_group_fails)
{
	struct scratch scratch;
	struct error err = { 0 };
	struct stat st;
	int fd, parent_fd;

	scratch_init(&scratch, 0);
	strcat(scratch.place.parent, "/a/b");
	cr_assert(lt(int, cgroup_create(&scratch.place, "cgroup.procs", 0, &fd, &parent_fd, &err), 0));
	cr_assert(eq(str, err.msg, "remove the left over cgroup cgroup.procs"));
	cr_assert(ne(int, stat(scratch_path(&scratch, ""), &st), 0));
	*strrchr(scratch.place.parent, '/') = '\0';
	*strrchr(scratch.place.parent, '/') = '\0';
	cr_assert(ne(int, stat(scratch_path(&scratch, ""), &st), 0));
}

static int find_own_place(void *arg)
{
	const struct scratch *scratch = arg;
	struct cgroup_place place;
	struct error err = { 0 };

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 10;
	if (cgroup_place_find(&place, &err) < 0)
		return 11;
	if (!place.found)
		return 12;
	/* box is ours, and so is what is below it, but not what is above. */
	snprintf(err.msg, sizeof(err.msg), "%s/box", scratch->place.parent);
	return str_equal(place.parent, err.msg) && str_equal(place.top, err.msg) ? 0 : 13;
}

Test(cgroup, finds_the_group_that_was_given_to_a_user)
{
	const char *const files[] = { "", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads" };
	struct scratch scratch;

	scratch_init(&scratch, 0);
	if (geteuid() != 0)
		cr_skip_test("only root can give a group away");
	scratch_create(&scratch, 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		cr_assert(zero(int, fchownat(scratch.fd, files[i], 65534, 65534, AT_EMPTY_PATH)));
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, find_own_place, &scratch))));
	scratch_finish(&scratch);
}

static int burn(void *arg)
{
	const double end = seconds() + 0.1;

	(void)arg;
	while (seconds() < end)
		;
	return 0;
}

Test(cgroup, counts_cpu_time_without_any_controller)
{
	struct scratch scratch;
	struct cgroup_end end;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, burn, NULL))));
	cgroup_end_read(scratch.fd, &end);
	cr_assert(gt(u64, end.cpu_usage_us, 1000));
	cr_assert(zero(u64, end.oom_kills));
	cr_assert(zero(u64, end.pids_max_hits));
	cr_assert(eq(u64, end.memory_max_bytes, UINT64_MAX));
	scratch_finish(&scratch);
}
