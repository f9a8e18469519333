/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D2: other processes, and what a process may do to itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

static pid_t target_of(const struct probe *probe)
{
	return probe->a ? (pid_t)probe->a : getpid();
}

static long trace_pid(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return ptrace(PTRACE_SEIZE, (pid_t)probe->a, 0, 0);
}

static long trace_child(const struct probe *probe, struct outcome *out)
{
	pid_t pid = fork();
	long r;
	int saved;

	(void)probe;
	if (pid < 0)
		return attempt_untestable(out, "there is no child to trace, and fork is refused");
	if (pid == 0) {
		pause();
		_exit(0);
	}
	r = ptrace(PTRACE_SEIZE, pid, 0, 0);
	saved = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
	errno = saved;
	return r;
}

static long trace_me(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return ptrace(PTRACE_TRACEME, 0, 0, 0);
}

/* Address 0 of pid 1 is not mapped: EFAULT comes only after the permission check. */
static long read_memory(const struct probe *probe, struct outcome *out)
{
	char here, *there = probe->a ? NULL : out->evidence;
	struct iovec local = { .iov_base = &here, .iov_len = 1 };
	struct iovec remote = { .iov_base = there, .iov_len = 1 };
	long r = process_vm_readv(target_of(probe), &local, 1, &remote, 1, 0);

	if (r < 0 && errno == EFAULT) {
		attempt_note(out, "permitted (EFAULT)");
		return 0;
	}
	return r;
}

static long steal_descriptor(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = (int)syscall(SYS_pidfd_open, target_of(probe), 0);

	if (fd < 0)
		return attempt_step(out, "pidfd_open");
	return syscall(SYS_pidfd_getfd, fd, 1, 0);
}

static long compare(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return syscall(SYS_kcmp, getpid(), target_of(probe), 0, 0, 0);
}

/* Offset 0 of a memory file is not mapped (EIO): there the open alone counts. */
static long read_node(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, (int)probe->a | O_RDONLY | O_CLOEXEC);
	char byte;

	if (fd < 0)
		return -1;
	if (probe->a & O_DIRECTORY || read(fd, &byte, 1) >= 0)
		return 0;
	if (errno != EIO)
		return -1;
	attempt_note(out, "opened");
	return 0;
}

static long signal_host(const struct probe *probe, struct outcome *out)
{
	const char *pid = getenv("PROBE_HOST_PID");

	(void)probe;
	if (!pid)
		return attempt_untestable(out, "PROBE_HOST_PID does not name a process outside");
	return kill((pid_t)strtol(pid, NULL, 10), 0);
}

static long write_own_program(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open("/proc/self/exe", O_RDWR | O_CLOEXEC);

	(void)probe;
	(void)out;
	return fd;
}

static long avoid_oom(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	(void)probe;
	if (fd < 0)
		return attempt_step(out, "open /proc/self/oom_score_adj");
	return write(fd, "-1000", 5);
}

static long become_realtime(const struct probe *probe, struct outcome *out)
{
	struct sched_param param = { .sched_priority = 1 };

	(void)probe;
	(void)out;
	/* The raw call: the library's wrapper is the same today, but ours to know. */
	return syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &param);
}

static long become_nice(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return setpriority(PRIO_PROCESS, 0, -20);
}

static long raise_limit(const struct probe *probe, struct outcome *out)
{
	struct rlimit limit;

	(void)probe;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return attempt_step(out, "getrlimit");
	attempt_note(out, "hard RLIMIT_NOFILE is %llu", (unsigned long long)limit.rlim_max);
	limit.rlim_max++;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

static long advise_process(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec range = { .iov_base = page, .iov_len = 4096 };

	(void)probe;
	if (fd < 0)
		attempt_note(out, "without a pidfd: EBADF would mean that the call is open");
	return syscall(SYS_process_madvise, fd, &range, 1, MADV_COLD, 0);
}

static long numa_call(const struct probe *probe, struct outcome *out)
{
	unsigned long node = 1;
	void *page;

	(void)out;
	if (probe->a == SYS_move_pages)
		return syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0);
	if (probe->a == SYS_migrate_pages)
		return syscall(SYS_migrate_pages, 0, sizeof(node) * 8, &node, &node);
	if (probe->a == SYS_set_mempolicy)
		return syscall(SYS_set_mempolicy, 0, NULL, 0);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return syscall(SYS_mbind, page, 4096, 0, NULL, 0, 0);
}

