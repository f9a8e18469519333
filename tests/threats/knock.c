/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knocks at doors of the kernel: for each name one line, "name OK", "name ERRNO" or "name SIGNAL".
 * Each try has a child of its own, for a filter may kill. Static: needs nothing of the image.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	MPTCP = 262,
	X32 = 0x40000000,
	I386_PTRACE = 26,
	I386_MOUNT = 21,
	I386_SOCKETCALL = 102,
	I386_KEYCTL = 288,
	SESSION_TO_PARENT = 18,
	MOVES = 500, /* calls whose memory changes meanwhile */
	FDS = 32,
};

static long int80(long nr, long first, const void *second)
{
#if defined(__x86_64__)
	long r = nr;

	__asm__ volatile("int $0x80" : "+a"(r) : "b"(first), "c"(second), "d"(0), "S"(0), "D"(0) : "memory");
	if (r < 0 && r > -4096) {
		errno = (int)-r;
		return -1;
	}
	return r;
#else
	(void)nr, (void)first, (void)second;
	errno = ENOSYS;
	return -1;
#endif
}

/* A bit above an int's, which the kernel ignores and a filter must not look at. */
static long high_ioctl(unsigned long request)
{
	return syscall(SYS_ioctl, 0, request | 1UL << 32, "x");
}

static long clone3_user(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long r = syscall(SYS_clone3, &args, sizeof(args));

	if (r == 0)
		_exit(0);
	return r;
}

static long drive_ring(void)
{
	char parameters[256] = { 0 };

	return syscall(SYS_io_uring_setup, 4, parameters);
}

static long node(mode_t kind, unsigned int major, unsigned int minor)
{
	char path[] = "/tmp/node-XXXXXX";
	long r;

	if (!mkdtemp(path) || chdir(path) < 0)
		return -1;
	r = mknod("node", kind | 0600, makedev(major, minor));
	return r < 0 ? r : open("node", O_RDONLY | O_NONBLOCK);
}

static long connect_fast(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(9),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? -1 : sendto(fd, "x", 1, MSG_FASTOPEN, (const struct sockaddr *)&to, sizeof(to));
}

static long listen_unbound(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? -1 : listen(fd, 1);
}

static long all_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct all[2] = { { ~0U, ~0U, 0 }, { 0x1ff, 0x1ff, 0 } };

	return syscall(SYS_capset, &header, all);
}

static long lower_core(void)
{
	const struct rlimit none = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &none);
}

static long new_listener(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, NULL);
}

/* The options that switch a tracee's filter off; asked about the child that waits. */
static long suspend_filter(void)
{
	pid_t child = fork();
	long r;

	if (child == 0)
		for (;;)
			pause();
	r = ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_SUSPEND_SECCOMP);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return r;
}

static long mount_cgroup(void)
{
	return mount("cgroup", "/tmp", "cgroup", 0, "memory");
}

enum { WORD_SIZE = 16 };

