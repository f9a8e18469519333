/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sys.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

static int status_of(pid_t pid)
{
	int status;

	cr_assert(gt(int, pid, 0));
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

Test(sys, opens_with_the_resolution_that_was_asked_for)
{
	_cleanup_fd_ int root = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	cr_assert(ge(int, root, 0));
	fd = sys_openat2(root, "sys/kernel/ostype", O_RDONLY | O_CLOEXEC, 0, RESOLVE_BENEATH);
	cr_assert(ge(int, fd, 0));
	cr_assert(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC));
	cr_assert(eq(int, sys_openat2(root, "../etc", O_PATH, 0, RESOLVE_BENEATH), -1));
	cr_assert(eq(int, errno, EXDEV));
	cr_assert(eq(int, sys_openat2(root, "self/status", O_RDONLY, 0, RESOLVE_NO_SYMLINKS), -1));
	cr_assert(eq(int, errno, ELOOP));
	/* openat(2) would ignore this bit. */
	cr_assert(eq(int, sys_openat2(root, "sys", UINT64_C(1) << 40, 0, 0), -1));
	cr_assert(eq(int, errno, EINVAL));
}

Test(sys, tells_the_landlock_abi_or_why_there_is_none)
{
	int abi = sys_landlock_abi(), code = errno;

	if (abi < 0)
		cr_assert(code == ENOSYS || code == EOPNOTSUPP, "errno %d", code);
	else
		cr_assert(ge(int, abi, 1));
}

/* A longer attribute than the kernel knows is E2BIG, so each older size is tried too. */
Test(sys, makes_rulesets_for_every_abi_up_to_the_kernels)
{
	int abi = sys_landlock_abi();

	for (int old = 1; old <= abi; old++) {
		struct sys_landlock_ruleset attr = {
			.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE,
			.handled_access_net = old >= 4 ? 1 : 0,
			.scoped = old >= 6 ? 1 : 0,
		};
		int fd = sys_landlock_create(&attr, old);

		cr_assert(ge(int, fd, 0), "ABI %d: errno %d", old, errno);
		close(fd);
	}
	/* What an old ABI lacks must not reach the kernel. */
	if (abi >= 1) {
		struct sys_landlock_ruleset attr = {
			.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE,
			.handled_access_net = UINT64_MAX,
			.scoped = UINT64_MAX,
		};
		int fd = sys_landlock_create(&attr, 1);

		cr_assert(ge(int, fd, 0), "errno %d", errno);
		close(fd);
	}
}

static int restrict_to_dev(void)
{
	struct sys_landlock_ruleset attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE };
	int ruleset = sys_landlock_create(&attr, 1), dev = open("/dev", O_PATH | O_CLOEXEC);

	if (ruleset < 0 || dev < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return 1;
	if (sys_landlock_add_path(ruleset, dev, LANDLOCK_ACCESS_FS_READ_FILE) < 0)
		return 2;
	if (sys_landlock_restrict(ruleset) < 0)
		return 3;
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		return 4;
	if (open("/proc/self/status", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 5;
	return 0;
}

Test(sys, restricts_itself_to_the_paths_of_a_ruleset)
{
	pid_t pid;

	if (sys_landlock_abi() < 1)
		cr_skip_test("this kernel has no Landlock");
	pid = fork();
	if (pid == 0)
		_exit(restrict_to_dev());
	cr_assert(zero(int, status_of(pid)));
}

Test(sys, clones_as_fork_does_and_hands_out_a_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t parent = getpid(), pid = sys_clone3(&args);

	if (pid == 0)
		_exit(getppid() == parent ? 42 : 1);
	cr_assert(eq(int, status_of(pid), 42));
	cr_assert(ge(int, pidfd, 0));
	close(pidfd);
	args.flags = CLONE_FS | CLONE_NEWNS;
	cr_assert(eq(int, sys_clone3(&args), -1));
	cr_assert(eq(int, errno, EINVAL));
}

Test(sys, executes_the_file_behind_a_descriptor)
{
	char *const argv[] = { "sh", "-c", "exit $ANSWER", NULL }, *const envp[] = { "ANSWER=42", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open("/bin/sh", O_PATH | O_CLOEXEC);

		sys_execveat(fd, "", argv, envp, AT_EMPTY_PATH);
		_exit(1);
	}
	cr_assert(eq(int, status_of(pid), 42));
	cr_assert(eq(int, sys_execveat(-1, "", argv, envp, AT_EMPTY_PATH), -1));
	cr_assert(eq(int, errno, EBADF));
}

Test(sys, asks_seccomp_for_its_actions)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	cr_assert(zero(int, sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action)));
	action = 0x12340000;
	cr_assert(eq(int, sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action), -1));
	cr_assert(eq(int, errno, EOPNOTSUPP));
}

Test(sys, forwards_the_errno_of_pivot_root_and_keyctl)
{
	int r, code;

	r = sys_pivot_root("/no/such/directory", "/no/such/directory");
	code = errno;
	cr_assert(eq(int, r, -1));
	cr_assert(code == ENOENT || code == EPERM, "errno %d", code);
	r = (int)sys_keyctl(99999, 0, 0);
	code = errno;
	cr_assert(eq(int, r, -1));
	cr_assert(code == EOPNOTSUPP || code == ENOSYS, "errno %d", code);
}
