/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/table/trial_start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "lab/table/trial.h"

enum { TEXT_MAX = 1 << 20, TIMEOUT_MS = 330000, ARGUMENTS_MAX = 512 };

struct child {
	pid_t pid;
	int pidfd, output;
};

static _noreturn_ void become(const struct trial *trial, const char *const *arguments, int output,
			      pid_t parent)
{
	const char *command[ARGUMENTS_MAX + 8];
	size_t n = 0;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (trial->profile) {
		command[n++] = trial->kapsel;
		command[n++] = "run";
		command[n++] = trial->profile;
		command[n++] = "--";
	} else {
		command[n++] = trial->program;
	}
	for (size_t i = 0; arguments[i] && n < ARGUMENTS_MAX; i++)
		command[n++] = arguments[i];
	command[n] = NULL;
	/* Killed, we would leave a container that goes on attacking; if we are gone already, nobody reads. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 || getppid() != parent)
		_exit(EXIT_LAUNCHER);
	if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(EXIT_LAUNCHER);
	sigprocmask(SIG_SETMASK, &trial->signals->before, NULL);
	execv(command[0], (char *const *)(void *)command);
	dprintf(2, "kapsel: execute %s: %s\n", command[0], strerrorname_np(errno));
	_exit(EXIT_LAUNCHER);
}

int trial_signals_take(struct trial_signals *ret, struct error *err)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	ret->taken = 0;
	ret->fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (ret->fd < 0 || sigprocmask(SIG_BLOCK, &ends, &ret->before) < 0) {
		fd_close(&ret->fd);
		return error_set(err, errno, "take signals from a descriptor");
	}
	return 0;
}

void trial_signals_give_back(struct trial_signals *signals)
{
	fd_close(&signals->fd);
	sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

static int begin(struct child *child, const struct trial *trial, const char *const *arguments,
		 struct error *err)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe for the output");
	child->output = ends[0];
	child->pid = fork();
	if (child->pid == 0)
		become(trial, arguments, ends[1], parent);
	close(ends[1]);
	if (child->pid < 0)
		return error_set(err, errno, "fork");
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd < 0)
		return error_set(err, errno, "open the process");
	fcntl(child->output, F_SETFL, O_NONBLOCK);
	return 0;
}

/* Return: whether there may be more. What goes beyond the buffer is dropped: no probe says so much. */
static bool read_output(int fd, char *text, size_t *used)
{
	char rest[4096];
	bool room = *used + 1 < TEXT_MAX;
	ssize_t n = read(fd, room ? text + *used : rest, room ? TEXT_MAX - 1 - *used : sizeof(rest));

	if (n > 0 && room)
		*used += (size_t)n;
	return n > 0;
}

/* Until the launcher has ended: end of file may never come, if a process of it is left that holds the pipe.
 */
static int collect(struct child *child, struct trial_signals *signals, char *text, size_t *used,
		   struct error *err)
{
	struct pollfd polls[] = {
		{ .fd = child->output, .events = POLLIN },
		{ .fd = child->pidfd, .events = POLLIN },
		{ .fd = signals->fd, .events = POLLIN },
	};
	int r;

	for (;;) {
		r = poll(polls, ARRAY_SIZE(polls), TIMEOUT_MS);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return error_set(err, r < 0 ? errno : ETIMEDOUT, "wait for the probe program");
		if (polls[2].revents) {
			/* Taken, not left pending: there is something to remove before we end. */
			struct signalfd_siginfo info;

			if (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
				signals->taken = (int)info.ssi_signo;
			return -EINTR;
		}
		if (polls[0].revents && !read_output(child->output, text, used))
			polls[0].fd = -1;
		if (polls[1].revents) {
			while (read_output(child->output, text, used))
				continue;
			return 0;
		}
	}
}

static void finish(struct child *child, int *ret_status)
{
	int status = 0;

	while (child->pid > 0 && waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	*ret_status = WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

int trial_start(const struct trial *trial, const char *const *arguments, struct trial_output *ret,
		struct error *err)
{
	struct child child = { .pid = -1, .pidfd = -1, .output = -1 };
	size_t used = 0;
	int r;

	ret->text = calloc(1, TEXT_MAX);
	if (!ret->text)
		return error_set(err, ENOMEM, "start the probe program");
	r = begin(&child, trial, arguments, err);
	if (r == 0)
		r = collect(&child, trial->signals, ret->text, &used, err);
	if (r < 0 && child.pid > 0)
		kill(child.pid, SIGTERM); /* kapsel ends its container by that */
	finish(&child, &ret->status);
	fd_close(&child.pidfd);
	fd_close(&child.output);
	if (r < 0)
		trial_output_clear(ret);
	return r;
}

void trial_output_clear(struct trial_output *output)
{
	free(output->text);
	output->text = NULL;
}
