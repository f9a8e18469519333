/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answers of the threat model's probe table, written down by hand: what the program
 * returns for a call with these arguments, closed, and with the one key opened.
 */
#include "seccomp/argument_rules.h"

#include <asm/ioctls.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/kd.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "interpreter.h"
#include "profiles/spec.h"
#include "seccomp/filter.h"
#include "seccomp/groups.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#define BIT32  (1ULL << 32)
#define RW     (PROT_READ | PROT_WRITE)
#define RX     (PROT_READ | PROT_EXEC)
#define RWX    (PROT_READ | PROT_WRITE | PROT_EXEC)
#define KILLED (-1)

enum { EXEC_FD = 5000, MPTCP = 262, NEWTIME = 0x80 };

static const char *const closed_list[] = { "@base", "@process", "@threads", "@file-write", "@socket-client",
					   "@ipc",  "@sandbox", "@jit",     NULL };
static const char *const netlink_list[] = { "@base", "@netlink", NULL };
static const char *const process_list[] = { "@base", "@process", NULL };
static const char *const threads_list[] = { "@base", "@threads", NULL };
static const char *const any[] = { "*", NULL };

struct probe {
	const char *call;
	uint64_t args[6];
	int answer; /* errno, 0: allowed, KILLED */
};

static int answer_of(const struct filter *filter, const struct probe *probe)
{
	struct seccomp_data data = { .nr = syscall_number(probe->call), .arch = NATIVE };
	uint32_t action;
	bool looked;

	for (size_t i = 0; i < 6; i++)
		data.args[i] = probe->args[i];
	action = interpreter_run(filter->program, filter->n, &data, &looked);
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return 0;
	case SECCOMP_RET_ERRNO:
		return (int)(action & SECCOMP_RET_DATA);
	case SECCOMP_RET_KILL_PROCESS:
		return KILLED;
	default:
		return -2;
	}
}

static void expect(const struct spec *spec, const struct probe *probes, size_t n)
{
	const struct filter_options options = { .exec_fd = spec_exec_once(spec) ? EXEC_FD : -1 };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct filter filter;

	cr_assert(eq(int, filter_build(spec, &options, arena, &filter, &err), 0), "%s", err.msg);
	for (size_t i = 0; i < n; i++) {
		const struct probe *probe = &probes[i];
		int nr = syscall_number(probe->call);

		if (nr == -2)
			continue; /* not on this architecture */
		cr_assert(ge(int, nr, 0), "%s", probe->call);
		cr_assert(eq(int, answer_of(&filter, probe), probe->answer), "%s(%#lx, %#lx, %#lx, %#lx)",
			  probe->call, probe->args[0], probe->args[1], probe->args[2], probe->args[3]);
		cr_assert(eq(int, filter_answer(spec, options.exec_fd, nr, probe->args), probe->answer), "%s",
			  probe->call);
	}
}

