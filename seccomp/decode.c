/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/decode.h"

#include <asm/ioctls.h>
#include <linux/bpf.h>
#include <linux/kd.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "base/str.h"

struct word {
	uint32_t value;
	const char *name;
};

#define WORD(name)                                                                                           \
	{                                                                                                    \
		name, #name                                                                                  \
	}
#define WORDS_END                                                                                            \
	{                                                                                                    \
		0, NULL                                                                                      \
	}

static const struct word ioctls[] = {
	WORD(TIOCSTI),   WORD(TIOCLINUX), WORD(TIOCCONS),  WORD(TIOCSCTTY),
	WORD(KDSKBMODE), WORD(KDSKBENT),  WORD(KDSKBSENT), WORDS_END,
};
static const struct word families[] = {
	WORD(AF_UNIX),  WORD(AF_INET), WORD(AF_INET6), WORD(AF_NETLINK), WORD(AF_PACKET),    WORD(AF_ALG),
	WORD(AF_VSOCK), WORD(AF_XDP),  WORD(AF_KEY),   WORD(AF_CAN),     WORD(AF_BLUETOOTH), WORD(AF_TIPC),
	WORD(AF_RDS),   WORD(AF_SMC),  WORD(AF_NFC),   WORD(AF_QIPCRTR), WORDS_END,
};
static const struct word types[] = {
	WORD(SOCK_STREAM),    WORD(SOCK_DGRAM),  WORD(SOCK_RAW),
	WORD(SOCK_SEQPACKET), WORD(SOCK_PACKET), WORDS_END,
};
static const struct word internet_protocols[] = {
	WORD(IPPROTO_TCP),     WORD(IPPROTO_UDP),        WORD(IPPROTO_ICMP),
	WORD(IPPROTO_ICMPV6),  WORD(IPPROTO_SCTP),       WORD(IPPROTO_DCCP),
	WORD(IPPROTO_UDPLITE), { 262, "IPPROTO_MPTCP" }, WORDS_END,
};
static const struct word resources[] = {
	{ 0, "RLIMIT_CPU" },    { 1, "RLIMIT_FSIZE" },
	{ 2, "RLIMIT_DATA" },   { 3, "RLIMIT_STACK" },
	{ 4, "RLIMIT_CORE" },   { 6, "RLIMIT_NPROC" },
	{ 7, "RLIMIT_NOFILE" }, { 8, "RLIMIT_MEMLOCK" },
	{ 9, "RLIMIT_AS" },     WORDS_END,
};
static const struct word node_types[] = {
	WORD(S_IFCHR), WORD(S_IFBLK), WORD(S_IFREG), WORD(S_IFIFO), WORD(S_IFSOCK), WORDS_END,
};
static const struct word prctls[] = {
	WORD(PR_SET_MM), WORD(PR_SET_SECCOMP), WORD(PR_SET_DUMPABLE), WORD(PR_CAPBSET_DROP), WORDS_END,
};
static const struct word ptraces[] = {
	{ PTRACE_TRACEME, "PTRACE_TRACEME" },   { PTRACE_ATTACH, "PTRACE_ATTACH" },
	{ PTRACE_SEIZE, "PTRACE_SEIZE" },       { PTRACE_PEEKDATA, "PTRACE_PEEKDATA" },
	{ PTRACE_POKEDATA, "PTRACE_POKEDATA" }, WORDS_END,
};
static const struct word keyctls[] = {
	WORD(KEYCTL_GET_KEYRING_ID),
	WORD(KEYCTL_JOIN_SESSION_KEYRING),
	WORD(KEYCTL_READ),
	WORD(KEYCTL_SESSION_TO_PARENT),
	WORDS_END,
};
static const struct word bpf_commands[] = { WORD(BPF_MAP_CREATE), WORD(BPF_PROG_LOAD), WORDS_END };

static const struct word namespaces[] = {
	WORD(CLONE_NEWNS),  WORD(CLONE_NEWCGROUP), WORD(CLONE_NEWUTS),
	WORD(CLONE_NEWIPC), WORD(CLONE_NEWUSER),   WORD(CLONE_NEWPID),
	WORD(CLONE_NEWNET), WORD(CLONE_THREAD),    WORDS_END,
};
static const struct word protections[] = { WORD(PROT_READ), WORD(PROT_WRITE), WORD(PROT_EXEC), WORDS_END };
static const struct word shm_flags[] = { WORD(SHM_RDONLY), WORD(SHM_EXEC), WORDS_END };
static const struct word message_flags[] = { WORD(MSG_FASTOPEN), WORD(MSG_NOSIGNAL), WORDS_END };
static const struct word listener_flags[] = { { 1U << 3, "SECCOMP_FILTER_FLAG_NEW_LISTENER" }, WORDS_END };

