/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/argument_rules.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/kd.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/macro.h"

#define ALL UINT32_MAX
/* All that clone(2) takes; CLONE_NEWTIME shares its bit with the exit signal there. */
#define NEW_NAMESPACES                                                                                       \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |        \
	 CLONE_NEWNET)
#define NEW_TIME   0x80U   /* CLONE_NEWTIME, since Linux 5.6; unshare(2) only */
#define TYPE_MASK  0xfU    /* of socket(2)'s type: the rest are SOCK_CLOEXEC and SOCK_NONBLOCK */
#define RAW_PACKET 10U     /* SOCK_PACKET: the kernel turns (AF_INET, SOCK_PACKET) into AF_PACKET */
#define EMPTY_PATH 0x1000U /* AT_EMPTY_PATH */
#define NOEXEC     0x8U    /* MFD_NOEXEC_SEAL, since Linux 6.3: older kernels answer EINVAL */

#define IS(index, value)                                                                                     \
	{                                                                                                    \
		ARGUMENT_IS, index, ALL, value                                                               \
	}
#define NOT(index, value)                                                                                    \
	{                                                                                                    \
		ARGUMENT_NOT, index, ALL, value                                                              \
	}
#define MASKED(index, mask, value)                                                                           \
	{                                                                                                    \
		ARGUMENT_IS, index, mask, value                                                              \
	}
#define ANY(index, mask)                                                                                     \
	{                                                                                                    \
		ARGUMENT_ANY, index, mask, 0                                                                 \
	}
#define BOTH(index, bits)                                                                                    \
	{                                                                                                    \
		ARGUMENT_IS, index, bits, bits                                                               \
	}
#define LACKS(index, bits)                                                                                   \
	{                                                                                                    \
		ARGUMENT_IS, index, bits, 0                                                                  \
	}

/* The internet protocols that a socket may name: any other one can load a kernel module. */
#define UNCOMMON_PROTOCOL                                                                                    \
	NOT(2, IPPROTO_IP), NOT(2, IPPROTO_ICMP), NOT(2, IPPROTO_TCP), NOT(2, IPPROTO_UDP),                  \
		NOT(2, IPPROTO_ICMPV6)

