/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/processes/foreground.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/console.h"
#include "launcher/oci/notify_socket.h"
#include "launcher/oci/run.h"

/* All but those of our own mistakes and writes, of our child, and of job control. */
static void fill(sigset_t *set)
{
	static const int own[] = { SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGABRT, SIGTRAP, SIGSYS,
				   SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGURG,  SIGXFSZ };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(set, own[i]);
}

void oci_foreground_prepare(void)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL }, ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	/* Ignored, children vanish unwaited for. A closed output shows as EPIPE. */
	sigaction(SIGCHLD, &usual, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	/* Our own terminal may be set back from the background. */
	sigaction(SIGTTOU, &ignore, NULL);
	fill(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void pass_on(struct run *run, int signals, const struct oci_terminal *terminal)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH && terminal)
			oci_terminal_resize(terminal);
		else
			pidfd_send_signal(run->init_pidfd, (int)info.ssi_signo, NULL, 0);
	}
}

/* What the process had printed before its end is still in the terminal. */
static void drain(struct oci_terminal *terminal)
{
	struct pollfd fd = { .fd = terminal->master, .events = POLLIN };

	while (poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN) && oci_terminal_output(terminal))
		;
}

enum { END, SIGNALS, MASTER, INPUT, NOTIFY, FDS };

/* Return: 0 when the process ended. */
static int serve(struct run *run, int signals, int notify, struct oci_terminal *terminal, struct error *err)
{
	struct pollfd fds[FDS] = {
		[END] = { .fd = run->init_pidfd, .events = POLLIN },
		[SIGNALS] = { .fd = signals, .events = POLLIN },
		[MASTER] = { .fd = terminal ? terminal->master : -1, .events = POLLIN },
		[INPUT] = { .fd = terminal ? STDIN_FILENO : -1, .events = POLLIN },
		[NOTIFY] = { .fd = notify, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, FDS, -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "wait for the container");
		}
		if (fds[SIGNALS].revents)
			pass_on(run, signals, terminal);
		if (fds[INPUT].revents && !oci_terminal_input(terminal))
			fds[INPUT].fd = -1;
		if (fds[MASTER].revents && !oci_terminal_output(terminal))
			fds[MASTER].fd = -1;
		/* A manager that is gone is no reason to end. */
		if (fds[NOTIFY].revents && notify_socket_forward(notify, run->init_pid, NULL) < 0)
			fds[NOTIFY].fd = -1;
		if (fds[END].revents)
			break;
	}
	if (terminal && fds[MASTER].fd >= 0)
		drain(terminal);
	return 0;
}

int oci_foreground_wait(struct run *run, int notify, struct error *err)
{
	struct oci_terminal terminal;
	bool has_terminal = run->oci->console_master >= 0 && run->oci->console_socket < 0;
	_cleanup_fd_ int signals = -1;
	sigset_t set;
	int status, r;

	fill(&set);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return error_set(err, errno, "open a descriptor for signals");
	if (has_terminal)
		oci_terminal_open(&terminal, run->oci->console_master);
	r = serve(run, signals, notify, has_terminal ? &terminal : NULL, err);
	if (has_terminal)
		oci_terminal_close(&terminal);
	if (r < 0)
		return r;
	while (waitpid(run->init_pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "wait for the container's end");
	return WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}
