/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/notify.h"

#include <asm/ioctls.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "sealed.h"
#include "text.h"

enum { EXEC_FD = 5000, LOW_LIMIT = 256 };

static const char *const list[] = { "@base", "@process", "@socket-client", NULL };
static const char *const any[] = { "*", NULL };

static const struct spec strict = { .syscalls = { list, 3 }, .exec_allow = { any, 1 } };
static const struct spec once = { .syscalls = { list, 3 } };
static const struct filter_options listening = { .notify = true, .exec_fd = -1 };

static int several_refusals(const void *arg _unused_)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != -1 || errno != EPERM)
		return 1;
	for (int i = 0; i < 3; i++)
		if (syscall(SYS_keyctl, 1, NULL) != -1 || errno != EPERM)
			return 2;
	if (syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL) != -1 || errno != EPERM)
		return 3;
	if (syscall(SYS_ioctl, 0, TIOCSTI | 1UL << 32, "x") != -1 || errno != EPERM)
		return 4;
	if (socket(AF_INET, SOCK_STREAM, 262) != -1 || errno != EPROTONOSUPPORT)
		return 5;
	if (socket(AF_TIPC, SOCK_STREAM, 0) != -1 || errno != EAFNOSUPPORT)
		return 6;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		    MAP_FAILED ||
	    errno != EACCES)
		return 7;
	if (syscall(9999) != -1 || errno != ENOSYS)
		return 8;
	if (syscall(SYS_getppid) <= 0)
		return 9;
	return 0;
}

Test(notify, refused_calls_are_answered_and_named)
{
	struct sealed sealed;
	const struct denial *items = sealed.denials.items;

	sealed_run(&strict, &listening, several_refusals, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 0));
	cr_assert(eq(sz, sealed.denials.n, 7));
	cr_assert(eq(u64, sealed.denials.total, 9));
	cr_assert(eq(int, sealed.denials.killed_by, -1));
	cr_assert(eq(str, text(items[0].reason), text("ptrace(PTRACE_TRACEME): not opened by the profile")));
	cr_assert(eq(str, text(items[0].opens), text("\"allow_ptrace\": true")));
	cr_assert(eq(u64, items[1].count, 3));
	cr_assert(eq(int, items[2].nr, SYS_mount));
	cr_assert(eq(int, items[2].answer, EPERM));
	cr_assert(eq(str, text(items[3].reason), text("ioctl(TIOCSTI): TIOCSTI, typing into a terminal")));
	cr_assert(eq(int, items[4].answer, EPROTONOSUPPORT));
	cr_assert(eq(int, items[5].answer, EAFNOSUPPORT));
	cr_assert(eq(int, items[6].answer, EACCES));
}

static int load_module(const void *arg _unused_)
{
	syscall(SYS_init_module, NULL, 0, "");
	return 0;
}

static int load_module_ignoring_sigsys(const void *arg _unused_)
{
	signal(SIGSYS, SIG_IGN);
	return load_module(NULL);
}

static int load_module_blocking_sigsys(const void *arg _unused_)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return load_module(NULL);
}

static void survive(int number _unused_)
{
}

static int load_module_catching_sigsys(const void *arg _unused_)
{
	signal(SIGSYS, survive);
	return load_module(NULL);
}

Test(notify, module_loader_dies_of_sigsys_and_is_named)
{
	struct sealed sealed;

	sealed_run(&strict, &listening, load_module, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 1000 + SIGSYS));
	cr_assert(eq(int, sealed.denials.killed_by, 0));
	cr_assert(eq(int, sealed.denials.items[0].nr, SYS_init_module));
	cr_assert(eq(int, sealed.denials.items[0].answer, 0));
}