static const struct probe closed[] = {
	/* D1 */
	{ "mount", { 0 }, EPERM },
	{ "umount2", { 0 }, EPERM },
	{ "pivot_root", { 0 }, EPERM },
	{ "chroot", { 0 }, EPERM },
	{ "fsopen", { 0 }, EPERM },
	{ "fspick", { 0 }, EPERM },
	{ "open_tree", { 0 }, EPERM },
	{ "move_mount", { 0 }, EPERM },
	{ "mount_setattr", { 0 }, EPERM },
	{ "setns", { 0 }, EPERM },
	{ "unshare", { CLONE_NEWUSER }, EPERM },
	{ "unshare", { CLONE_NEWNS }, EPERM },
	{ "clone", { CLONE_NEWUSER | 17 }, EPERM },
	{ "clone", { CLONE_NEWNET | 17 }, EPERM },
	{ "clone", { CLONE_NEWCGROUP | BIT32 }, EPERM },
	{ "clone", { 17 }, 0 },
	{ "clone", { CLONE_VM | CLONE_VFORK | 17 }, 0 },
	{ "clone3", { 0 }, ENOSYS },
	{ "clone", { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS }, 0 },
	{ "statmount", { 0 }, ENOSYS },
	{ "listmount", { 0 }, ENOSYS },
	{ "open_tree_attr", { 0 }, EPERM },
	/* D2 */
	{ "ptrace", { 0 }, EPERM },
	{ "process_vm_readv", { 0 }, EPERM },
	{ "process_vm_writev", { 0 }, EPERM },
	{ "pidfd_getfd", { 0 }, EPERM },
	{ "kcmp", { 0 }, EPERM },
	{ "process_madvise", { 0 }, EPERM },
	{ "move_pages", { 0 }, EPERM },
	{ "migrate_pages", { 0 }, EPERM },
	{ "mbind", { 0 }, EPERM },
	{ "kill", { 1, 9 }, 0 },
	/* D3 */
	{ "kexec_load", { 0 }, KILLED },
	{ "kexec_file_load", { 0 }, KILLED },
	{ "init_module", { 0 }, KILLED },
	{ "finit_module", { 0 }, KILLED },
	{ "delete_module", { 0 }, KILLED },
	{ "bpf", { 0 }, EPERM },
	{ "perf_event_open", { 0 }, EPERM },
	{ "keyctl", { 0 }, EPERM },
	{ "add_key", { 0 }, EPERM },
	{ "request_key", { 0 }, EPERM },
	{ "userfaultfd", { 0 }, EPERM },
	{ "userfaultfd", { 1 }, EPERM },
	{ "io_uring_setup", { 0 }, ENOSYS },
	{ "io_uring_enter", { 0 }, ENOSYS },
	{ "io_uring_register", { 0 }, ENOSYS },
	{ "clock_settime", { 0 }, EPERM },
	{ "settimeofday", { 0 }, EPERM },
	{ "adjtimex", { 0 }, EPERM },
	{ "clock_adjtime", { 0 }, EPERM },
	{ "reboot", { 0 }, EPERM },
	{ "swapon", { 0 }, EPERM },
	{ "swapoff", { 0 }, EPERM },
	{ "acct", { 0 }, EPERM },
	{ "quotactl", { 0 }, EPERM },
	{ "vhangup", { 0 }, EPERM },
	{ "iopl", { 3 }, EPERM },
	{ "ioperm", { 0 }, EPERM },
	{ "syslog", { 3 }, EPERM },
	{ "sethostname", { 0 }, EPERM },
	{ "setdomainname", { 0 }, EPERM },
	{ "fanotify_init", { 0 }, ENOSYS },
	{ "lookup_dcookie", { 0 }, ENOSYS },
	{ "nfsservctl", { 0 }, ENOSYS },
	{ "uselib", { 0 }, ENOSYS },
	{ "_sysctl", { 0 }, ENOSYS },
	{ "ustat", { 0 }, ENOSYS },
	{ "sysfs", { 0 }, ENOSYS },
	{ "modify_ldt", { 0 }, ENOSYS },
	{ "personality", { 0x0040000 }, EPERM },
	{ "personality", { 0x0400000 }, EPERM },
	{ "personality", { 0x0040000 | BIT32 }, EPERM },
	{ "personality", { 0 }, 0 },
	{ "personality", { 0xffffffff }, 0 },
	{ "personality", { UINT64_MAX }, 0 },
	{ "mmap", { 0, 4096, RWX }, EACCES },
	{ "mmap", { 0, 4096, RWX | BIT32 }, EACCES },
	{ "mmap", { 0, 4096, RW }, 0 },
	{ "mmap", { 0, 4096, RX }, 0 },
	{ "mprotect", { 0, 4096, RX }, EACCES },
	{ "mprotect", { 0, 4096, PROT_EXEC | BIT32 }, EACCES },
	{ "mprotect", { 0, 4096, RW }, 0 },
	{ "pkey_mprotect", { 0, 4096, RX }, EACCES },
	{ "pkey_mprotect", { 0, 4096, RW }, 0 },
	{ "shmat", { 0, 0, SHM_EXEC }, EPERM },
	{ "shmat", { 0, 0, SHM_RDONLY }, 0 },
	{ "memfd_create", { 0 }, EPERM },
	{ "seccomp", { 1, 8 }, EPERM },
	{ "seccomp", { 1, 8 | 2 }, EPERM },
	{ "seccomp", { 1, 8 | BIT32 }, EPERM },
	{ "seccomp", { 1, 0 }, 0 },
	{ "set_mempolicy", { 0 }, EPERM },
	{ "lsm_set_self_attr", { 0 }, EPERM },
	{ "map_shadow_stack", { 0 }, ENOSYS },
	/* D4, and the limit that keeps the host's core handler away (A5.18) */
	{ "open_by_handle_at", { 0 }, EPERM },
	{ "name_to_handle_at", { 0 }, ENOSYS },
	{ "mknod", { 0, S_IFBLK | 0600, 0x800 }, EPERM },
	{ "mknod", { 0, S_IFCHR | 0600, 0x103 }, EPERM },
	{ "mknod", { 0, S_IFCHR, 0 }, EPERM },
	{ "mknod", { 0, S_IFIFO | 0600 }, 0 },
	{ "mknod", { 0, S_IFREG | 0600 }, 0 },
	{ "mknod", { 0, S_IFSOCK | 0600 }, 0 },
	{ "mknodat", { 0, 0, S_IFCHR | 0600 }, EPERM },
	{ "mknodat", { 0, 0, S_IFBLK | BIT32 }, EPERM },
	{ "mknodat", { 0, 0, S_IFIFO | 0644 }, 0 },
	{ "prlimit64", { 0, RLIMIT_CORE, 0x7000 }, EPERM },
	{ "prlimit64", { 0, RLIMIT_CORE | BIT32, 0x7000 }, EPERM },
	{ "prlimit64", { 0, RLIMIT_CORE, BIT32 }, EPERM },
	{ "prlimit64", { 0, RLIMIT_CORE, 0, 0x7000 }, 0 },
	{ "prlimit64", { 0, RLIMIT_NOFILE, 0x7000 }, 0 },
	{ "prlimit64", { 1, RLIMIT_NOFILE, 0x7000 }, EPERM },
	{ "prlimit64", { 1, RLIMIT_NOFILE, 0, 0x7000 }, 0 },
	{ "setrlimit", { RLIMIT_CORE, 0x7000 }, EPERM },
	{ "setrlimit", { RLIMIT_CORE | BIT32, 0x7000 }, EPERM },
	{ "setrlimit", { RLIMIT_STACK, 0x7000 }, 0 },
	{ "prctl", { 35 }, EPERM },
	{ "prctl", { 22 }, 0 },
	{ "prctl", { 38, 1 }, 0 },
	/* D6 */
	{ "socket", { AF_INET, SOCK_RAW, 1 }, EPERM },
	{ "socket", { AF_INET6, SOCK_RAW | SOCK_CLOEXEC, 58 }, EPERM },
	{ "socket", { AF_INET, SOCK_PACKET, 0x300 }, EPERM },
	{ "socket", { AF_PACKET, SOCK_RAW, 0x300 }, EPERM },
	{ "socket", { AF_PACKET | BIT32, SOCK_DGRAM, 0 }, EPERM },
	{ "socket", { AF_ALG, SOCK_SEQPACKET }, EPERM },
	{ "socket", { AF_ALG | BIT32, SOCK_SEQPACKET }, EPERM },
	{ "socket", { AF_VSOCK, SOCK_STREAM }, EPERM },
	{ "socket", { AF_XDP, SOCK_RAW }, EAFNOSUPPORT },
	{ "socket", { AF_KEY, SOCK_RAW, 2 }, EAFNOSUPPORT },
	{ "socket", { AF_CAN, SOCK_RAW, 1 }, EAFNOSUPPORT },
	{ "socket", { AF_BLUETOOTH, SOCK_RAW }, EAFNOSUPPORT },
	{ "socket", { AF_TIPC, SOCK_STREAM }, EAFNOSUPPORT },
	{ "socket", { AF_RDS, SOCK_SEQPACKET }, EAFNOSUPPORT },
	{ "socket", { AF_QIPCRTR, SOCK_DGRAM }, EAFNOSUPPORT },
	{ "socket", { AF_SMC, SOCK_STREAM }, EAFNOSUPPORT },
	{ "socket", { AF_NFC, SOCK_RAW }, EAFNOSUPPORT },
	{ "socket", { 46, SOCK_STREAM }, EAFNOSUPPORT },
	{ "socket", { 0, SOCK_STREAM }, EAFNOSUPPORT },
	{ "socket", { UINT64_MAX, 1 }, EAFNOSUPPORT },
	{ "socket", { AF_NETLINK, SOCK_RAW, 0 }, EPERM },
	{ "socket", { AF_NETLINK, SOCK_RAW, 9 }, EPERM },
	{ "socket", { AF_INET, SOCK_STREAM, MPTCP }, EPROTONOSUPPORT },
	{ "socket", { AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, MPTCP | BIT32 }, EPROTONOSUPPORT },
	{ "socket", { AF_INET, SOCK_STREAM, 132 }, EPROTONOSUPPORT },
	{ "socket", { AF_INET, SOCK_SEQPACKET, 0 }, ESOCKTNOSUPPORT },
	{ "socket", { AF_INET6, SOCK_SEQPACKET | SOCK_CLOEXEC, 0 }, ESOCKTNOSUPPORT },
	{ "socket", { AF_INET, 6 | BIT32, 0 }, ESOCKTNOSUPPORT },
	{ "socket", { AF_INET, 0, 0 }, ESOCKTNOSUPPORT },
	{ "socket", { AF_INET, SOCK_STREAM, 6 }, 0 },
	{ "socket", { AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 17 }, 0 },
	{ "socket", { AF_INET, SOCK_DGRAM, 1 }, 0 },
	{ "socket", { AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0 }, 0 },
	{ "socketpair", { AF_UNIX, SOCK_STREAM }, 0 },
	{ "socketpair", { AF_TIPC, SOCK_STREAM }, EAFNOSUPPORT },
	{ "sendto", { 3, 0, 0, MSG_FASTOPEN }, EPERM },
	{ "sendto", { 3, 0, 0, MSG_FASTOPEN | BIT32 }, EPERM },
	{ "sendto", { 3, 0, 0, MSG_NOSIGNAL }, 0 },
	{ "sendmsg", { 3, 0, MSG_FASTOPEN }, EPERM },
	{ "sendmsg", { 3, 0, MSG_NOSIGNAL }, 0 },
	{ "sendmmsg", { 3, 0, 1, MSG_FASTOPEN }, EPERM },
	{ "ioctl", { 0, TIOCSTI }, EPERM },
	{ "ioctl", { 0, TIOCSTI | BIT32 }, EPERM },
	{ "ioctl", { 0, TIOCSTI | 0xffffffff00000000ULL }, EPERM },
	{ "ioctl", { 0, TIOCLINUX }, EPERM },
	{ "ioctl", { 0, TIOCCONS }, EPERM },
	{ "ioctl", { 0, KDSKBMODE | BIT32 }, EPERM },
	{ "ioctl", { 0, TCGETS }, 0 },
	{ "ioctl", { 0, FIONREAD }, 0 },
	{ "ioctl", { TIOCSTI, 0 }, 0 },
	/* exec once */
	{ "execve", { 0 }, EPERM },
	{ "execveat", { EXEC_FD, 0x7000, 0, 0, 0x1000 }, 0 },
	{ "execveat", { 4, 0x7000, 0, 0, 0x1000 }, EPERM },
	{ "execveat", { EXEC_FD, 0x7000, 0, 0, 0 }, EPERM },
	{ "execveat", { (uint32_t)-100, 0x7000 }, EPERM },
	{ "execveat", { EXEC_FD, 0x7000, 0, 0, 0x100 }, EPERM },
};

