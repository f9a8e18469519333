/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The janitor removes what a killed supervisor leaves: processes, cgroup, state. It is forked
 * before the first of these exists, shares the locks, and sleeps on a pipe whose only writer
 * is the supervisor: a byte means that all is clean, the end of file that the supervisor died.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"
#include "launcher/state.h"

_noreturn_ static void janitor_main(struct run *run, int read_fd)
{
	sigset_t all;
	char word;
	ssize_t got;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid(); /* a terminal's hang-up or Ctrl-C is for the supervisor */
	prctl(PR_SET_NAME, "kapsel-janitor", 0, 0, 0);
	/* Not the caller's terminal or pipes: who waits for their end must not wait for us. */
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	do
		got = read(read_fd, &word, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		state_clean(run);
	_exit(0);
}

int janitor_start(struct run *run, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "create the janitor's pipe");
	run->janitor = fork();
	if (run->janitor < 0) {
		int code = errno;

		close(ends[0]);
		close(ends[1]);
		return error_set(err, code, "fork the janitor");
	}
	if (run->janitor == 0) {
		close(ends[1]);
		janitor_main(run, ends[0]);
	}
	close(ends[0]);
	run->janitor_fd = ends[1];
	return 0;
}

void janitor_dismiss(struct run *run)
{
	if (run->janitor <= 0)
		return;
	while (write(run->janitor_fd, "c", 1) < 0 && errno == EINTR)
		;
	fd_close(&run->janitor_fd);
	while (waitpid(run->janitor, NULL, 0) < 0 && errno == EINTR)
		;
	run->janitor = 0;
}
