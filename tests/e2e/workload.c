/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the end-to-end tests run inside a container where busybox can't do it: one program,
 * static, compiled by lib_faults.py. Each verb prints what it saw, one fact a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *outcome(long r)
{
	return r < 0 ? strerrorname_np(errno) : "OK";
}

static int serve(int argc, char **argv)
{
	const char *const variables[] = { "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES" };
	int fds = atoi(getenv("LISTEN_FDS") ? getenv("LISTEN_FDS") : "0");
	char reply[128], asked[64] = "";

	(void)argc, (void)argv;
	for (size_t i = 0; i < 3; i++)
		printf("%s=%s\n", variables[i], getenv(variables[i]) ? getenv(variables[i]) : "");
	printf("pid=%d\n", (int)getpid());
	printf("next=%s\n", outcome(fcntl(3 + fds, F_GETFD)));
	printf("socket=%s\n", outcome(socket(AF_INET, SOCK_STREAM, 0)));
	fflush(stdout);
	for (int fd = 3; fd < 3 + fds; fd++) {
		int client = accept(fd, NULL, NULL);

		printf("accept=%s\n", outcome(client));
		if (client < 0 || read(client, asked, sizeof(asked) - 1) < 0)
			return 1;
		snprintf(reply, sizeof(reply), "%s from %d", asked, fd);
		if (write(client, reply, strlen(reply)) < 0)
			return 1;
		close(client);
	}
	return 0;
}

/* execveat FD PATH: as an attacker would, with the descriptor that the filter lets through. */
static int reexec(int argc, char **argv)
{
	char *const arguments[] = { argv[argc - 1], "-c", "echo escaped", NULL }, *const none[] = { NULL };

	if (argc != 4)
		return 2;
	syscall(SYS_execveat, atoi(argv[2]), argv[3], arguments, none, 0x1000 /* AT_EMPTY_PATH */);
	printf("%s\n", outcome(-1));
	syscall(SYS_execveat, atoi(argv[2]), argv[3], arguments, none, 0);
	printf("%s\n", outcome(-1));
	return 0;
}

static int open_path(int argc, char **argv)
{
	for (int i = 2; i + 1 < argc; i += 2) {
		int flags = strcmp(argv[i + 1], "r") == 0   ? O_RDONLY
			    : strcmp(argv[i + 1], "w") == 0 ? O_WRONLY
							    : O_RDWR;

		printf("%s %s %s\n", argv[i], argv[i + 1], outcome(open(argv[i], flags | O_NONBLOCK)));
	}
	return 0;
}

/* fill FILE: how many bytes fit, and what stopped it. */
static int fill(int argc, char **argv)
{
	static char block[65536];
	int fd = argc > 2 ? open(argv[2], O_WRONLY | O_CREAT, 0600) : -1;
	long total = 0;
	ssize_t put;

	if (fd < 0)
		return 1;
	while ((put = write(fd, block, sizeof(block))) > 0)
		total += put;
	printf("%ld %s\n", total, outcome(put));
	return 0;
}

/* inodes DIRECTORY: how many empty files fit. */
static int inodes(int argc, char **argv)
{
	int n = 0, fd;
	char path[256];

	if (argc < 3)
		return 2;
	do {
		snprintf(path, sizeof(path), "%s/%d", argv[2], n);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd >= 0)
			close(fd);
	} while (fd >= 0 && ++n < 100000);
	printf("%d %s\n", n, outcome(fd));
	return 0;
}

/* flood BYTES: numbered lines of 64 bytes, the last one without an end; then gone at once. */
static int flood(int argc, char **argv)
{
	static char buffer[8 * 1024 * 1024];
	size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, used = 0, done = 0;

	if (size > sizeof(buffer) - 128)
		return 2;
	for (unsigned int line = 0; used < size; line++)
		used += (size_t)sprintf(buffer + used, "%08u %-54s\n", line, "all work and no play");
	while (done < size) {
		ssize_t put = write(1, buffer + done, size - done);

		if (put < 0)
			return 1;
		done += (size_t)put;
	}
	_exit(0);
}

static void tell(int number)
{
	char line[64];
	int size = snprintf(line, sizeof(line), "got SIG%s\n", sigabbrev_np(number));

	if (write(1, line, (size_t)size) != size)
		_exit(3);
}

