/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/state.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "tests/unit/base/scratch.h"

static struct oci_state_root root_in(const struct scratch *scratch)
{
	return (struct oci_state_root){ .path = scratch->path, .given = true };
}

Test(oci_state, accepts_the_ids_that_the_engines_use)
{
	static const char *const good[] = { "a", "0f3a", "web-1_b.c+d", "A", "...", "x-", "_", ".hidden" };
	static const char *const bad[] = { "",  ".",   "..", "a/b", "../x", "a b",      "a\n",
					   "é", "a:b", "a*", "-",   "-x",   "--root=/x" };
	char longest[257];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		cr_assert(zero(int, oci_state_check_id(good[i], NULL)), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, oci_state_check_id(bad[i], NULL), -EINVAL), "%s", bad[i]);
	memset(longest, 'a', sizeof(longest));
	longest[256] = '\0';
	cr_assert(eq(int, oci_state_check_id(longest, NULL), -EINVAL));
	longest[255] = '\0';
	cr_assert(zero(int, oci_state_check_id(longest, NULL)));
}

#define STAT_REST " 1 1 0 -1 4194560 98 0 0 0 0 0 0 0 20 0 1 0 "

Test(oci_state, finds_the_start_time_behind_any_name)
{
	cr_assert(eq(u64, oci_state_start_time_parse("7 (sh) S 1" STAT_REST "4711 1 2 3"), 4711));
	cr_assert(eq(u64, oci_state_start_time_parse("7 (a) Z 1 ) R 1" STAT_REST "4711 1 2 3"), 4711));
	cr_assert(eq(u64, oci_state_start_time_parse("7 ((((x y)) D 1" STAT_REST "99999999999 1"),
		     99999999999));
}

Test(oci_state, gives_no_start_time_to_the_dead)
{
	static const char *const dead[] = { "7 (sh) Z 1" STAT_REST "4711 1",
					    "7 (sh) X 1" STAT_REST "4711 1",
					    "7 (sh) S 1 2 3",
					    "7 (sh",
					    "",
					    "7 (sh)",
					    "7 (sh) S 1" STAT_REST "-4 1",
					    "7 (sh) S 1" STAT_REST "4x 1" };

	for (size_t i = 0; i < ARRAY_SIZE(dead); i++)
		cr_assert(zero(u64, oci_state_start_time_parse(dead[i])), "%s", dead[i]);
	cr_assert(zero(u64, oci_state_start_time(0)));
	cr_assert(zero(u64, oci_state_start_time(-1)));
	cr_assert(gt(u64, oci_state_start_time(getpid()), 0));
}

static pid_t make_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	cr_assert(gt(int, pid, 0));
	return pid;
}

Test(oci_state, follows_the_life_of_the_process)
{
	pid_t pid = make_sleeper();
	struct oci_state state = { .id = "x", .cgroup.manager = CGROUP_MANAGER_DISABLED };
	siginfo_t info;
	int pidfd;

	cr_assert(eq(int, oci_state_status(&state), OCI_STATUS_CREATING));
	state.pid = pid;
	state.start_time = oci_state_start_time(pid);
	state.creating = true;
	cr_assert(eq(int, oci_state_status(&state), OCI_STATUS_CREATING));
	state.creating = false;
	cr_assert(eq(int, oci_state_status(&state), OCI_STATUS_CREATED));
	state.started = true;
	cr_assert(eq(int, oci_state_status(&state), OCI_STATUS_RUNNING));
	pidfd = oci_state_pidfd(&state);
	cr_assert(ge(int, pidfd, 0));
	close(pidfd);
	/* A zombie is dead, also before its parent looks. */
	kill(pid, SIGKILL);
	cr_assert(zero(int, waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT)));
	cr_assert(eq(int, oci_state_status(&state), OCI_STATUS_STOPPED));
	cr_assert(eq(int, oci_state_pidfd(&state), -ESRCH));
	waitpid(pid, NULL, 0);
	cr_assert(eq(int, oci_state_status(&state), OCI_STATUS_STOPPED));
}

Test(oci_state, takes_another_process_of_the_same_number_for_the_end)
{
	struct oci_state state = { .id = "x", .pid = getpid(), .started = true };

	state.cgroup.manager = CGROUP_MANAGER_DISABLED;
	state.start_time = oci_state_start_time(getpid()) + 1;
	cr_assert(eq(int, oci_state_status(&state), OCI_STATUS_STOPPED));
	cr_assert(eq(int, oci_state_pidfd(&state), -ESRCH));
	state.start_time = 0;
	cr_assert(eq(int, oci_state_status(&state), OCI_STATUS_STOPPED));
}

Test(oci_state, claims_an_id_once)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = root_in(&scratch);
	_cleanup_fd_ int fd = oci_state_create(&root, "web", NULL);
	struct error err = { 0 };
	struct stat st;

	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, fstat(fd, &st)));
	cr_assert(eq(u32, st.st_mode & 07777, 0700));
	cr_assert(eq(int, oci_state_create(&root, "web", &err), -EEXIST));
	cr_assert(str_starts(err.msg, "container with given ID already exists"));
	cr_assert(eq(int, oci_state_create(&root, "../web", &err), -EINVAL));
}