/* One telling argument; @bits: the words are bits that add up. */
struct shape {
	const char *call;
	unsigned int index;
	uint32_t mask;
	const struct word *words; /* NULL: a plain number */
	bool bits;
};

static const struct shape shapes[] = {
	{ "ioctl", 1, UINT32_MAX, ioctls, false },
	{ "socket", 0, UINT32_MAX, families, false },
	{ "socket", 1, 0xf, types, false },
	{ "socketpair", 0, UINT32_MAX, families, false },
	{ "socketpair", 1, 0xf, types, false },
	{ "clone", 0, 0x7e000000U | CLONE_NEWNS | CLONE_THREAD, namespaces, true },
	{ "unshare", 0, UINT32_MAX, namespaces, true },
	{ "setns", 1, UINT32_MAX, namespaces, true },
	{ "mmap", 2, UINT32_MAX, protections, true },
	{ "mprotect", 2, UINT32_MAX, protections, true },
	{ "pkey_mprotect", 2, UINT32_MAX, protections, true },
	{ "shmat", 2, UINT32_MAX, shm_flags, true },
	{ "sendto", 3, UINT32_MAX, message_flags, true },
	{ "sendmsg", 2, UINT32_MAX, message_flags, true },
	{ "sendmmsg", 3, UINT32_MAX, message_flags, true },
	{ "prlimit64", 1, UINT32_MAX, resources, false },
	{ "setrlimit", 0, UINT32_MAX, resources, false },
	{ "mknod", 1, S_IFMT, node_types, false },
	{ "mknodat", 2, S_IFMT, node_types, false },
	{ "prctl", 0, UINT32_MAX, prctls, false },
	{ "ptrace", 0, UINT32_MAX, ptraces, false },
	{ "keyctl", 0, UINT32_MAX, keyctls, false },
	{ "bpf", 0, UINT32_MAX, bpf_commands, false },
	{ "seccomp", 1, UINT32_MAX, listener_flags, true },
	{ "personality", 0, UINT32_MAX, NULL, false },
	{ "execveat", 0, UINT32_MAX, NULL, false },
};

static void append(char *buffer, size_t size, const char *format, ...) _printf_(3, 4);

static void append(char *buffer, size_t size, const char *format, ...)
{
	size_t used = strlen(buffer);
	va_list list;

	va_start(list, format);
	vsnprintf(buffer + used, size - used, format, list);
	va_end(list);
}

static void append_value(char *buffer, size_t size, const struct word *words, uint32_t value)
{
	for (; words && words->name; words++) {
		if (words->value == value) {
			append(buffer, size, "%s", words->name);
			return;
		}
	}
	append(buffer, size, value < 1024 ? "%u" : "%#x", value);
}

static void append_bits(char *buffer, size_t size, const struct word *words, uint32_t value)
{
	const char *separator = "";

	for (; words->name; words++) {
		if (!(value & words->value))
			continue;
		append(buffer, size, "%s%s", separator, words->name);
		separator = "|";
		value &= ~words->value;
	}
	if (value || !*separator)
		append(buffer, size, "%s%#x", separator, value);
}

/* kill(pid, signal) and its relatives, by the place of the signal. */
static int signal_index(const char *call)
{
	if (str_equal(call, "kill") || str_equal(call, "tkill") || str_equal(call, "pidfd_send_signal"))
		return 1;
	return str_equal(call, "tgkill") ? 2 : -1;
}

void decode_arguments(char *buffer, size_t size, const char *call, const uint64_t args[6])
{
	int signal = signal_index(call);
	const char *separator = "";

	buffer[0] = '\0';
	if (signal >= 0) {
		const char *name = sigabbrev_np((int)args[signal]);

		append(buffer, size, name ? "SIG%s" : "%s", name ? name : "0");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		uint32_t value = (uint32_t)args[shapes[i].index] & shapes[i].mask;

		if (!str_equal(shapes[i].call, call))
			continue;
		append(buffer, size, "%s", separator);
		if (shapes[i].bits)
			append_bits(buffer, size, shapes[i].words, value);
		else
			append_value(buffer, size, shapes[i].words, value);
		separator = ", ";
	}
	/* What the protocol means depends on the family. */
	if (str_equal(call, "socket")) {
		bool internet = (uint32_t)args[0] == AF_INET || (uint32_t)args[0] == AF_INET6;

		append(buffer, size, ", ");
		append_value(buffer, size, internet ? internet_protocols : NULL, (uint32_t)args[2]);
	}
}
