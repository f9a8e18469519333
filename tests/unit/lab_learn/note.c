/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/note.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { OWN = 65532 };

/* A caller whose memory is ours: addresses are pointers. */
static int own_bytes(void *arg, uint64_t address, void *buffer, size_t size)
{
	(void)arg;
	memcpy(buffer, (const void *)(uintptr_t)address, size);
	return 0;
}

static int own_string(void *arg, uint64_t address, char *buffer, size_t size)
{
	const char *text = (const char *)(uintptr_t)address;

	(void)arg;
	if (strlen(text) >= size)
		return -ENAMETOOLONG;
	memcpy(buffer, text, strlen(text) + 1);
	return 0;
}

static int own_directory(void *arg, int dirfd, char *buffer, size_t size)
{
	(void)arg;
	if (dirfd == 9) {
		snprintf(buffer, size, "socket:[4711]");
		return 0;
	}
	snprintf(buffer, size, dirfd == AT_FDCWD ? "/work" : "/fd%d", dirfd);
	return 0;
}

static int own_ids(void *arg, uint32_t *uid, uint32_t *gid)
{
	(void)arg;
	*uid = *gid = OWN;
	return 0;
}

static const struct note_reader reader = { own_bytes, own_string, own_directory, own_ids, NULL };
static struct note note;

#define ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))
#define CALL(row, ...)   note_read(row, (const uint64_t[6]){ __VA_ARGS__ }, &reader, &note)
#define CAP(name)        (UINT64_C(1) << CAP_##name)

Test(note, reads_the_path_that_is_opened_and_how)
{
	CALL(SYSCALL_ROW_openat, (uint64_t)AT_FDCWD, ADDRESS("/etc/x"), O_RDONLY);
	cr_assert(eq(sz, note.n_paths, 1));
	cr_assert(eq(str, note.paths[0].path, "/etc/x"));
	cr_assert(eq(uint, note.paths[0].access, ACCESS_READ));
	CALL(SYSCALL_ROW_openat, (uint64_t)AT_FDCWD, ADDRESS("log"), O_WRONLY | O_CREAT | O_APPEND);
	cr_assert(eq(str, note.paths[0].path, "/work/log"));
	cr_assert(eq(uint, note.paths[0].access, ACCESS_WRITE | ACCESS_CREATE));
	CALL(SYSCALL_ROW_openat, 7, ADDRESS("../b"), O_RDWR);
	cr_assert(eq(str, note.paths[0].path, "/b"));
	cr_assert(eq(uint, note.paths[0].access, ACCESS_READ | ACCESS_WRITE));
}

Test(note, takes_a_path_descriptor_for_reading_whatever_its_flags)
{
	CALL(SYSCALL_ROW_openat, (uint64_t)AT_FDCWD, ADDRESS("/x"), O_PATH | O_RDWR);
	cr_assert(eq(uint, note.paths[0].access, ACCESS_READ));
}

Test(note, reads_both_paths_of_a_rename)
{
	CALL(SYSCALL_ROW_renameat2, 7, ADDRESS("a"), 8, ADDRESS("b"), 0);
	cr_assert(eq(sz, note.n_paths, 2));
	cr_assert(eq(str, note.paths[0].path, "/fd7/a"));
	cr_assert(eq(str, note.paths[1].path, "/fd8/b"));
	cr_assert(eq(uint, note.paths[1].access, ACCESS_CREATE));
}

Test(note, has_no_path_where_there_is_none)
{
	CALL(SYSCALL_ROW_openat, (uint64_t)AT_FDCWD, 0, O_RDONLY);
	cr_assert(zero(sz, note.n_paths));
	CALL(SYSCALL_ROW_openat, 9, ADDRESS("x"), O_RDONLY);
	cr_assert(zero(sz, note.n_paths), "the descriptor is no directory");
	CALL(SYSCALL_ROW_utimensat, 5, ADDRESS(""), 0, 0x1000);
	cr_assert(zero(sz, note.n_paths));
}

Test(note, drops_a_path_that_is_too_long_for_the_kernel)
{
	static char path[PATH_MAX + 10];

	memset(path, 'a', sizeof(path) - 1);
	CALL(SYSCALL_ROW_openat, (uint64_t)AT_FDCWD, ADDRESS(path), O_RDONLY);
	cr_assert(zero(sz, note.n_paths));
	path[PATH_MAX - 1] = '\0';
	CALL(SYSCALL_ROW_openat, (uint64_t)AT_FDCWD, ADDRESS(path), O_RDONLY);
	cr_assert(zero(sz, note.n_paths), "/work/ before it makes it too long");
}

Test(note, tells_threads_from_processes_and_namespaces)
{
	CALL(SYSCALL_ROW_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND);
	cr_assert(eq(uint, note.facts, FACT_THREADS));
	CALL(SYSCALL_ROW_clone, SIGCHLD);
	cr_assert(eq(uint, note.facts, FACT_PROCESSES));
	CALL(SYSCALL_ROW_clone, SIGCHLD | CLONE_NEWUSER);
	cr_assert(eq(uint, note.facts, FACT_PROCESSES | FACT_NAMESPACES));
	CALL(SYSCALL_ROW_unshare, CLONE_FILES);
	cr_assert(zero(uint, note.facts));
	CALL(SYSCALL_ROW_unshare, CLONE_NEWNET);
	cr_assert(eq(uint, note.facts, FACT_NAMESPACES));
}