Test(notify, module_loader_can_not_survive_by_ignoring_blocking_or_catching)
{
	struct sealed sealed;

	sealed_run(&strict, &listening, load_module_ignoring_sigsys, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 1000 + SIGKILL));
	sealed_run(&strict, &listening, load_module_blocking_sigsys, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 1000 + SIGKILL));
	sealed_run(&strict, &listening, load_module_catching_sigsys, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 1000 + SIGKILL));
	cr_assert(eq(int, sealed.denials.killed_by, 0));
}

static int load_module_in_child(const void *arg _unused_)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(load_module(NULL));
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

Test(notify, only_the_process_that_called_is_killed)
{
	struct sealed sealed;

	sealed_run(&strict, &listening, load_module_in_child, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), SIGSYS));
}

Test(notify, errno_mode_answers_module_loaders)
{
	struct spec spec = strict;
	struct sealed sealed;

	spec.on_violation = SPEC_VIOLATION_ERRNO;
	sealed_run(&spec, &listening, load_module, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 0));
	cr_assert(eq(int, sealed.denials.items[0].answer, EPERM));
	cr_assert(eq(int, sealed.denials.killed_by, -1));
}

#if defined(__x86_64__)
static int x32_getpid(const void *arg _unused_)
{
	syscall(0x40000000 | SYS_getpid);
	return 0;
}

Test(notify, foreign_architecture_is_a_sigsys_without_a_denial)
{
	struct sealed sealed;

	sealed_run(&strict, &listening, x32_getpid, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 1000 + SIGSYS));
	cr_assert(eq(u64, sealed.denials.total, 0));
}
#endif

static int many_different(const void *arg _unused_)
{
	for (int option = 0; option < 40; option++)
		syscall(SYS_keyctl, 100 + option);
	return load_module(NULL);
}

Test(notify, table_stays_bounded_and_keeps_the_call_that_killed)
{
	struct sealed sealed;

	sealed_run(&strict, &listening, many_different, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 1000 + SIGSYS));
	cr_assert(eq(sz, sealed.denials.n, NOTIFY_DENIALS_MAX));
	cr_assert(eq(u64, sealed.denials.total, 41));
	cr_assert(eq(int, sealed.denials.killed_by, NOTIFY_DENIALS_MAX - 1));
	cr_assert(eq(int, sealed.denials.items[NOTIFY_DENIALS_MAX - 1].nr, SYS_init_module));
}

/* Put @path on the high descriptor and lower the limit below it, as the launcher does. */
static void open_program(const char *path)
{
	struct rlimit limit = { .rlim_cur = EXEC_FD + 1, .rlim_max = EXEC_FD + 1 };
	int fd;

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		cr_skip_test("the hard limit of open files is below %d", EXEC_FD);
	fd = open(path, O_PATH | O_CLOEXEC);
	cr_assert(ge(int, fd, 0), "%s", path);
	cr_assert(eq(int, fcntl(fd, F_DUPFD_CLOEXEC, EXEC_FD), EXEC_FD));
	close(fd);
}

static void lower_limit(void)
{
	const struct rlimit limit = { .rlim_cur = LOW_LIMIT, .rlim_max = LOW_LIMIT };

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(250);
}

/* A path of the form "" with AT_EMPTY_PATH, or an absolute one. */
static int exec_fd(int fd, const char *path)
{
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "exec /bin/true 2>/dev/null" },
			       NULL };
	char *const env[] = { NULL };

	syscall(SYS_execveat, fd, path, argv, env, AT_EMPTY_PATH);
	return errno;
}

static int exec_program(const void *arg _unused_)
{
	lower_limit();
	return exec_fd(EXEC_FD, "");
}

static int exec_elsewhere(const void *arg _unused_)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	char *const env[] = { NULL };
	int fd = open("/bin/true", O_PATH | O_CLOEXEC);

	lower_limit();
	if (fcntl(fd, F_DUPFD_CLOEXEC, EXEC_FD) != -1 || dup2(fd, EXEC_FD) != -1)
		return 201;
	if (exec_fd(fd, "") != EPERM)
		return 202;
	if (exec_fd(AT_FDCWD, "/bin/true") != EPERM)
		return 203;
	return sealed_errno(execve("/bin/true", argv, env));
}