Test(arguments, strict_profile_gives_the_answers_of_the_probe_table)
{
	const struct spec spec = { .syscalls = { closed_list, ARRAY_SIZE(closed_list) - 1 } };

	expect(&spec, closed, ARRAY_SIZE(closed));
}

Test(arguments, errno_mode_turns_kills_into_eperm)
{
	const struct probe probes[] = { { "init_module", { 0 }, EPERM },
					{ "ptrace", { 0 }, EPERM },
					{ "clone3", { 0 }, ENOSYS } };
	const struct spec spec = { .syscalls = { closed_list, ARRAY_SIZE(closed_list) - 1 },
				   .on_violation = SPEC_VIOLATION_ERRNO };

	expect(&spec, probes, ARRAY_SIZE(probes));
}

Test(arguments, log_mode_keeps_exec_once_and_module_loading_closed)
{
	const struct filter_options options = { .exec_fd = EXEC_FD };
	const struct spec spec = { .syscalls = { closed_list, 1 }, .on_violation = SPEC_VIOLATION_LOG };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct filter filter;

	cr_assert(eq(int, filter_build(&spec, &options, arena, &filter, &err), 0));
	cr_assert(eq(int, answer_of(&filter, &(struct probe){ "execve", { 0 }, 0 }), EPERM));
	cr_assert(eq(int, answer_of(&filter, &(struct probe){ "execveat", { 3 }, 0 }), EPERM));
	cr_assert(eq(int, answer_of(&filter, &(struct probe){ "init_module", { 0 }, 0 }), EPERM));
	cr_assert(eq(int, answer_of(&filter, &(struct probe){ "ptrace", { 0 }, 0 }), -2)); /* LOG */
	cr_assert(eq(int, answer_of(&filter, &(struct probe){ "ioctl", { 0, TIOCSTI }, 0 }), -2));
	cr_assert(eq(int, answer_of(&filter, &(struct probe){ "clone3", { 0 }, 0 }), ENOSYS));
}

