/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attacks of test_faults.py: one static program. Each verb tries one thing and prints one
 * line: what it got, OK, or the errno's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static int say(long r)
{
	puts(r < 0 ? strerrorname_np(errno) : "OK");
	return 0;
}

static int print_file(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t size;

	if (fd < 0)
		return say(-1);
	size = read(fd, text, sizeof(text));
	if (size < 0)
		return say(-1);
	if (size == 0)
		puts("empty");
	return fwrite(text, 1, (size_t)size, stdout) == (size_t)size ? 0 : 1;
}

static int read_file(char **argv)
{
	return print_file(AT_FDCWD, argv[0]);
}

static int read_below(char **argv)
{
	return print_file(atoi(argv[0]), argv[1]);
}

static int write_file(char **argv)
{
	int fd = open(argv[0], O_WRONLY | O_CLOEXEC);

	return say(fd < 0 ? -1 : write(fd, argv[1], strlen(argv[1])));
}

static int create(char **argv)
{
	int fd = open(argv[0], O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return say(-1);
	printf("%04o\n", st.st_mode & 07777u);
	return 0;
}

static int open_many(char **argv)
{
	int n = 0, limit = atoi(argv[0]);

	while (n <= limit && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		n++;
	if (n > limit)
		puts("more than the limit");
	else
		say(-1);
	return 0;
}

static int fork_many(char **argv)
{
	int n = 0, wanted = atoi(argv[0]), failed = 0;

	while (n < wanted && failed == 0) {
		pid_t pid = fork();

		if (pid == 0) {
			pause();
			_exit(0);
		}
		if (pid < 0)
			failed = errno;
		else
			n++;
	}
	puts(failed ? strerrorname_np(failed) : "OK");
	fflush(stdout);
	_exit(0); /* PID 1 ends with us, and with it the children */
}

static int new_userns(char **argv)
{
	(void)argv;
	return say(unshare(CLONE_NEWUSER));
}

static int writable_code(char **argv)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argv;
	return say(page == MAP_FAILED ? -1 : 0);
}

static int set_name(char **argv)
{
	return say(sethostname(argv[0], strlen(argv[0])));
}

static int get_name(char **argv)
{
	struct utsname name;

	(void)argv;
	if (uname(&name) < 0)
		return say(-1);
	return puts(name.nodename) < 0;
}

static int working_directory(char **argv)
{
	char path[4096];

	(void)argv;
	return getcwd(path, sizeof(path)) ? puts(path) < 0 : say(-1);
}

static int no_new_privs(char **argv)
{
	(void)argv;
	printf("%d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

static int trace_me(char **argv)
{
	(void)argv;
	return say(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int find_key(char **argv)
{
	return say(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", argv[0], 0));
}

/* Outside: a session keyring with a key in it, and then the command. */
static int with_key(char **argv)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 ||
	    syscall(SYS_add_key, "user", argv[0], "the caller's", 12, KEY_SPEC_SESSION_KEYRING) < 0) {
		perror("add a key");
		return 1;
	}
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}

static const struct {
	const char *name;
	int n_arguments;
	int (*run)(char **argv);
} verbs[] = {
	{ "read", 1, read_file },        { "read-below", 2, read_below },
	{ "write", 2, write_file },      { "create", 1, create },
	{ "open-many", 1, open_many },   { "fork-many", 1, fork_many },
	{ "userns", 0, new_userns },     { "writable-code", 0, writable_code },
	{ "set-name", 1, set_name },     { "get-name", 0, get_name },
	{ "cwd", 0, working_directory }, { "no-new-privs", 0, no_new_privs },
	{ "trace-me", 0, trace_me },     { "find-key", 1, find_key },
	{ "with-key", 2, with_key },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].n_arguments)
			return verbs[i].run(argv + 2);
	fprintf(stderr, "usage: faults VERB ARGUMENTS\n");
	return 2;
}
