/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a taken-over process would try, one attack a call: prints "done", or the errno that stopped it.
 * Static, so that it needs nothing of the image.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

/* Each: 0, or -1 with errno. The argument is "" where none was given. */
static int map_writable_code(const char *argument)
{
	(void)argument;
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? -1
		       : 0;
}

static int make_code(const char *argument)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argument;
	if (page == MAP_FAILED)
		exit(3);
	memset(page, 0, PAGE);
	return mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

/* A file in memory mapped twice, once to write and once to execute: what PR_SET_MDWE alone lets pass. */
static int map_twice(const char *argument)
{
	int fd = memfd_create("x", 0);

	(void)argument;
	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		return -1;
	return mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0;
}

static int __attribute__((noinline, used)) victim(void)
{
	return 7;
}

/* The kernel writes where the process itself may not. */
static int rewrite_own_code(const char *argument)
{
	char first;
	int fd = open("/proc/self/mem", O_RDWR);

	(void)argument;
	if (fd < 0)
		return -1;
	if (pread(fd, &first, 1, (off_t)(uintptr_t)victim) != 1)
		return -1;
	return pwrite(fd, &first, 1, (off_t)(uintptr_t)victim) == 1 ? 0 : -1;
}

static int get_mdwe(const char *argument)
{
	(void)argument;
	printf("%d ", prctl(66 /* PR_GET_MDWE */, 0, 0, 0, 0));
	return 0;
}

static int write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	return fd < 0 ? -1 : write(fd, "x", 1) == 1 ? 0 : -1;
}

static int truncate_file(const char *path)
{
	return truncate(path, 0);
}

static int remove_file(const char *path)
{
	return unlink(path);
}

static int make_node(const char *path)
{
	return mknod(path, S_IFCHR | 0666, makedev(1, 3));
}

static int make_writable(const char *mounted)
{
	return mount(NULL, mounted, NULL, MS_REMOUNT | MS_BIND, NULL);
}

static int execute(const char *path)
{
	char *const words[] = { (char *)(uintptr_t)path, "true", NULL };
	int status, pipes[2], code = 0;
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		exit(3);
	child = fork();
	if (child == 0) {
		execv(path, words);
		code = errno;
		_exit(write(pipes[1], &code, sizeof(code)) == sizeof(code) ? 1 : 2);
	}
	close(pipes[1]);
	if (child < 0)
		exit(3);
	if (read(pipes[0], &code, sizeof(code)) < 0)
		exit(3);
	waitpid(child, &status, 0);
	errno = code;
	return code == 0 ? 0 : -1;
}

static int make_user_namespace(const char *argument)
{
	(void)argument;
	return unshare(CLONE_NEWUSER);
}

static int make_ring(const char *argument)
{
	char parameters[256] = { 0 };

	(void)argument;
	return (int)syscall(SYS_io_uring_setup, 4, parameters) < 0 ? -1 : 0;
}

static int trace(const char *argument)
{
	(void)argument;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? -1 : 0;
}

static int read_keys(const char *argument)
{
	(void)argument;
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1) < 0 ? -1 : 0;
}

static int parent(const char *argument)
{
	(void)argument;
	return syscall(SYS_getppid) < 0 ? -1 : 0;
}

static int connect_abstract(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path + 1, name, length);
	return fd < 0 ? -1
		      : connect(fd, (const struct sockaddr *)&address,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length));
}

static int signal_process(const char *pid)
{
	return kill(atoi(pid), 0);
}

static const struct {
	const char *name;
	int (*attempt)(const char *argument);
} attacks[] = {
	{ "mmap-wx", map_writable_code },
	{ "mprotect-x", make_code },
	{ "map-twice", map_twice },
	{ "proc-mem", rewrite_own_code },
	{ "mdwe", get_mdwe },
	{ "write", write_file },
	{ "truncate", truncate_file },
	{ "unlink", remove_file },
	{ "mknod", make_node },
	{ "remount", make_writable },
	{ "exec", execute },
	{ "userns", make_user_namespace },
	{ "io-uring", make_ring },
	{ "ptrace", trace },
	{ "keyctl", read_keys },
	{ "getppid", parent },
	{ "abstract", connect_abstract },
	{ "signal", signal_process },
};

int main(int argc, char **argv)
{
	const char *argument = argc > 2 ? argv[2] : "";

	/* So that it can be what another one executes. */
	if (argc > 1 && strcmp(argv[1], "true") == 0)
		return 0;
	for (size_t i = 0; argc > 1 && i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (strcmp(attacks[i].name, argv[1]) != 0)
			continue;
		puts(attacks[i].attempt(argument) == 0 ? "done" : strerrorname_np(errno));
		return 0;
	}
	fputs("usage: attack NAME [ARGUMENT]\n", stderr);
	return 2;
}
