/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/action.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/service/control.h"

static const struct {
	const char *verb, *doing, *done;
	const char *words[2];
	size_t n;
} kinds[] = {
	[ACTION_STOP] = { "stop", "stopping", "stopped", { "stop" }, 1 },
	[ACTION_RESTART] = { "restart", "restarting", "restarted", { "restart" }, 1 },
	[ACTION_KILL] = { "kill", "killing", "killed", { "kill", "KILL" }, 2 },
};

const char *action_verb(enum action_what what)
{
	return kinds[what].verb;
}

const char *action_doing(enum action_what what)
{
	return kinds[what].doing;
}

const char *action_done(enum action_what what)
{
	return kinds[what].done;
}

/* The child's whole life. It outlives us, if need be: what was asked for is asked for. */
static _noreturn_ void ask(const struct action *action, const char *run_dir, int out)
{
	struct error err = { 0 };
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r;

	/* The screen's signals are blocked, and its terminal is not the child's business. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	setpgid(0, 0); /* no Ctrl-C from there either */
	r = control_ask(run_dir, action->name, kinds[action->what].words, kinds[action->what].n, NULL, &err);
	if (r == 0)
		err = (struct error){ 0 };
	r = fd_write_all(out, &err, sizeof(err));
	_exit(r < 0);
}

int action_start(struct action *ret, const char *run_dir, const char *name, enum action_what what,
		 struct error *err)
{
	struct action action = { .what = what };
	int fds[2];

	snprintf(action.name, sizeof(action.name), "%s", name);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, errno, "%s %s", kinds[what].verb, name);
	action.pid = fork();
	if (action.pid == 0)
		ask(&action, run_dir, fds[1]);
	close(fds[1]);
	if (action.pid < 0) {
		error_set(err, errno, "%s %s", kinds[what].verb, name);
		close(fds[0]);
		return -err->code;
	}
	action.fd = fds[0];
	*ret = action;
	return 0;
}

int action_finish(struct action *action, struct error *err)
{
	struct error answer;
	ssize_t got;

	do {
		got = read(action->fd, &answer, sizeof(answer));
	} while (got < 0 && errno == EINTR);
	close(action->fd);
	while (waitpid(action->pid, NULL, 0) < 0 && errno == EINTR)
		;
	action->pid = 0;
	action->fd = -1;
	if (got != (ssize_t)sizeof(answer))
		return error_set(err, EPIPE, "%s %s: the one who asked is gone", kinds[action->what].verb,
				 action->name);
	if (answer.code == 0)
		return 0;
	/* It crossed a process boundary, but it is our own child's. */
	answer.msg[sizeof(answer.msg) - 1] = answer.remedy[sizeof(answer.remedy) - 1] = '\0';
	*err = answer;
	return -answer.code;
}