static const struct argument_rule rules[] = {
	/*
	 * Namespaces: user namespaces open most of the kernel's attack surface to an
	 * unprivileged process (CVE-2022-0185, CVE-2024-1086).
	 */
	{ "clone", WHEN_NO_NESTED, EPERM, "a new namespace", { ANY(0, NEW_NAMESPACES) } },
	{ "clone", WHEN_NO_THREADS, EPERM, "a thread", { BOTH(0, CLONE_THREAD) } },
	{ "clone", WHEN_NO_PROCESSES, EPERM, "a new process", { LACKS(0, CLONE_THREAD) } },
	{ "unshare", WHEN_NO_NESTED, EPERM, "a new namespace", { ANY(0, NEW_NAMESPACES | NEW_TIME) } },

	/*
	 * Exec once: the launcher's program on a descriptor above RLIMIT_NOFILE. An absolute
	 * path makes the kernel ignore the descriptor, and a filter can't read paths: only
	 * filter_options.exec_held closes that.
	 */
	{ "execveat", WHEN_EXEC_ONCE, EPERM, "a second program", { { ARGUMENT_OTHER_FD, 0, ALL, 0 } } },
	{ "execveat", WHEN_EXEC_ONCE, EPERM, "a second program", { LACKS(4, EMPTY_PATH) } },

	/*
	 * A list of programs is Landlock's, and its rules are about paths. A file in memory has none:
	 * execveat with AT_EMPTY_PATH would run it past the list, unless it can never be executable.
	 */
	{ "memfd_create",
	  WHEN_EXEC_LIST,
	  EPERM,
	  "a file in memory that could be executed past exec.allow; MFD_NOEXEC_SEAL makes one that can't",
	  { LACKS(1, NOEXEC) } },

	/* Writable code: what PR_SET_MDWE does since Linux 6.3, here for older ones, too. */
	{ "mmap",
	  WHEN_NO_JIT,
	  EACCES,
	  "memory that is writable and executable",
	  { BOTH(2, PROT_WRITE | PROT_EXEC) } },
	{ "mprotect", WHEN_NO_JIT, EACCES, "making memory executable", { BOTH(2, PROT_EXEC) } },
	{ "pkey_mprotect", WHEN_NO_JIT, EACCES, "making memory executable", { BOTH(2, PROT_EXEC) } },
	{ "shmat", WHEN_NO_JIT, EPERM, "executable shared memory", { BOTH(2, SHM_EXEC) } },

	/* Some programs set the user they are: that is in @base, becoming another isn't. */
	{ "setuid", WHEN_NO_IDENTITY, EPERM, "another user", { { ARGUMENT_OTHER_UID, 0, ALL, 0 } } },
	{ "setgid", WHEN_NO_IDENTITY, EPERM, "another group", { { ARGUMENT_OTHER_GID, 0, ALL, 0 } } },

	/* ASLR off, or READ_IMPLIES_EXEC; 0 sets nothing and 0xffffffff only asks. */
	{ "personality",
	  WHEN_ALWAYS,
	  EPERM,
	  "another personality, such as one without ASLR",
	  { NOT(0, 0), NOT(0, 0xffffffffU) } },

	/* The kernel's core handler of the host runs for a piped pattern unless the limit is 1. */
	{ "prlimit64",
	  WHEN_ALWAYS,
	  EPERM,
	  "changing RLIMIT_CORE, which keeps the host's core handler away",
	  { IS(1, RLIMIT_CORE), { ARGUMENT_GIVEN, 2, ALL, 0 } } },
	/* Process 1 has the workload's id and, with no descriptors allowed, could wait for nothing any more.
	 */
	{ "prlimit64",
	  WHEN_INIT,
	  EPERM,
	  "changing the limits of another process",
	  { NOT(0, 0), { ARGUMENT_GIVEN, 2, ALL, 0 } } },
	{ "setrlimit",
	  WHEN_ALWAYS,
	  EPERM,
	  "changing RLIMIT_CORE, which keeps the host's core handler away",
	  { IS(0, RLIMIT_CORE) } },

	/* Moving its own code, data and /proc/self/exe about. */
	{ "prctl", WHEN_ALWAYS, EPERM, "rewriting its memory map (PR_SET_MM)", { IS(0, PR_SET_MM) } },

	/* A listener could answer for calls of its children in place of the kernel. */
	{ "seccomp",
	  WHEN_ALWAYS,
	  EPERM,
	  "a listener of its own",
	  { ANY(1, SECCOMP_FILTER_FLAG_NEW_LISTENER) } },

	/* Typing into the terminal of somebody else (CVE-2017-5226, CVE-2023-28100). */
	{ "ioctl", WHEN_ALWAYS, EPERM, "TIOCSTI, typing into a terminal", { IS(1, TIOCSTI) } },
	{ "ioctl", WHEN_ALWAYS, EPERM, "TIOCLINUX, pasting into a console", { IS(1, TIOCLINUX) } },
	{ "ioctl", WHEN_ALWAYS, EPERM, "TIOCCONS, taking over the console", { IS(1, TIOCCONS) } },
	{ "ioctl", WHEN_ALWAYS, EPERM, "KDSKBMODE, the keyboard's mode", { IS(1, KDSKBMODE) } },
	{ "ioctl", WHEN_ALWAYS, EPERM, "KDSKBENT, the keyboard's map", { IS(1, KDSKBENT) } },
	{ "ioctl", WHEN_ALWAYS, EPERM, "KDSKBSENT, the keyboard's strings", { IS(1, KDSKBSENT) } },

	/* Nodes: 0:0 is overlayfs' whiteout, which needs no capability since Linux 5.8. */
	{ "mknod", WHEN_ALWAYS, EPERM, "a character device", { MASKED(1, S_IFMT, S_IFCHR) } },
	{ "mknod", WHEN_ALWAYS, EPERM, "a block device", { MASKED(1, S_IFMT, S_IFBLK) } },
	{ "mknodat", WHEN_ALWAYS, EPERM, "a character device", { MASKED(2, S_IFMT, S_IFCHR) } },
	{ "mknodat", WHEN_ALWAYS, EPERM, "a block device", { MASKED(2, S_IFMT, S_IFBLK) } },

	/* Sockets: every further family is kernel code that parses what an attacker sends. */
	{ "socket", WHEN_ALWAYS, EPERM, "a packet socket", { IS(0, AF_PACKET) } },
	{ "socket", WHEN_ALWAYS, EPERM, "a socket to the hypervisor", { IS(0, AF_VSOCK) } },
	{ "socket",
	  WHEN_ALWAYS,
	  EPERM,
	  "a socket to the kernel's cryptography (CVE-2026-31431)",
	  { IS(0, AF_ALG) } },
	{ "socket", WHEN_NO_NETLINK, EPERM, "a netlink socket", { IS(0, AF_NETLINK) } },
	{ "socket",
	  WHEN_NETLINK,
	  EPERM,
	  "a netlink protocol other than NETLINK_ROUTE",
	  { IS(0, AF_NETLINK), NOT(2, 0) } },
	{ "socket",
	  WHEN_ALWAYS,
	  EAFNOSUPPORT,
	  "an address family beside UNIX, INET and INET6",
	  { NOT(0, AF_UNIX), NOT(0, AF_INET), NOT(0, AF_INET6), NOT(0, AF_NETLINK) } },
	{ "socket",
	  WHEN_ALWAYS,
	  EPERM,
	  "a packet socket (SOCK_PACKET)",
	  { NOT(0, AF_UNIX), NOT(0, AF_NETLINK), MASKED(1, TYPE_MASK, RAW_PACKET) } },
	{ "socket",
	  WHEN_NO_RAW,
	  EPERM,
	  "a raw socket without the capability NET_RAW",
	  { NOT(0, AF_UNIX), NOT(0, AF_NETLINK), MASKED(1, TYPE_MASK, SOCK_RAW) } },
	{ "socket",
	  WHEN_ALWAYS,
	  EPROTONOSUPPORT,
	  "an internet protocol beside TCP, UDP and ICMP (multipath TCP passes Landlock's rules)",
	  { NOT(0, AF_UNIX),
	    NOT(0, AF_NETLINK),
	    { ARGUMENT_NOT, 1, TYPE_MASK, SOCK_RAW },
	    UNCOMMON_PROTOCOL } },
	/* With protocol 0 the type chooses: SOCK_SEQPACKET is SCTP and type 6 loads DCCP (CVE-2017-6074). */
	{ "socket",
	  WHEN_ALWAYS,
	  ESOCKTNOSUPPORT,
	  "an internet socket that is neither a stream nor for datagrams",
	  { NOT(0, AF_UNIX),
	    NOT(0, AF_NETLINK),
	    { ARGUMENT_NOT, 1, TYPE_MASK, SOCK_STREAM },
	    { ARGUMENT_NOT, 1, TYPE_MASK, SOCK_DGRAM },
	    { ARGUMENT_NOT, 1, TYPE_MASK, SOCK_RAW } } },
	/* "notify" needs one kind of socket: it must not open the network with it. */
	{ "socket", WHEN_ONLY_NOTIFY, EPERM, "another socket than for notifications", { NOT(0, AF_UNIX) } },
	{ "socket",
	  WHEN_ONLY_NOTIFY,
	  EPERM,
	  "another socket than for notifications",
	  { { ARGUMENT_NOT, 1, TYPE_MASK, SOCK_DGRAM } } },
	{ "socketpair", WHEN_ALWAYS, EAFNOSUPPORT, "a pair of other sockets than UNIX", { NOT(0, AF_UNIX) } },

	/* TCP Fast Open connects without connect(2), so without Landlock's rule for it. */
	{ "sendto", WHEN_ALWAYS, EPERM, "MSG_FASTOPEN, connecting while sending", { ANY(3, MSG_FASTOPEN) } },
	{ "sendmsg", WHEN_ALWAYS, EPERM, "MSG_FASTOPEN, connecting while sending", { ANY(2, MSG_FASTOPEN) } },
	{ "sendmmsg",
	  WHEN_ALWAYS,
	  EPERM,
	  "MSG_FASTOPEN, connecting while sending",
	  { ANY(3, MSG_FASTOPEN) } },
};

