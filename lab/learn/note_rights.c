/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/note_rights.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/macro.h"
#include "lab/learn/note.h"

#define NEW_NAMESPACES                                                                                       \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |        \
	 CLONE_NEWNET)
#define NEW_TIME  0x80U /* CLONE_NEWTIME, unshare(2) only */
#define TYPE_MASK 0xfU  /* of socket(2)'s type */

enum { GROUPS_MAX = 64 };

/* Calls that always mean the same. */
static const struct {
	short row;
	unsigned char facts;
	signed char capability; /* -1: none */
} plain[] = {
	{ SYSCALL_ROW_fork, FACT_PROCESSES, -1 },          { SYSCALL_ROW_vfork, FACT_PROCESSES, -1 },
	{ SYSCALL_ROW_setns, FACT_NAMESPACES, -1 },        { SYSCALL_ROW_ptrace, FACT_PTRACE, -1 },
	{ SYSCALL_ROW_process_vm_readv, FACT_PTRACE, -1 }, { SYSCALL_ROW_process_vm_writev, FACT_PTRACE, -1 },
	{ SYSCALL_ROW_pidfd_getfd, FACT_PTRACE, -1 },      { SYSCALL_ROW_kcmp, FACT_PTRACE, -1 },
	{ SYSCALL_ROW_socketpair, FACT_SOCKETS, -1 },      { SYSCALL_ROW_accept, FACT_SOCKETS, -1 },
	{ SYSCALL_ROW_accept4, FACT_SOCKETS, -1 },         { SYSCALL_ROW_chroot, 0, CAP_SYS_CHROOT },
	{ SYSCALL_ROW_mount, 0, CAP_SYS_ADMIN },           { SYSCALL_ROW_umount2, 0, CAP_SYS_ADMIN },
	{ SYSCALL_ROW_pivot_root, 0, CAP_SYS_ADMIN },      { SYSCALL_ROW_sethostname, 0, CAP_SYS_ADMIN },
	{ SYSCALL_ROW_setdomainname, 0, CAP_SYS_ADMIN },   { SYSCALL_ROW_clock_settime, 0, CAP_SYS_TIME },
	{ SYSCALL_ROW_settimeofday, 0, CAP_SYS_TIME },
};

static void need(struct note *note, int capability)
{
	note->capabilities |= UINT64_C(1) << capability;
}

/* (uid_t)-1 leaves an id as it is. */
static void other_id(struct note *note, uint64_t wanted, uint32_t own, int capability)
{
	uint32_t id = (uint32_t)wanted;

	if (id == UINT32_MAX || id == own)
		return;
	need(note, capability);
	if (id > note->id)
		note->id = id;
}

/* The owner arguments of the chown family begin at different places. */
static int owner_argument(int row)
{
	switch (row) {
	case SYSCALL_ROW_chown:
	case SYSCALL_ROW_lchown:
	case SYSCALL_ROW_fchown:
		return 1;
	case SYSCALL_ROW_fchownat:
		return 2;
	default:
		return -1;
	}
}

static int n_user_ids(int row)
{
	return row == SYSCALL_ROW_setuid || row == SYSCALL_ROW_setfsuid ? 1
	       : row == SYSCALL_ROW_setreuid                            ? 2
	       : row == SYSCALL_ROW_setresuid                           ? 3
									: 0;
}

static int n_group_ids(int row)
{
	return row == SYSCALL_ROW_setgid || row == SYSCALL_ROW_setfsgid ? 1
	       : row == SYSCALL_ROW_setregid                            ? 2
	       : row == SYSCALL_ROW_setresgid                           ? 3
									: 0;
}

