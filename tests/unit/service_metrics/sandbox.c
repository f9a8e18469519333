/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox, attacked from within: each attempt in a process of its own that locked itself in. */
#include "launcher/service/metrics_sandbox.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sys.h"

enum { FAILED_TO_LOCK = 90, NOT_KILLED = 91 };

/* What an attempt returns is the child's exit status; it must fit. Return: status, or 128 + signal. */
static int attempt_within(int (*lock)(struct error *err), int (*attempt)(void))
{
	int status;
	pid_t pid;

	if (sys_landlock_abi() < 1)
		cr_skip_test("this kernel has no Landlock");
	pid = fork();
	if (pid == 0) {
		struct error err = { 0 };

		if (lock(&err) < 0) {
			error_print(STDERR_FILENO, &err);
			_exit(FAILED_TO_LOCK);
		}
		_exit(attempt());
	}
	cr_assert(gt(int, pid, 0));
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int under_rights(int (*attempt)(void))
{
	return attempt_within(metrics_sandbox_rights, attempt);
}

static int lock_both(struct error *err)
{
	int r = metrics_sandbox_rights(err);

	return r < 0 ? r : metrics_sandbox_calls(err);
}

/* The limit of descriptors alone would refuse: give a number back first, so that Landlock has to. */
static int try_open(const char *path, int flags)
{
	close(STDIN_FILENO);
	return open(path, flags | O_CLOEXEC, 0600) < 0 ? errno : 0;
}

static int read_a_file(void)
{
	return try_open("/etc/passwd", O_RDONLY);
}

static int list_a_directory(void)
{
	return try_open("/", O_RDONLY | O_DIRECTORY);
}

static int write_a_file(void)
{
	return try_open("/dev/null", O_WRONLY);
}

static int make_a_file(void)
{
	return try_open("/tmp/kapsel-metrics-attack", O_WRONLY | O_CREAT);
}

static int execute(void)
{
	char *argv[] = { (char[]){ "/bin/true" }, NULL };

	execv(argv[0], argv);
	return errno;
}

Test(metrics_sandbox, keeps_files_closed_before_the_filter_is_loaded)
{
	cr_assert(eq(int, under_rights(read_a_file), EACCES));
	cr_assert(eq(int, under_rights(list_a_directory), EACCES));
	cr_assert(eq(int, under_rights(write_a_file), EACCES));
	cr_assert(eq(int, under_rights(make_a_file), EACCES));
	cr_assert(eq(int, under_rights(execute), EACCES));
}

static int connect_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9) };
	int sock;

	close(STDIN_FILENO); /* no number is free otherwise */
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return FAILED_TO_LOCK;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

Test(metrics_sandbox, lets_nothing_connect_before_the_filter_is_loaded)
{
	if (sys_landlock_abi() < 4)
		cr_skip_test("this kernel's Landlock knows no network");
	cr_assert(eq(int, under_rights(connect_somewhere), EACCES));
}

static int signal_the_parent(void)
{
	return kill(getppid(), 0) < 0 ? errno : 0;
}

Test(metrics_sandbox, signals_nobody_before_the_filter_is_loaded)
{
	if (sys_landlock_abi() < 6)
		cr_skip_test("this kernel's Landlock knows no signals");
	cr_assert(eq(int, under_rights(signal_the_parent), EPERM));
}

static int get_a_descriptor(void)
{
	return dup(STDIN_FILENO) < 0 ? errno : 0;
}

/* Whether anything above stderr is open. */
static int find_descriptor(void)
{
	for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 1;
	return 0;
}

Test(metrics_sandbox, has_three_descriptors_and_no_more)
{
	int extra = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(gt(int, extra, STDERR_FILENO));
	cr_assert(eq(int, under_rights(get_a_descriptor), EMFILE));
	cr_assert(zero(int, under_rights(find_descriptor)));
	close(extra);
}

/* Bits: 1 a capability is left, 2 no_new_privs is off, 4 one can be regained. */
static int look_at_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	int found = 0;

	if (syscall(SYS_capget, &header, data) < 0 || data[0].effective || data[0].permitted ||
	    data[0].inheritable || data[1].effective || data[1].permitted || data[1].inheritable)
		found |= 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		found |= 2;
	data[0].permitted = data[0].effective = 1;
	if (syscall(SYS_capset, &header, data) == 0)
		found |= 4;
	if (geteuid() == 0 && prctl(PR_CAPBSET_READ, 21 /* CAP_SYS_ADMIN */, 0, 0, 0) != 0)
		found |= 8;
	return found;
}