Test(oci_state, makes_its_root_with_all_above)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char path[128];
	struct oci_state_root root = { .path = path };
	_cleanup_fd_ int fd = -1;
	struct stat st;

	snprintf(path, sizeof(path), "%s/a/b/kapsel-oci", scratch.path);
	fd = oci_state_create(&root, "web", NULL);
	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, stat(path, &st)));
	cr_assert(eq(u32, st.st_mode & 07777, 01700),
		  "without the sticky bit it would be cleaned away by age");
}

Test(oci_state, says_that_an_unknown_container_does_not_exist)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = root_in(&scratch), nowhere = { .path = "/nowhere/at/all" };
	struct error err = { 0 };

	cr_assert(eq(int, oci_state_open(&root, "web", &err), -ENOENT));
	cr_assert(str_starts(err.msg, "container does not exist"));
	cr_assert(eq(int, oci_state_open(&nowhere, "web", &err), -ENOENT));
	cr_assert(str_starts(err.msg, "container does not exist"));
}

Test(oci_state, follows_no_link_to_a_container)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = root_in(&scratch);

	scratch_link(&scratch, "web", "/etc");
	cr_assert(lt(int, oci_state_open(&root, "web", NULL), 0));
	cr_assert(eq(int, oci_state_create(&root, "web", NULL), -EEXIST));
}

Test(oci_state, uses_no_root_that_others_can_write)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = root_in(&scratch);
	_cleanup_fd_ int fd = -1;
	struct error err = { 0 };

	cr_assert(zero(int, chmod(scratch.path, 0777)));
	cr_assert(eq(int, oci_state_create(&root, "web", &err), -EPERM));
	cr_assert(zero(int, chmod(scratch.path, 01777)));
	fd = oci_state_create(&root, "web", &err);
	cr_assert(ge(int, fd, 0));
}

Test(oci_state, follows_a_link_to_its_root_only_where_nobody_else_can_exchange_it)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = { .given = true };
	char path[128];

	snprintf(path, sizeof(path), "%s/link", scratch.path);
	root.path = path;
	scratch_dir(&scratch, "own");
	scratch_link(&scratch, "link", "own");
	for (size_t i = 0; i < 2; i++) {
		_cleanup_fd_ int fd = -1;

		cr_assert(zero(int, chmod(scratch.path, i == 0 ? 0755 : 01777)));
		fd = oci_state_open_root(&root, NULL);
		cr_assert(ge(int, fd, 0));
	}
	cr_assert(zero(int, chmod(scratch.path, 0777)));
	cr_assert(eq(int, oci_state_open_root(&root, NULL), -EPERM));
	cr_assert(zero(int, chmod(scratch.path, 0755)));
	if (geteuid() != 0)
		cr_skip_test("a link of somebody else's needs root");
	cr_assert(zero(int, lchown(path, 65534, 65534)));
	cr_assert(eq(int, oci_state_open_root(&root, NULL), -EPERM));
}

Test(oci_state, says_that_a_root_is_no_directory)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = { .given = true };
	struct error err = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/file", scratch.path);
	root.path = path;
	scratch_file(&scratch, "file", "");
	cr_assert(eq(int, oci_state_open_root(&root, &err), -ENOTDIR));
	cr_assert(str_starts(err.msg, "open the state directory"));
}

Test(oci_state, lets_one_at_a_time_change_a_container)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = root_in(&scratch);
	_cleanup_fd_ int first = oci_state_create(&root, "web", NULL),
			 second = oci_state_open(&root, "web", NULL);

	cr_assert(ge(int, second, 0));
	cr_assert(eq(int, flock(second, LOCK_EX | LOCK_NB), -1));
	oci_state_unlock(first);
	cr_assert(zero(int, oci_state_lock(second, NULL)));
	cr_assert(eq(int, flock(first, LOCK_EX | LOCK_NB), -1));
	fd_close(&second);
	cr_assert(zero(int, oci_state_lock(first, NULL)));
}

Test(oci_state, notices_when_it_waited_for_a_container_that_went)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = root_in(&scratch);
	_cleanup_fd_ int first = oci_state_create(&root, "web", NULL),
			 second = oci_state_open(&root, "web", NULL);

	cr_assert(zero(int, oci_state_remove(&root, "web", NULL)));
	fd_close(&first);
	cr_assert(eq(int, oci_state_lock(second, NULL), -ENOENT));
}

Test(oci_state, removes_all_and_follows_nothing)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state_root root = root_in(&scratch);
	_cleanup_fd_ int fd = oci_state_create(&root, "web", NULL);

	cr_assert(ge(int, fd, 0));
	scratch_dir(&scratch, "precious");
	scratch_file(&scratch, "precious/file", "x");
	scratch_file(&scratch, "web/state.json", "{}");
	scratch_file(&scratch, "web/config.json", "{}");
	scratch_dir(&scratch, "web/notify");
	scratch_file(&scratch, "web/notify/inner", "x");
	scratch_link(&scratch, "web/link", "../precious");
	scratch_link(&scratch, "web/notify/link", "../../precious");
	cr_assert(zero(int, oci_state_remove(&root, "web", NULL)));
	cr_assert(eq(int, faccessat(scratch.fd, "web", F_OK, 0), -1));
	cr_assert(zero(int, faccessat(scratch.fd, "precious/file", F_OK, 0)));
	cr_assert(zero(int, oci_state_remove(&root, "web", NULL)), "gone is gone");
}