static void read_groups(const uint64_t args[6], const struct note_reader *reader, struct note *note)
{
	uint32_t groups[GROUPS_MAX];
	size_t n = args[0] < GROUPS_MAX ? (size_t)args[0] : GROUPS_MAX;

	need(note, CAP_SETGID); /* also to have none */
	if (n == 0 || reader->bytes(reader->arg, args[1], groups, n * sizeof(groups[0])) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (groups[i] != UINT32_MAX && groups[i] > note->id)
			note->id = groups[i];
}

static void read_ids(int row, const uint64_t args[6], const struct note_reader *reader, struct note *note)
{
	int owner = owner_argument(row), users = n_user_ids(row), groups = n_group_ids(row);
	uint32_t uid, gid;

	if (row == SYSCALL_ROW_setgroups)
		read_groups(args, reader, note);
	if ((owner < 0 && users == 0 && groups == 0) || reader->ids(reader->arg, &uid, &gid) < 0)
		return;
	if (owner >= 0) {
		other_id(note, args[owner], uid, CAP_CHOWN);
		other_id(note, args[owner + 1], gid, CAP_CHOWN);
	}
	for (int i = 0; i < users; i++)
		other_id(note, args[i], uid, CAP_SETUID);
	for (int i = 0; i < groups; i++)
		other_id(note, args[i], gid, CAP_SETGID);
}

static void read_clone(int row, const uint64_t args[6], struct note *note)
{
	uint32_t flags = (uint32_t)args[0];

	if (row == SYSCALL_ROW_unshare && (flags & (NEW_NAMESPACES | NEW_TIME)))
		note->facts |= FACT_NAMESPACES;
	if (row != SYSCALL_ROW_clone)
		return;
	if (flags & NEW_NAMESPACES)
		note->facts |= FACT_NAMESPACES;
	note->facts |= flags & CLONE_THREAD ? FACT_THREADS : FACT_PROCESSES;
}

static void read_memory(int row, const uint64_t args[6], struct note *note)
{
	uint64_t both = PROT_WRITE | PROT_EXEC;

	if ((row == SYSCALL_ROW_mmap && (args[2] & both) == both) ||
	    (row == SYSCALL_ROW_mprotect && (args[2] & PROT_EXEC)) ||
	    (row == SYSCALL_ROW_pkey_mprotect && (args[2] & PROT_EXEC)) ||
	    (row == SYSCALL_ROW_shmat && (args[2] & SHM_EXEC)))
		note->facts |= FACT_JIT;
}

static void read_node(int row, const uint64_t args[6], struct note *note)
{
	mode_t mode;

	if (row != SYSCALL_ROW_mknod && row != SYSCALL_ROW_mknodat)
		return;
	mode = (mode_t)args[row == SYSCALL_ROW_mknod ? 1 : 2] & S_IFMT;
	if (mode == S_IFCHR || mode == S_IFBLK)
		note->facts |= FACT_CLOSED;
}

static void read_scheduling(int row, const uint64_t args[6], struct note *note)
{
	if ((row == SYSCALL_ROW_setpriority && (int)args[2] < 0) ||
	    (row == SYSCALL_ROW_sched_setscheduler &&
	     ((int)args[1] == SCHED_FIFO || (int)args[1] == SCHED_RR)))
		need(note, CAP_SYS_NICE);
}

/* Servers size their tables by what they get, and some refuse to start with less. */
static void read_limit(int row, const uint64_t args[6], struct note *note)
{
	if ((row == SYSCALL_ROW_setrlimit && args[0] == RLIMIT_NOFILE) ||
	    (row == SYSCALL_ROW_prlimit64 && args[1] == RLIMIT_NOFILE && args[2] != 0))
		note->facts |= FACT_FILES;
}

static void read_socket(int row, const uint64_t args[6], struct note *note)
{
	int family = (int)args[0];

	if (row != SYSCALL_ROW_socket)
		return;
	note->facts |= FACT_SOCKETS;
	if (family == AF_NETLINK)
		note->facts |= args[2] == 0 ? FACT_NETLINK : FACT_CLOSED;
	else if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
		note->facts |= FACT_CLOSED;
	else if (family != AF_UNIX && (args[1] & TYPE_MASK) == SOCK_RAW)
		need(note, CAP_NET_RAW);
}

static int unix_address(const struct sockaddr_un *address, size_t size, char *ret, size_t ret_size)
{
	size_t head = offsetof(struct sockaddr_un, sun_path), n = size > head ? size - head : 0;

	if (n == 0)
		return -EINVAL;
	if (address->sun_path[0] == '\0') {
		snprintf(ret, ret_size, "@%.*s", (int)(n - 1), address->sun_path + 1);
		return n == 1 ? -EINVAL : 0;
	}
	snprintf(ret, ret_size, "%.*s", (int)n, address->sun_path);
	return 0;
}

int note_address(const void *bytes, size_t size, char *ret, size_t ret_size)
{
	struct sockaddr_storage storage = { 0 };
	const struct sockaddr_in *inet = (const void *)&storage;
	const struct sockaddr_in6 *inet6 = (const void *)&storage;
	char text[INET6_ADDRSTRLEN];

	if (size > sizeof(storage) || size < sizeof(sa_family_t))
		return -EINVAL;
	memcpy(&storage, bytes, size);
	switch (storage.ss_family) {
	case AF_UNIX:
		return unix_address((const void *)&storage, size, ret, ret_size);
	case AF_INET:
		inet_ntop(AF_INET, &inet->sin_addr, text, sizeof(text));
		snprintf(ret, ret_size, "%s:%u", text, ntohs(inet->sin_port));
		return 0;
	case AF_INET6:
		inet_ntop(AF_INET6, &inet6->sin6_addr, text, sizeof(text));
		snprintf(ret, ret_size, "[%s]:%u", text, ntohs(inet6->sin6_port));
		return 0;
	default:
		return -EINVAL;
	}
}

static void read_address(int row, const uint64_t args[6], const struct note_reader *reader, struct note *note)
{
	struct sockaddr_storage address = { 0 };
	uint64_t at = row == SYSCALL_ROW_sendto ? args[4] : args[1];
	uint64_t size = row == SYSCALL_ROW_sendto ? args[5] : args[2];
	const struct sockaddr_in *inet = (const void *)&address;

	if (row != SYSCALL_ROW_bind && row != SYSCALL_ROW_connect && row != SYSCALL_ROW_sendto)
		return;
	if (at == 0 || size < sizeof(sa_family_t) || size > sizeof(address) ||
	    reader->bytes(reader->arg, at, &address, (size_t)size) < 0)
		return;
	if (note_address(&address, (size_t)size, note->address, sizeof(note->address)) < 0)
		note->address[0] = '\0';
	note->bound = row == SYSCALL_ROW_bind;
	/* The port stands at the same place in both families. */
	if (note->bound && (address.ss_family == AF_INET || address.ss_family == AF_INET6) &&
	    ntohs(inet->sin_port) > 0 && ntohs(inet->sin_port) < IPPORT_RESERVED)
		need(note, CAP_NET_BIND_SERVICE);
}

void note_rights(int row, const uint64_t args[6], const struct note_reader *reader, struct note *note)
{
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (plain[i].row != row)
			continue;
		note->facts |= plain[i].facts;
		if (plain[i].capability >= 0)
			need(note, plain[i].capability);
	}
	read_clone(row, args, note);
	read_memory(row, args, note);
	read_ids(row, args, reader, note);
	read_node(row, args, note);
	read_scheduling(row, args, note);
	read_limit(row, args, note);
	read_socket(row, args, note);
	read_address(row, args, reader, note);
}