Test(notify, program_on_the_high_descriptor_runs_and_its_exec_is_refused)
{
	const struct filter_options options = { .notify = true, .exec_fd = EXEC_FD };
	struct sealed sealed;

	open_program("/bin/sh");
	sealed_run(&once, &options, exec_program, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 126));
	cr_assert(ge(sz, sealed.denials.n, 1));
	cr_assert(eq(int, sealed.denials.items[0].nr, SYS_execve));
	cr_assert(eq(str, sealed.denials.items[0].opens, text("\"exec\": { \"allow\": [\"*\"] }")));
}

Test(notify, other_descriptors_and_execve_are_refused)
{
	const struct filter_options options = { .notify = true, .exec_fd = EXEC_FD };
	struct sealed sealed;

	open_program("/bin/sh");
	sealed_run(&once, &options, exec_elsewhere, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), EPERM));
}

Test(notify, held_exec_happens_when_it_is_released)
{
	const struct filter_options options = { .notify = true, .exec_fd = EXEC_FD, .exec_held = true };
	struct sealed sealed;

	open_program("/bin/true");
	sealed_run(&once, &options, exec_program, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 0));
	cr_assert(eq(int, sealed.exec_releases, 1));
	cr_assert(eq(u64, sealed.denials.total, 0));
}

/* The first exec is let go and fails in the kernel; the second names a path of its own. */
static int exec_by_absolute_path(const void *arg _unused_)
{
	lower_limit();
	if (exec_fd(EXEC_FD, "/nonexistent") != ENOENT)
		return 201;
	return exec_fd(EXEC_FD, "/bin/true");
}

Test(notify, held_exec_stops_an_absolute_path_beside_the_descriptor)
{
	const struct filter_options options = { .notify = true, .exec_fd = EXEC_FD, .exec_held = true };
	struct sealed sealed;

	open_program("/bin/sh");
	sealed_run(&once, &options, exec_by_absolute_path, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), EPERM));
	cr_assert(eq(int, sealed.exec_releases, 1));
	cr_assert(eq(u64, sealed.denials.total, 1));
}

static int exec_from_child(const void *arg _unused_)
{
	int status = 0;
	pid_t pid = fork();

	lower_limit();
	if (pid == 0)
		_exit(exec_fd(EXEC_FD, ""));
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

Test(notify, held_exec_is_not_for_another_process)
{
	const struct filter_options options = { .notify = true, .exec_fd = EXEC_FD, .exec_held = true };
	struct sealed sealed;

	open_program("/bin/true");
	sealed_run(&once, &options, exec_from_child, NULL, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), EPERM));
	cr_assert(eq(int, sealed.exec_releases, 0));
}

Test(notify, release_without_a_waiting_exec_is_an_error)
{
	struct error err = { 0 };
	struct notify *notify = notify_new(-1, &once, &err);

	cr_assert(ne(ptr, notify, NULL));
	cr_assert(eq(int, notify_release_exec(notify, &err), -EINVAL));
	notify_expect_exec(notify, getpid(), EXEC_FD);
	cr_assert(eq(int, notify_release_exec(notify, &err), -EINVAL));
	cr_assert(eq(ptr, notify_free(notify), NULL));
	cr_assert(eq(ptr, notify_free(NULL), NULL));
}

Test(notify, broken_listener_is_reported)
{
	struct error err = { 0 };
	struct notify *notify = notify_new(open("/dev/null", O_RDONLY | O_CLOEXEC), &once, &err);

	cr_assert(ne(ptr, notify, NULL));
	cr_assert(eq(int, notify_handle(notify, &err), -ENOTTY));
	cr_assert(gt(sz, strlen(err.msg), 0));
	notify_free(notify);
}
