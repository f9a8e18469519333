/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/event_hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* The program's environment, formatted before anything is forked. */
struct environment {
	char path[1024], event[80], name[96];
	char *words[4];
};

void event_hook_init(struct event_hook *hook, const struct spec_strings *command)
{
	hook->command = *command;
	for (size_t i = 0; i < EVENT_HOOK_MAX; i++)
		hook->running[i] = -1;
}

void event_hook_deinit(struct event_hook *hook)
{
	for (size_t i = 0; i < EVENT_HOOK_MAX; i++)
		fd_close(&hook->running[i]);
}

/* A slot for one more, after those were forgotten that ended. -1: all taken. */
static int free_slot(struct event_hook *hook)
{
	int slot = -1;

	for (int i = 0; i < EVENT_HOOK_MAX; i++) {
		struct pollfd ended = { .fd = hook->running[i], .events = POLLIN };

		if (ended.fd >= 0 && poll(&ended, 1, 0) == 1)
			fd_close(&hook->running[i]);
		if (hook->running[i] < 0)
			slot = i;
	}
	return slot;
}

static void fill_environment(struct environment *environment, const char *event, const char *name)
{
	const char *path = getenv("PATH");

	if (!path || !path[0] || strlen(path) + sizeof("PATH=") > sizeof(environment->path))
		path = default_path;
	snprintf(environment->path, sizeof(environment->path), "PATH=%s", path);
	snprintf(environment->event, sizeof(environment->event), "KAPSEL_EVENT=%s", event);
	snprintf(environment->name, sizeof(environment->name), "KAPSEL_NAME=%s", name);
	environment->words[0] = environment->path;
	environment->words[1] = environment->event;
	environment->words[2] = environment->name;
	environment->words[3] = NULL;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _noreturn_ void become_program(const struct event_hook *hook, struct environment *environment,
				      int stdin_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(stdin_fd, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0 || syscall(SYS_close_range, 3U, ~0U, 0U) < 0)
		_exit(EXIT_FAILURE);
	setsid(); /* a terminal's Ctrl-C is not for it */
	umask(022);
	if (chdir("/") < 0)
		_exit(EXIT_FAILURE);
	reset_signals();
	execve(hook->command.items[0], (char *const *)(uintptr_t)hook->command.items, environment->words);
	_exit(EXIT_FAILURE);
}

/*
 * The process in between makes the program and leaves at once: so nobody but the system's init, or a
 * subreaper, will ever have to wait for it. We keep a pidfd to know how many there are.
 */
static _noreturn_ void go_between(const struct event_hook *hook, struct environment *environment,
				  int stdin_fd, int sock)
{
	int pidfd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);

	if (pid == 0)
		become_program(hook, environment, stdin_fd);
	_exit(pid < 0 || fd_send(sock, "p", 1, &pidfd, 1) < 0);
}

static int start(const struct event_hook *hook, struct environment *environment, int stdin_fd, int *ret_pidfd)
{
	struct clone_args args = { 0 }; /* no exit signal: the supervisor's SIGCHLD does not hear of it */
	_cleanup_fd_ int ours = -1, theirs = -1;
	int ends[2], pidfd = -1;
	char word;
	pid_t pid;
	ssize_t got;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ours = ends[0];
	theirs = ends[1];
	pid = sys_clone3(&args);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		go_between(hook, environment, stdin_fd, theirs);
	fd_close(&theirs);
	got = fd_receive(ours, &word, 1, &pidfd, 1);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (got != 1 || pidfd < 0) {
		fd_close(&pidfd);
		return -EAGAIN;
	}
	*ret_pidfd = pidfd;
	return 0;
}

int event_hook_run(struct event_hook *hook, const char *event, const char *name, const char *line,
		   size_t size)
{
	_cleanup_fd_ int in = -1, out = -1;
	int slot = free_slot(hook), ends[2];
	struct environment environment;
	ssize_t written;

	if (slot < 0)
		return -EAGAIN;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	in = ends[0];
	out = ends[1];
	/* An empty pipe holds PIPE_BUF bytes whatever its owner's limits are (pipe(7)): this can't block. */
	written = write(out, line, size);
	if (written < 0 || (size_t)written != size)
		return written < 0 ? -errno : -EIO;
	fill_environment(&environment, event, name);
	return start(hook, &environment, in, &hook->running[slot]);
}