Test(arguments, each_key_opens_what_it_says_and_nothing_else)
{
	const struct probe nested[] = { { "unshare", { CLONE_NEWUSER }, 0 },
					{ "clone", { CLONE_NEWUSER | 17 }, 0 },
					{ "setns", { 0 }, 0 },
					{ "clone3", { 0 }, 0 },
					{ "mount", { 0 }, EPERM },
					{ "ptrace", { 0 }, EPERM },
					{ "mmap", { 0, 0, RWX }, EACCES } };
	const struct probe ptrace[] = { { "ptrace", { 0 }, 0 },
					{ "process_vm_readv", { 0 }, 0 },
					{ "process_vm_writev", { 0 }, 0 },
					{ "kcmp", { 0 }, 0 },
					{ "unshare", { CLONE_NEWUSER }, EPERM },
					{ "clone3", { 0 }, ENOSYS } };
	const struct probe jit[] = { { "mmap", { 0, 0, RWX }, 0 },         { "mprotect", { 0, 0, RX }, 0 },
				     { "pkey_mprotect", { 0, 0, RX }, 0 }, { "memfd_create", { 0 }, 0 },
				     { "shmat", { 0, 0, SHM_EXEC }, 0 },   { "ptrace", { 0 }, EPERM } };
	const struct probe setuid[] = { { "setuid", { 0 }, 0 },
					{ "setgroups", { 0 }, 0 },
					{ "ptrace", { 0 }, EPERM } };
	const struct probe exec[] = { { "execve", { 0 }, 0 },
				      { "execveat", { 3 }, 0 },
				      { "ptrace", { 0 }, EPERM } };
	struct spec spec = { .syscalls = { closed_list, ARRAY_SIZE(closed_list) - 1 } };

	spec.allow_nested_namespaces = true;
	expect(&spec, nested, ARRAY_SIZE(nested));
	spec.allow_nested_namespaces = false;
	spec.allow_ptrace = true;
	expect(&spec, ptrace, ARRAY_SIZE(ptrace));
	spec.allow_ptrace = false;
	spec.allow_jit = true;
	expect(&spec, jit, ARRAY_SIZE(jit));
	spec.allow_jit = false;
	spec.allow_setuid = true;
	expect(&spec, setuid, ARRAY_SIZE(setuid));
	spec.allow_setuid = false;
	spec.exec_allow = (struct spec_strings){ any, 1 };
	expect(&spec, exec, ARRAY_SIZE(exec));
}

