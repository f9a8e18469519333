/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The janitor removes what a killed supervisor leaves: processes, cgroup, state. It is forked
 * before the first of these exists, gets copies of the locks as soon as they are taken, and
 * sleeps on a socket whose only other end is the supervisor's: a word means that all is clean,
 * the end of file that the supervisor died.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"
#include "launcher/state.h"

enum { LOCKS = 2 };

/*
 * Nothing stays but the socket. A copy of init's socket here would hide init's death from the
 * supervisor, one of the caller's terminal or pipes would keep those waiting who wait for their
 * end, and one of the root would keep the image busy.
 */
static void close_others(int sock)
{
	if (sock > 0)
		syscall(SYS_close_range, 0, (unsigned int)sock - 1, 0);
	syscall(SYS_close_range, (unsigned int)sock + 1, ~0u, 0);
}

_noreturn_ static void janitor_main(struct run *run, int sock)
{
	int locks[LOCKS];
	sigset_t all;
	char word;
	ssize_t got;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid(); /* a terminal's hang-up or Ctrl-C is for the supervisor */
	prctl(PR_SET_NAME, "kapsel-janitor", 0, 0, 0);
	close_others(sock);
	while ((got = fd_receive(sock, &word, 1, locks, LOCKS)) == 1 && word == 'l') {
		run->state_fd = locks[0];
		run->ids_fd = locks[1];
	}
	if (got == 1)
		_exit(0);
	_exit((run->state_fd >= 0 ? state_clean(run) : state_reclaim(run)) < 0);
}

int janitor_start(struct run *run, struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "create the socket to the janitor");
	run->janitor = fork();
	if (run->janitor < 0) {
		int code = errno;

		close(ends[0]);
		close(ends[1]);
		return error_set(err, code, "fork the janitor");
	}
	if (run->janitor == 0)
		janitor_main(run, ends[0]);
	close(ends[0]);
	run->janitor_fd = ends[1];
	return 0;
}

int janitor_share(struct run *run, struct error *err)
{
	const int locks[LOCKS] = { run->state_fd, run->ids_fd };
	int r = fd_send(run->janitor_fd, "l", 1, locks, LOCKS);

	return r < 0 ? error_set(err, -r, "share the locks with the janitor") : 0;
}

int janitor_dismiss(struct run *run, bool clean)
{
	int status = -1;

	if (run->janitor <= 0)
		return -ESRCH;
	while (clean && write(run->janitor_fd, "c", 1) < 0 && errno == EINTR)
		;
	fd_close(&run->janitor_fd);
	while (waitpid(run->janitor, &status, 0) < 0 && errno == EINTR)
		;
	run->janitor = 0;
	return clean || status == 0 ? 0 : -ECHILD;
}
