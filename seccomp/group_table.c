/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/group_table.h"

#include <stddef.h>

#include "seccomp/groups.h"

/*
 * What every program does. Opening is in here whole: the access mode can't be told
 * apart behind openat2's pointer; writing is guarded by the mounts and by Landlock.
 */
static const char *const base[] = {
	"access",
	"alarm",
	"arch_prctl",
	"brk",
	"capget",
	"chdir",
	"clock_getres",
	"clock_gettime",
	"clock_nanosleep",
	"close",
	"close_range",
	"dup",
	"dup2",
	"dup3",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_pwait2",
	"epoll_wait",
	"eventfd",
	"eventfd2",
	"exit",
	"exit_group",
	"faccessat",
	"faccessat2",
	"fadvise64",
	"fchdir",
	"fcntl",
	"fgetxattr",
	"file_getattr",
	"flistxattr",
	"fstat",
	"fstatfs",
	"futex",
	"futex_requeue",
	"futex_wait",
	"futex_waitv",
	"futex_wake",
	"get_robust_list",
	"getcpu",
	"getcwd",
	"getdents",
	"getdents64",
	"getegid",
	"geteuid",
	"getgid",
	"getgroups",
	"getitimer",
	"getpgid",
	"getpgrp",
	"getpid",
	"getppid",
	"getpriority",
	"getrandom",
	"getresgid",
	"getresuid",
	"getrlimit",
	"getrusage",
	"getsid",
	"gettid",
	"gettimeofday",
	"getuid",
	"getxattr",
	"getxattrat",
	"inotify_add_watch",
	"inotify_init",
	"inotify_init1",
	"inotify_rm_watch",
	"ioctl",
	"ioprio_get",
	"kill",
	"lgetxattr",
	"listxattr",
	"listxattrat",
	"llistxattr",
	"lseek",
	"lstat",
	"madvise",
	"membarrier",
	"mincore",
	"mmap",
	"mprotect",
	"mremap",
	"mseal",
	"msync",
	"munmap",
	"nanosleep",
	"newfstatat",
	"open",
	"openat",
	"openat2",
	"pause",
	"personality",
	"poll",
	"ppoll",
	"prctl",
	"pread64",
	"preadv",
	"preadv2",
	"prlimit64",
	"pselect6",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"read",
	"readahead",
	"readlink",
	"readlinkat",
	"readv",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigpending",
	"rt_sigprocmask",
	"rt_sigqueueinfo",
	"rt_sigreturn",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"rt_tgsigqueueinfo",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"sched_getaffinity",
	"sched_getattr",
	"sched_getparam",
	"sched_getscheduler",
	"sched_rr_get_interval",
	"sched_yield",
	"select",
	"set_robust_list",
	"set_tid_address",
	"setgid",
	"setitimer",
	"setrlimit",
	"setuid",
	"sigaltstack",
	"signalfd",
	"signalfd4",
	"stat",
	"statfs",
	"statx",
	"sysinfo",
	"tgkill",
	"time",
	"timer_create",
	"timer_delete",
	"timer_getoverrun",
	"timer_gettime",
	"timer_settime",
	"timerfd_create",
	"timerfd_gettime",
	"timerfd_settime",
	"times",
	"tkill",
	"umask",
	"uname",
	"wait4",
	"waitid",
	"write",
	"writev",
	NULL,
};

/* clone opens processes only: filter arguments keep CLONE_THREAD for @threads. */
static const char *const process[] = {
	"clone",      "fork",  "ioprio_set", "pidfd_open",  "pidfd_send_signal",
	"pipe",       "pipe2", "setpgid",    "setpriority", "setsid",
	"socketpair", "vfork", "wait4",      "waitid",      NULL,
};

/* clone with CLONE_THREAD only. */
static const char *const threads[] = {
	"clone",
	"futex",
	"futex_requeue",
	"futex_wait",
	"futex_waitv",
	"futex_wake",
	"get_robust_list",
	"gettid",
	"membarrier",
	"rseq",
	"sched_setaffinity",
	"sched_setattr",
	"sched_setparam",
	"sched_setscheduler",
	"set_robust_list",
	"set_tid_address",
	"setpriority",
	"tgkill",
	NULL,
};

static const char *const file_write[] = {
	"chmod",      "chown",        "copy_file_range", "creat",           "fallocate",   "fchmod",
	"fchmodat",   "fchmodat2",    "fchown",          "fchownat",        "fdatasync",   "file_setattr",
	"flock",      "fremovexattr", "fsetxattr",       "fsync",           "ftruncate",   "futimesat",
	"lchown",     "link",         "linkat",          "lremovexattr",    "lsetxattr",   "mkdir",
	"mkdirat",    "mknod",        "mknodat",         "msync",           "removexattr", "removexattrat",
	"rename",     "renameat",     "renameat2",       "rmdir",           "sendfile",    "setxattr",
	"setxattrat", "symlink",      "symlinkat",       "sync_file_range", "syncfs",      "truncate",
	"unlink",     "unlinkat",     "utime",           "utimensat",       "utimes",      NULL,
};