/* A word in memory that another process changes all the time: who looks at it twice sees two. */
static pid_t start_moving(char *word, const char *a, const char *b)
{
	pid_t mover, parent = getpid();

	strcpy(word, a);
	mover = fork();
	if (mover < 0)
		_exit(3);
	/* Where the call is let through, another program stands in our place, and does not know of it. */
	if (mover == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
		_exit(0);
	while (mover == 0)
		for (int i = 0; i < 2; i++)
			memcpy(word, i == 0 ? a : b, WORD_SIZE);
	return mover;
}

/* The same refused call again and again: the last answer, or OK if one was let through. */
static long call_moving(int nr, const char *a, const char *b)
{
	static const char *const words[] = { "moved", NULL };
	char *word = mmap(NULL, WORD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t mover;
	long r = -1;
	int code = 0;

	if (word == MAP_FAILED)
		_exit(3);
	mover = start_moving(word, a, b);
	for (int i = 0; i < MOVES && r < 0; i++) {
		r = nr == SYS_execve ? syscall(nr, word, words, words + 1)
				     : syscall(nr, word, word, word, 0, NULL);
		code = errno;
	}
	kill(mover, SIGKILL);
	waitpid(mover, NULL, 0);
	errno = code;
	return r;
}

static long exec_moving(void)
{
	return call_moving(SYS_execve, "/bin/true\0\0\0\0\0\0", "/nowhere\0\0\0\0\0\0\0");
}

static long mount_moving(void)
{
	return call_moving(SYS_mount, "/tmp\0\0\0\0\0\0\0\0\0\0\0", "/nowhere\0\0\0\0\0\0\0");
}

/* The one call that is let through once, made again with each descriptor that it could have had. */
static long exec_again(void)
{
	static char *const words[] = { (char *)"again", NULL };
	int program = open("/bin/true", O_PATH);
	long r = -1;

	for (int fd = 3; fd < FDS && r < 0; fd++) {
		if (program >= 0 && program != fd && dup2(program, fd) < 0)
			return 0;
		r = syscall(SYS_execveat, fd, "", words, words + 1, AT_EMPTY_PATH);
	}
	return r;
}

static long knock(const char *name)
{
	const unsigned int one[] = { AF_ALG, SOCK_SEQPACKET, 0 };
	const struct {
		const char *name;
		long nr, a, b, c;
	} calls[] = {
		{ "x32-getpid", X32 | 39, 0, 0, 0 },
		{ "unshare-user", SYS_unshare, CLONE_NEWUSER, 0, 0 },
		{ "unshare-mount", SYS_unshare, CLONE_NEWNS, 0, 0 },
		{ "unshare-cgroup", SYS_unshare, CLONE_NEWCGROUP, 0, 0 },
		{ "keyctl", SYS_keyctl, 0, -3, 0 },
		{ "keyctl-parent", SYS_keyctl, SESSION_TO_PARENT, 0, 0 },
		{ "tiocsti", SYS_ioctl, 0, TIOCSTI, (long)"x" },
		{ "tioclinux", SYS_ioctl, 0, TIOCLINUX, (long)"\3" },
		{ "fsopen", SYS_fsopen, (long)"tmpfs", 0, 0 },
		{ "af-alg", SYS_socket, AF_ALG, SOCK_SEQPACKET, 0 },
		{ "af-packet", SYS_socket, AF_PACKET, SOCK_RAW, 0 },
		{ "af-vsock", SYS_socket, AF_VSOCK, SOCK_STREAM, 0 },
		{ "netfilter", SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER },
		{ "mptcp", SYS_socket, AF_INET, SOCK_STREAM, MPTCP },
		{ "udp", SYS_socket, AF_INET, SOCK_DGRAM, 0 },
		{ "setuid-0", SYS_setresuid, 0, 0, 0 },
		{ "setgroups", SYS_setgroups, 0, 0, 0 },
		{ "unknown", 9999, 0, 0, 0 },
		{ "bpf", SYS_bpf, 0, 0, 0 },
	};
	const struct {
		const char *name;
		long (*try)(void);
	} tries[] = {
		{ "clone3-user", clone3_user },   { "io-uring", drive_ring },
		{ "fast-open", connect_fast },    { "listen", listen_unbound },
		{ "capset", all_capabilities },   { "core-0", lower_core },
		{ "new-listener", new_listener }, { "suspend", suspend_filter },
		{ "mount-cgroup", mount_cgroup }, { "exec-moving", exec_moving },
		{ "exec-again", exec_again },     { "mount-moving", mount_moving },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strcmp(calls[i].name, name) == 0)
			return syscall(calls[i].nr, calls[i].a, calls[i].b, calls[i].c, 0, 0);
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++)
		if (strcmp(tries[i].name, name) == 0)
			return tries[i].try();
	if (strcmp(name, "tiocsti-high") == 0)
		return high_ioctl(TIOCSTI);
	if (strcmp(name, "tioclinux-high") == 0)
		return high_ioctl(TIOCLINUX);
	if (strcmp(name, "int80-mount") == 0)
		return int80(I386_MOUNT, 0, NULL);
	if (strcmp(name, "int80-ptrace") == 0)
		return int80(I386_PTRACE, PTRACE_TRACEME, NULL);
	if (strcmp(name, "int80-keyctl") == 0)
		return int80(I386_KEYCTL, 0, NULL);
	if (strcmp(name, "int80-socketcall") == 0)
		return int80(I386_SOCKETCALL, 1, one);
	if (strcmp(name, "mem") == 0)
		return node(S_IFCHR, 1, 1);
	if (strcmp(name, "disk") == 0)
		return node(S_IFBLK, 8, 0);
	if (strcmp(name, "fuse") == 0)
		return node(S_IFCHR, 10, 229);
	fprintf(stderr, "knock: no door %s\n", name);
	_exit(2);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		pid_t child = fork();
		int status;

		if (child < 0)
			return 1;
		if (child == 0) {
			long r = knock(argv[i]);

			printf("%s %s\n", argv[i], r < 0 ? strerrorname_np(errno) : "OK");
			fflush(stdout);
			_exit(0);
		}
		if (waitpid(child, &status, 0) < 0)
			return 1;
		if (WIFSIGNALED(status))
			printf("%s SIG%s\n", argv[i], sigabbrev_np(WTERMSIG(status)));
		fflush(stdout);
	}
	return 0;
}