static long prctl_call(const struct probe *probe, struct outcome *out)
{
	attempt_note(out, "no_new_privs is %d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return prctl((int)probe->a, probe->b, probe->c, 0, 0);
}

const struct probe probes_processes[] = {
	{ 19, "ptrace-init", "trace pid 1", trace_pid, PROBE_CHILD, .a = 1 },
	{ 19, "ptrace-child", "trace an own child", trace_child, PROBE_CHILD },
	{ 19, "ptrace-traceme", "ask to be traced", trace_me, PROBE_CHILD },
	{ 20, "vm-readv-init", "read memory of pid 1", read_memory, 0, .a = 1 },
	{ 20, "vm-readv-own", "read the own memory with process_vm_readv", read_memory, 0 },
	{ 21, "pidfd-getfd-init", "take a descriptor of pid 1", steal_descriptor, 0, .a = 1 },
	{ 21, "pidfd-getfd-own", "take an own descriptor with pidfd_getfd", steal_descriptor, 0 },
	{ 22, "kcmp-init", "compare kernel pointers with pid 1", compare, 0, .a = 1 },
	{ 22, "kcmp-own", "compare own kernel pointers", compare, 0 },
	{ 23, "init-environ", "read the environment of pid 1", read_node, 0, .text = "/proc/1/environ" },
	{ 23, "init-root", "open the root of pid 1", read_node, 0, .a = O_DIRECTORY,
	  .text = "/proc/1/root/" },
	{ 23, "init-fds", "list the descriptors of pid 1", read_node, 0, .a = O_DIRECTORY,
	  .text = "/proc/1/fd" },
	{ 25, "init-exe", "open the program of pid 1", read_node, 0, .text = "/proc/1/exe" },
	{ 25, "init-mem", "open the memory of pid 1", read_node, 0, .text = "/proc/1/mem" },
	{ 25, "init-maps", "read the memory map of pid 1", read_node, 0, .text = "/proc/1/maps" },
	{ 24, "kill-host-pid", "signal a process of the host", signal_host, 0 },
	{ 26, "write-self-exe", "open the running program for writing", write_own_program, 0 },
	{ 27, "oom-score-adj", "escape the OOM killer", avoid_oom, PROBE_CHILD },
	{ 28, "sched-fifo", "become a real-time process", become_realtime, PROBE_CHILD },
	{ 28, "nice-minus-20", "raise the own priority", become_nice, PROBE_CHILD },
	{ 28, "raise-rlimit", "raise a hard limit", raise_limit, PROBE_CHILD },
	{ 31, "process-madvise", "advise about memory through a pidfd", advise_process, 0 },
	{ 31, "move-pages", "move pages between nodes", numa_call, 0, .a = SYS_move_pages },
	{ 31, "migrate-pages", "migrate pages between nodes", numa_call, 0, .a = SYS_migrate_pages },
	{ 31, "mbind", "bind memory to a node", numa_call, 0, .a = SYS_mbind },
	{ 57, "set-mempolicy", "set the NUMA policy", numa_call, 0, .a = SYS_set_mempolicy },
	{ 32, "clear-no-new-privs", "clear no_new_privs", prctl_call, PROBE_CHILD, .a = PR_SET_NO_NEW_PRIVS },
	{ 32, "raise-ambient", "raise an ambient capability", prctl_call, PROBE_CHILD, .a = PR_CAP_AMBIENT,
	  .b = PR_CAP_AMBIENT_RAISE, .c = CAP_NET_RAW },
	{ 32, "set-securebits", "change the securebits", prctl_call, PROBE_CHILD, .a = PR_SET_SECUREBITS,
	  .b = SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP },
	{ 32, "drop-bounding", "drop from the bounding set", prctl_call, PROBE_CHILD, .a = PR_CAPBSET_DROP,
	  .b = CAP_AUDIT_READ },
	{ 0 },
};