Test(metrics_sandbox, holds_no_capability_and_gets_none)
{
	cr_assert(zero(int, under_rights(look_at_rights)));
}

static int sleep_long(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CPU, &limit) < 0 || limit.rlim_max > 60)
		return 1;
	/* The rest of its life, as the kernel holds it. */
	return alarm(0) > METRICS_SANDBOX_LIFE_S ? 2 : 0;
}

Test(metrics_sandbox, has_a_bounded_life)
{
	cr_assert(zero(int, under_rights(sleep_long)));
}

/* One call each: the filter must kill for it, whatever its arguments. */
static const struct {
	const char *name;
	long number;
} forbidden[] = {
	{ "openat", SYS_openat },
	{ "openat2", SYS_openat2 },
	{ "socket", SYS_socket },
	{ "connect", SYS_connect },
	{ "bind", SYS_bind },
	{ "accept4", SYS_accept4 },
	{ "sendmsg", SYS_sendmsg },
	{ "recvmsg", SYS_recvmsg },
	{ "execve", SYS_execve },
	{ "execveat", SYS_execveat },
	{ "clone", SYS_clone },
	{ "clone3", SYS_clone3 },
	{ "mmap", SYS_mmap },
	{ "mprotect", SYS_mprotect },
	{ "brk", SYS_brk },
	{ "ptrace", SYS_ptrace },
	{ "process_vm_readv", SYS_process_vm_readv },
	{ "kill", SYS_kill },
	{ "tgkill", SYS_tgkill },
	{ "unlinkat", SYS_unlinkat },
	{ "renameat2", SYS_renameat2 },
	{ "fchmod", SYS_fchmod },
	{ "ftruncate", SYS_ftruncate },
	{ "ioctl", SYS_ioctl },
	{ "fcntl", SYS_fcntl },
	{ "dup", SYS_dup },
	{ "setuid", SYS_setuid },
	{ "prctl", SYS_prctl },
	{ "seccomp", SYS_seccomp },
	{ "unshare", SYS_unshare },
	{ "setns", SYS_setns },
	{ "mount", SYS_mount },
	{ "bpf", SYS_bpf },
	{ "keyctl", SYS_keyctl },
	{ "io_uring_setup", SYS_io_uring_setup },
	{ "userfaultfd", SYS_userfaultfd },
	{ "perf_event_open", SYS_perf_event_open },
	{ "memfd_create", SYS_memfd_create },
	{ "pidfd_getfd", SYS_pidfd_getfd },
	{ "setrlimit", SYS_prlimit64 },
	{ "unknown", 4000 },
};

static long attacked;

static int make_call(void)
{
	syscall(attacked, 0, 0, 0, 0, 0, 0);
	return NOT_KILLED;
}

Test(metrics_sandbox, kills_for_every_call_that_could_do_harm)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		attacked = forbidden[i].number;
		cr_assert(eq(int, attempt_within(lock_both, make_call), 128 + SIGSYS), "%s",
			  forbidden[i].name);
	}
}

#ifdef __x86_64__
/* The 32-bit door to the same kernel has other numbers: 5 is open there. */
static int call_by_the_old_door(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(5), "b"(0), "c"(0), "d"(0) : "memory");
	return result == -ENOSYS ? 128 + SIGSYS : NOT_KILLED; /* a kernel without 32-bit calls */
}

Test(metrics_sandbox, has_no_door_for_other_architectures)
{
	cr_assert(eq(int, attempt_within(lock_both, call_by_the_old_door), 128 + SIGSYS));
}
#endif

static int do_the_work(void)
{
	struct pollfd item = { .fd = -1 };
	struct timespec now;

	if (poll(&item, 1, 1) != 0 || syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) < 0)
		return 1;
	if (write(STDOUT_FILENO, "", 0) < 0 || (shutdown(STDOUT_FILENO, SHUT_WR) < 0 && errno != ENOTSOCK))
		return 2;
	return 0;
}

Test(metrics_sandbox, lets_the_answer_be_written)
{
	cr_assert(zero(int, attempt_within(lock_both, do_the_work)));
}