const struct argument_rule *argument_rules(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(rules);
	return rules;
}

uint32_t argument_value(const struct argument_test *test, const struct argument_values *values)
{
	switch (test->op) {
	case ARGUMENT_OTHER_FD:
		return (uint32_t)values->exec_fd;
	case ARGUMENT_OTHER_UID:
		return values->uid;
	case ARGUMENT_OTHER_GID:
		return values->gid;
	case ARGUMENT_END:
	case ARGUMENT_IS:
	case ARGUMENT_NOT:
	case ARGUMENT_ANY:
	case ARGUMENT_GIVEN:
		break;
	}
	return test->value;
}

static bool test_holds(const struct argument_test *test, const uint64_t args[6],
		       const struct argument_values *values)
{
	uint32_t low = (uint32_t)args[test->index];

	switch (test->op) {
	case ARGUMENT_END:
		return true;
	case ARGUMENT_IS:
		return (low & test->mask) == test->value;
	case ARGUMENT_ANY:
		return (low & test->mask) != 0;
	case ARGUMENT_GIVEN:
		return args[test->index] != 0;
	case ARGUMENT_NOT:
	case ARGUMENT_OTHER_FD:
	case ARGUMENT_OTHER_UID:
	case ARGUMENT_OTHER_GID:
		return (low & test->mask) != argument_value(test, values);
	}
	return true;
}

bool argument_rule_matches(const struct argument_rule *rule, const uint64_t args[6],
			   const struct argument_values *values)
{
	for (size_t i = 0; i < ARGUMENT_TESTS_MAX && rule->tests[i].op != ARGUMENT_END; i++)
		if (!test_holds(&rule->tests[i], args, values))
			return false;

	return true;
}
