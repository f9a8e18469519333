/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include "base/error.h"
#include "base/macro.h"

/*
 * Blocked, a signal comes even though the caller had it ignored: nohup(1)'s SIGHUP, a background
 * job's SIGINT. It stays ignored; only SIGTERM always stops.
 */
static bool is_ignored(int number)
{
	struct sigaction action;

	return number != SIGTERM && sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void fill(sigset_t *set)
{
	static const int taken[] = { SIGTERM, SIGINT,   SIGHUP,  SIGQUIT, SIGUSR1,
				     SIGUSR2, SIGWINCH, SIGPIPE, SIGXFSZ };

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (!is_ignored(taken[i]))
			sigaddset(set, taken[i]);
}

void signals_block(void)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t set;

	/* Ignored, as some callers leave it, children vanish unwaited for: nobody would learn how they ended.
	 */
	sigaction(SIGCHLD, &usual, NULL);

	fill(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int signals_open(struct error *err)
{
	sigset_t set;
	int fd;

	fill(&set);
	/* Only blocked: a closed terminal shows as EPIPE, a file at RLIMIT_FSIZE as EFBIG. */
	sigdelset(&set, SIGPIPE);
	sigdelset(&set, SIGXFSZ);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_set(err, errno, "open a descriptor for signals") : fd;
}

void signals_reset(void)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