static const char *const socket_client[] = {
	"connect",  "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmmsg",
	"recvmsg",  "sendfile",    "sendmmsg",    "sendmsg",    "sendto",   "setsockopt",
	"shutdown", "socket",      "socketpair",  NULL,
};

/* No connect: a taken-over server can't call home by TCP. */
static const char *const socket_server[] = {
	"accept",     "accept4",  "bind",    "getpeername", "getsockname", "getsockopt", "listen",
	"recvfrom",   "recvmmsg", "recvmsg", "sendfile",    "sendmmsg",    "sendmsg",    "sendto",
	"setsockopt", "shutdown", "socket",  "socketpair",  NULL,
};

/* Lifts the ban on AF_NETLINK for protocol NETLINK_ROUTE only. */
static const char *const netlink[] = {
	"bind", "getsockname", "recvfrom", "recvmsg", "sendmsg", "sendto", "setsockopt", "socket", NULL,
};

static const char *const ipc[] = {
	"mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "msgctl",
	"msgget",        "msgrcv",    "msgsnd",  "semctl",          "semget",       "semop",     "semtimedop",
	"shmat",         "shmctl",    "shmdt",   "shmget",          NULL,
};

static const char *const jit[] = {
	"memfd_create", "pkey_alloc", "pkey_free", "pkey_mprotect", NULL,
};

static const char *const identity[] = {
	"capset",    "setfsgid",  "setfsuid", "setgid", "setgroups", "setregid",
	"setresgid", "setresuid", "setreuid", "setuid", NULL,
};

static const char *const memory_lock[] = {
	"mlock", "mlock2", "mlockall", "munlock", "munlockall", NULL,
};

static const char *const sandbox[] = {
	"landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "seccomp", NULL,
};

/* Not in @base: rarely used and a regular source of kernel bugs. */
static const char *const aio[] = {
	"io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", NULL,
};

/* Of its own: splice was the way of the page cache overwrites (CVE-2022-0847). */
static const char *const splice[] = {
	"splice",
	"tee",
	"vmsplice",
	NULL,
};

/* No workload has a reason for these: a caller is an attack in progress. */
static const char *const never[] = {
	"delete_module", "finit_module", "init_module", "kexec_file_load", "kexec_load", NULL,
};

/*
 * Answered with ENOSYS, as by a kernel without them, so that libraries fall back. Either
 * a filter can't see what they do (clone3's flags and io_uring's operations lie behind
 * pointers), or they show the host (statmount, file handles), or only old or no kernels
 * have them.
 */
static const char *const absent[] = {
	"_sysctl",         "afs_syscall",
	"clone3",          "create_module",
	"epoll_ctl_old",   "epoll_wait_old",
	"fanotify_init",   "get_kernel_syms",
	"get_thread_area", "getpmsg",
	"io_uring_enter",  "io_uring_register",
	"io_uring_setup",  "listmount",
	"lookup_dcookie",  "map_shadow_stack",
	"modify_ldt",      "name_to_handle_at",
	"nfsservctl",      "putpmsg",
	"query_module",    "security",
	"set_thread_area", "statmount",
	"sysfs",           "tuxcall",
	"uselib",          "ustat",
	"vserver",         NULL,
};

static const struct syscall_group groups[] = {
	{ "@base", "memory, time, reading files, exit, signals, futex, poll", base },
	{ "@process", "fork and clone, pipes, process groups; exec stays with exec.allow", process },
	{ "@threads", "clone of threads, their affinity and scheduling", threads },
	{ "@file-write", "making, renaming, removing and changing files on the writable mounts", file_write },
	{ "@socket-client", "UNIX and internet sockets that connect out", socket_client },
	{ "@socket-server", "UNIX and internet sockets that wait for peers; no connect", socket_server },
	{ "@netlink", "the routing table and interfaces through NETLINK_ROUTE (getifaddrs)", netlink },
	{ "@ipc", "System V and POSIX message queues, semaphores and shared memory", ipc },
	{ "@jit", "protection keys and memory files, for a just-in-time compiler; needs allow_jit as well",
	  jit },
	{ "@identity", "changing user, group and capability sets", identity },
	{ "@memory-lock", "keeping memory out of swap, up to limits.locked_memory", memory_lock },
	{ "@sandbox", "further Landlock and seccomp restrictions on itself", sandbox },
	{ "@aio", "kernel asynchronous I/O of some databases", aio },
	{ "@splice", "moving pages between pipes, files and sockets", splice },
	{ "@docker-default",
	  "what Docker's default list allows: for compatibility, far wider than a service needs",
	  group_docker_default },
};

const struct syscall_group *group_table(size_t *ret_n)
{
	*ret_n = sizeof(groups) / sizeof(groups[0]);
	return groups;
}

const char *const *group_never_calls(void)
{
	return never;
}

const char *const *group_absent_calls(void)
{
	return absent;
}