Test(arguments, net_raw_opens_raw_but_not_packet_sockets)
{
	const struct probe probes[] = { { "socket", { AF_INET, SOCK_RAW, 1 }, 0 },
					{ "socket", { AF_INET, SOCK_RAW, 255 }, 0 },
					{ "socket", { AF_INET, SOCK_PACKET, 3 }, EPERM },
					{ "socket", { AF_PACKET, SOCK_RAW, 3 }, EPERM },
					{ "socket", { AF_INET, SOCK_STREAM, MPTCP }, EPROTONOSUPPORT } };
	const struct spec spec = { .syscalls = { closed_list, ARRAY_SIZE(closed_list) - 1 },
				   .capabilities = 1ULL << CAP_NET_RAW };

	expect(&spec, probes, ARRAY_SIZE(probes));
}

Test(arguments, netlink_group_opens_the_routing_protocol_only)
{
	const struct probe probes[] = { { "socket", { AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0 }, 0 },
					{ "socket", { AF_NETLINK, SOCK_RAW, 4 }, EPERM },
					{ "socket", { AF_NETLINK, SOCK_RAW, 6 }, EPERM },
					{ "socket", { AF_NETLINK, SOCK_RAW, 9 }, EPERM },
					{ "socket", { AF_NETLINK, SOCK_DGRAM, 12 | BIT32 }, EPERM },
					{ "socket", { AF_NETLINK, SOCK_RAW, 15 }, EPERM } };
	const struct spec spec = { .syscalls = { netlink_list, 2 } };

	expect(&spec, probes, ARRAY_SIZE(probes));
}