Test(note, sees_memory_that_needs_allow_jit)
{
	CALL(SYSCALL_ROW_mmap, 0, 4096, PROT_READ | PROT_EXEC);
	cr_assert(zero(uint, note.facts));
	CALL(SYSCALL_ROW_mmap, 0, 4096, PROT_WRITE | PROT_EXEC);
	cr_assert(eq(uint, note.facts, FACT_JIT));
	CALL(SYSCALL_ROW_mprotect, 0, 4096, PROT_READ | PROT_EXEC);
	cr_assert(eq(uint, note.facts, FACT_JIT));
	CALL(SYSCALL_ROW_mprotect, 0, 4096, PROT_READ | PROT_WRITE);
	cr_assert(zero(uint, note.facts));
}

Test(note, derives_the_capability_from_the_ids_that_are_named)
{
	CALL(SYSCALL_ROW_setuid, OWN);
	cr_assert(zero(u64, note.capabilities));
	CALL(SYSCALL_ROW_setuid, 33);
	cr_assert(eq(u64, note.capabilities, CAP(SETUID)));
	cr_assert(eq(uint, note.id, 33));
	CALL(SYSCALL_ROW_setresgid, UINT32_MAX, 12, UINT32_MAX);
	cr_assert(eq(u64, note.capabilities, CAP(SETGID)));
	CALL(SYSCALL_ROW_fchownat, (uint64_t)AT_FDCWD, ADDRESS("/x"), OWN, UINT32_MAX, 0);
	cr_assert(zero(u64, note.capabilities));
	CALL(SYSCALL_ROW_fchown, 3, 101, 102);
	cr_assert(eq(u64, note.capabilities, CAP(CHOWN)));
	cr_assert(eq(uint, note.id, 102));
}

Test(note, reads_the_groups_that_are_set)
{
	static const uint32_t groups[] = { 5, 70, 6 };

	CALL(SYSCALL_ROW_setgroups, 3, ADDRESS(groups));
	cr_assert(eq(u64, note.capabilities, CAP(SETGID)));
	cr_assert(eq(uint, note.id, 70));
}

Test(note, tells_raw_netlink_and_rare_sockets)
{
	CALL(SYSCALL_ROW_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(eq(uint, note.facts, FACT_SOCKETS));
	cr_assert(zero(u64, note.capabilities));
	CALL(SYSCALL_ROW_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	cr_assert(eq(u64, note.capabilities, CAP(NET_RAW)));
	CALL(SYSCALL_ROW_socket, AF_NETLINK, SOCK_RAW, 0);
	cr_assert(eq(uint, note.facts, FACT_SOCKETS | FACT_NETLINK));
	cr_assert(zero(u64, note.capabilities));
	CALL(SYSCALL_ROW_socket, AF_PACKET, SOCK_RAW, 0);
	cr_assert(eq(uint, note.facts, FACT_SOCKETS | FACT_CLOSED));
}

Test(note, reads_what_is_bound)
{
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct sockaddr_in6 inet6 = { .sin6_family = AF_INET6,
				      .sin6_port = htons(8080),
				      .sin6_addr = in6addr_loopback };
	struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/run/../run/x.sock" };

	CALL(SYSCALL_ROW_bind, 3, ADDRESS(&inet), sizeof(inet));
	cr_assert(eq(str, note.address, "0.0.0.0:80"));
	cr_assert(note.bound);
	cr_assert(eq(u64, note.capabilities, CAP(NET_BIND_SERVICE)));
	CALL(SYSCALL_ROW_bind, 3, ADDRESS(&inet6), sizeof(inet6));
	cr_assert(eq(str, note.address, "[::1]:8080"));
	cr_assert(zero(u64, note.capabilities));
	CALL(SYSCALL_ROW_bind, 3, ADDRESS(&local), sizeof(local));
	cr_assert(eq(sz, note.n_paths, 1));
	cr_assert(eq(str, note.paths[0].path, "/run/x.sock"));
	CALL(SYSCALL_ROW_connect, 3, ADDRESS(&inet), sizeof(inet));
	cr_assert(not(note.bound));
	cr_assert(zero(u64, note.capabilities));
}

Test(note, writes_abstract_and_unnamed_addresses)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	char text[128];

	memcpy(local.sun_path, "\0name", 5);
	cr_assert(zero(int,
		       note_address(&local, offsetof(struct sockaddr_un, sun_path) + 5, text, sizeof(text))));
	cr_assert(eq(str, text, "@name"));
	cr_assert(eq(int, note_address(&local, offsetof(struct sockaddr_un, sun_path), text, sizeof(text)),
		     -EINVAL));
	cr_assert(eq(int, note_address(&local, 1, text, sizeof(text)), -EINVAL));
	memset(local.sun_path, 'x', sizeof(local.sun_path));
	cr_assert(zero(int, note_address(&local, sizeof(local), text, sizeof(text))),
		  "a full path has no NUL");
	cr_assert(eq(sz, strlen(text), sizeof(local.sun_path)));
}

Test(note, does_not_open_a_call_that_only_tried_to_change_the_image)
{
	struct observation *seen = observation_new();

	cr_assert(ne(ptr, seen, NULL));
	CALL(SYSCALL_ROW_mkdir, ADDRESS("/usr/lib/x/__pycache__"), 0755);
	note_commit(seen, &note, "python3");
	cr_assert(zero(u64, seen->calls[SYSCALL_ROW_mkdir].count));
	cr_assert(eq(sz, seen->n_paths, 1));
	CALL(SYSCALL_ROW_mkdir, ADDRESS("/tmp/x"), 0755);
	note_commit(seen, &note, "python3");
	cr_assert(eq(u64, seen->calls[SYSCALL_ROW_mkdir].count, 1));
	observation_free(seen);
}
