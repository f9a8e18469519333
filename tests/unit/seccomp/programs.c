/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real programs under their groups: what the groups are for. */
#include "seccomp/filter.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/macro.h"
#include "sealed.h"
#include "seccomp/groups.h"

static const char *const any[] = { "*", NULL };
static const char *const base[] = { "@base", NULL };
static const char *const process[] = { "@base", "@process", NULL };
static const char *const server[] = {
	"@base", "@process", "@threads", "@file-write", "@socket-server", NULL
};

static const struct spec base_spec = { .syscalls = { base, 1 }, .exec_allow = { any, 1 } };
static const struct spec process_spec = { .syscalls = { process, 2 }, .exec_allow = { any, 1 } };
static const struct spec server_spec = { .syscalls = { server, 5 }, .exec_allow = { any, 1 } };

/* Distinct calls counted under strace, glibc 2.36, with client traffic, as a user without rights. */
static const char *const redis_calls[] = {
	"accept4",
	"access",
	"bind",
	"brk",
	"chdir",
	"clone",
	"close",
	"epoll_create",
	"epoll_ctl",
	"epoll_wait",
	"execve",
	"fcntl",
	"fdatasync",
	"fsync",
	"futex",
	"getcwd",
	"getpeername",
	"getpid",
	"getrandom",
	"ioctl",
	"listen",
	"lseek",
	"madvise",
	"mkdir",
	"mmap",
	"mprotect",
	"munmap",
	"newfstatat",
	"open",
	"openat",
	"pipe2",
	"prctl",
	"pread64",
	"prlimit64",
	"read",
	"readlink",
	"rename",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"sched_getaffinity",
	"set_robust_list",
	"set_tid_address",
	"setitimer",
	"setsockopt",
	"socket",
	"sysinfo",
	"umask",
	"unlink",
	"wait4",
	"write",
};
static const char *const nginx_calls[] = {
	"accept4",         "access",        "bind",        "brk",        "clock_nanosleep", "clone",
	"close",           "epoll_create",  "epoll_ctl",   "epoll_wait", "eventfd2",        "execve",
	"fcntl",           "futex",         "geteuid",     "getpid",     "getppid",         "getrandom",
	"getsockopt",      "gettid",        "ioctl",       "listen",     "lseek",           "madvise",
	"mkdir",           "mmap",          "mprotect",    "munmap",     "newfstatat",      "openat",
	"prctl",           "pread64",       "prlimit64",   "pwrite64",   "pwritev",         "read",
	"readv",           "recvfrom",      "recvmsg",     "rseq",       "rt_sigaction",    "rt_sigprocmask",
	"rt_sigreturn",    "rt_sigsuspend", "sched_yield", "sendfile",   "sendmsg",         "set_robust_list",
	"set_tid_address", "setsockopt",    "shutdown",    "socket",     "socketpair",      "sysinfo",
	"uname",           "unlink",        "wait4",       "write",      "writev",
};

static void expect_open(const char *const *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int nr = syscall_number(calls[i]);
		enum filter_verdict verdict = filter_verdict(&server_spec, nr);

		cr_assert(nr == -2 || verdict == FILTER_ALLOWED || verdict == FILTER_ALLOWED_BY_ARGUMENT,
			  "%s", calls[i]);
	}
}

Test(programs, server_groups_cover_what_redis_calls)
{
	expect_open(redis_calls, ARRAY_SIZE(redis_calls));
}

Test(programs, server_groups_cover_what_nginx_calls)
{
	expect_open(nginx_calls, ARRAY_SIZE(nginx_calls));
}

/* argv of the program; its output is not for the test's terminal. */
static int run_program(const void *arg)
{
	char *const *argv = (char *const *)(uintptr_t)arg;
	char *const env[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execve(argv[0], argv, env);
	return 127;
}

static void expect_run(const struct spec *spec, const char *const *argv, uint64_t denials)
{
	const struct filter_options options = { .notify = true, .exec_fd = -1 };
	struct spec own = *spec;
	struct sealed sealed;

	if (access(argv[0], X_OK) < 0)
		cr_skip_test("%s is not installed", argv[0]);
	own.user = (struct spec_user){ .uid = geteuid(), .gid = getegid() };
	sealed_run(&own, &options, run_program, argv, &sealed);
	cr_assert(eq(int, sealed_exit(&sealed), 0), "%s",
		  sealed.denials.n ? sealed.denials.items[0].reason : "no denial");
	cr_assert(eq(u64, sealed.denials.total, denials), "%s", sealed.denials.items[0].reason);
}

Test(programs, static_true_runs_with_base)
{
	const char *const argv[] = { "/bin/busybox", "true", NULL };

	expect_run(&base_spec, argv, 0);
}

Test(programs, dynamic_true_runs_with_base)
{
	const char *const argv[] = { "/bin/true", NULL };

	expect_run(&base_spec, argv, 0);
}

Test(programs, shell_pipeline_runs_with_process)
{
	const char *const argv[] = { "/bin/sh", "-c", "ls / | wc -l && (cat /etc/passwd | sort | head -n 1)",
				     NULL };

	expect_run(&process_spec, argv, 0);
}

Test(programs, shell_can_not_fork_with_base_alone)
{
	const char *const argv[] = { "/bin/sh", "-c", "ls / | wc -l", NULL };
	const struct filter_options options = { .notify = true, .exec_fd = -1 };
	struct sealed sealed;

	sealed_run(&base_spec, &options, run_program, argv, &sealed);
	cr_assert(ne(int, sealed_exit(&sealed), 0));
	cr_assert(ge(u64, sealed.denials.total, 1));
}

/* Threads come through clone, since clone3 looks absent. */
Test(programs, python_with_threads_and_children_runs_with_the_server_groups)
{
	const char *const argv[] = {
		"/usr/bin/python3",
		"-I",
		"-S",
		"-c",
		"import threading, subprocess\n"
		"t = threading.Thread(target=sum, args=([1, 2],)); t.start(); t.join()\n"
		"subprocess.run(['/bin/true'], check=True)\n",
		NULL,
	};

	expect_run(&server_spec, argv, 0);
}