/* signals: prints each one that comes; SIGQUIT ends it, SIGTERM does not. */
static int signals(int argc, char **argv)
{
	const int caught[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		signal(caught[i], tell);
	puts("ready");
	fflush(stdout);
	while (pause() < 0)
		;
	return 1;
}

static int raise_signal(int argc, char **argv)
{
	if (argc > 2)
		kill(getpid(), atoi(argv[2]));
	return 1;
}

/* daemon SECONDS: leaves a grandchild of its own session behind. */
static int leave_daemon(int argc, char **argv)
{
	pid_t child = fork();

	if (child == 0) {
		setsid();
		if (fork() == 0)
			sleep(argc > 2 ? (unsigned int)atoi(argv[2]) : 100);
		_exit(0);
	}
	if (child < 0 || waitpid(child, NULL, 0) != child)
		return 1;
	puts("left");
	return 0;
}

/* orphans N: children whose parent ends first; PID 1 has to collect them. */
static int orphans(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 1;

	for (int i = 0; i < n; i++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (child == 0)
			_exit(fork() < 0);
		if (waitpid(child, NULL, 0) != child)
			return 1;
	}
	return 0;
}

/* zombies: how many processes that ended does this /proc show? */
static int zombies(void)
{
	char path[64], text[512], *state;
	int n = 0;

	for (int pid = 1; pid < 300; pid++) {
		int fd;
		ssize_t got;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		got = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[got > 0 ? got : 0] = '\0';
		state = strrchr(text, ')');
		n += state && state[1] && state[2] == 'Z';
	}
	return n;
}

static int reaped(int argc, char **argv)
{
	int r = orphans(argc, argv);

	/* The last ones may be on their way. */
	for (int i = 0; i < 100 && zombies() > 0; i++)
		usleep(20000);
	printf("%d zombies\n", zombies());
	return r;
}

/* hog MIB: memory that is touched. */
static int hog(int argc, char **argv)
{
	size_t size = (argc > 2 ? strtoul(argv[2], NULL, 10) : 0) * 1024 * 1024;
	char *memory = malloc(size);

	if (!memory)
		return 1;
	memset(memory, 1, size);
	puts("all of it");
	return memory[size / 2] != 1;
}

/* forks N: children that wait; how many there were before an error. */
static int forks(int argc, char **argv)
{
	int wanted = argc > 2 ? atoi(argv[2]) : 0, n = 0;
	pid_t child = 1;

	while (n < wanted && (child = fork()) > 0)
		n++;
	if (child == 0)
		sleep(100);
	printf("%d %s\n", n, outcome(child));
	return 0;
}

#if defined(__x86_64__)
static int int80(int argc, char **argv)
{
	long r = 20; /* getpid of the 32-bit table */

	(void)argc, (void)argv;
	__asm__ volatile("int $0x80" : "+a"(r)::"memory");
	printf("int80 %ld\n", r);
	return 0;
}
#endif

static int call(int argc, char **argv)
{
	const struct {
		const char *name;
		long nr, a, b, c, d;
	} calls[] = {
		{ "kexec_load", SYS_kexec_load, 0, 0, 0, 0 },
		{ "keyctl", SYS_keyctl, 1, 0, 0, 0 },
		{ "unshare-user", SYS_unshare, CLONE_NEWUSER, 0, 0, 0 },
		{ "ptrace", SYS_ptrace, PTRACE_TRACEME, 0, 0, 0 },
		{ "fork", SYS_clone, SIGCHLD, 0, 0, 0 },
		{ "socket", SYS_socket, AF_INET, SOCK_STREAM, 0, 0 },
		{ "bpf", SYS_bpf, 0, 0, 0, 0 },
	};

	for (int i = 2; i < argc; i++) {
		for (size_t j = 0; j < sizeof(calls) / sizeof(*calls); j++) {
			long r;

			if (strcmp(calls[j].name, argv[i]) != 0)
				continue;
			r = syscall(calls[j].nr, calls[j].a, calls[j].b, calls[j].c, calls[j].d, 0, 0);
			if (r == 0 && calls[j].nr == SYS_clone)
				_exit(0);
			printf("%s %s\n", argv[i], outcome(r));
			fflush(stdout);
		}
		if (strcmp(argv[i], "rwx") == 0)
			printf("rwx %s\n", mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
						MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
						   ? outcome(-1)
						   : "OK");
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} verbs[] = {
		{ "serve", serve },
		{ "reexec", reexec },
		{ "open", open_path },
		{ "fill", fill },
		{ "inodes", inodes },
		{ "flood", flood },
		{ "signals", signals },
		{ "raise", raise_signal },
		{ "daemon", leave_daemon },
		{ "reaped", reaped },
		{ "call", call },
		{ "hog", hog },
		{ "forks", forks },
#if defined(__x86_64__)
		{ "int80", int80 },
#endif
	};

	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(argc, argv);
	return 2;
}