Test(arguments, clone_makes_only_what_its_group_says)
{
	const struct probe process[] = { { "clone", { 17 }, 0 },
					 { "clone", { CLONE_THREAD | CLONE_VM }, EPERM } };
	const struct probe threads[] = { { "clone", { 17 }, EPERM },
					 { "clone", { CLONE_THREAD | CLONE_VM }, 0 },
					 { "fork", { 0 }, EPERM },
					 { "vfork", { 0 }, EPERM } };
	const struct spec process_spec = { .syscalls = { process_list, 2 } };
	const struct spec threads_spec = { .syscalls = { threads_list, 2 } };

	expect(&process_spec, process, ARRAY_SIZE(process));
	expect(&threads_spec, threads, ARRAY_SIZE(threads));
}

Test(arguments, only_the_own_user_can_be_set_without_identity)
{
	static const char *const identity[] = { "@base", "@identity", NULL };
	const struct probe own[] = { { "setuid", { 65532 }, 0 },     { "setgid", { 65533 }, 0 },
				     { "setuid", { 0 }, EPERM },     { "setgid", { 65532 }, EPERM },
				     { "setuid", { 65533 }, EPERM }, { "setresuid", { 0 }, EPERM },
				     { "setgroups", { 0 }, EPERM } };
	static const char *const named[] = { "@base", "setuid", NULL };
	const struct probe by_name[] = { { "setuid", { 0 }, 0 }, { "setgid", { 0 }, EPERM } };
	const struct probe any_user[] = { { "setuid", { 0 }, 0 },
					  { "setgid", { 0 }, 0 },
					  { "setresuid", { 0 }, 0 } };
	struct spec spec = { .syscalls = { closed_list, 1 }, .user = { .uid = 65532, .gid = 65533 } };

	expect(&spec, own, ARRAY_SIZE(own));
	spec.syscalls = (struct spec_strings){ identity, 2 };
	expect(&spec, any_user, ARRAY_SIZE(any_user));
	spec.syscalls = (struct spec_strings){ named, 2 };
	expect(&spec, by_name, ARRAY_SIZE(by_name));
}

Test(arguments, unshare_by_name_still_makes_no_namespace)
{
	static const char *const list[] = { "@base", "unshare", NULL };
	const struct probe probes[] = { { "unshare", { CLONE_FS }, 0 },
					{ "unshare", { CLONE_NEWUSER }, EPERM },
					{ "unshare", { NEWTIME }, EPERM },
					{ "unshare", { CLONE_NEWNS | BIT32 }, EPERM } };
	const struct spec spec = { .syscalls = { list, 2 } };

	expect(&spec, probes, ARRAY_SIZE(probes));
}

Test(arguments, rules_name_known_calls_and_fit_their_block)
{
	const struct argument_rule *rules;
	size_t n;

	rules = argument_rules(&n);
	cr_assert(le(sz, n, 64));
	for (size_t i = 0; i < n; i++) {
		cr_assert(ne(int, syscall_number(rules[i].call), -1), "%s", rules[i].call);
		cr_assert(gt(int, rules[i].answer, 0));
		for (size_t j = 0; j < ARGUMENT_TESTS_MAX; j++) {
			cr_assert(lt(uint, rules[i].tests[j].index, 6));
			cr_assert(eq(u32, rules[i].tests[j].value & ~rules[i].tests[j].mask, 0), "%s",
				  rules[i].call);
		}
	}
}
