/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The janitor removes what a killed supervisor leaves: processes, cgroup, state. It is forked
 * before the first of these exists, shares the locks, and sleeps on a pipe whose only writer
 * is the supervisor: a byte means that all is clean, the end of file that the supervisor died.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"
#include "launcher/state.h"

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * Only the pipe and the locks stay. A copy of init's socket here would hide init's death from the
 * supervisor, one of the caller's terminal or pipes would keep those waiting who wait for their
 * end, and one of the root would keep the image busy.
 */
static void close_others(const struct run *run, int read_fd)
{
	int kept[] = { read_fd, run->state_fd, run->ids_fd };
	unsigned int from = 0;

	qsort(kept, ARRAY_SIZE(kept), sizeof(*kept), compare);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		if (kept[i] > (int)from)
			syscall(SYS_close_range, from, (unsigned int)kept[i] - 1, 0);
		if (kept[i] >= 0)
			from = (unsigned int)kept[i] + 1;
	}
	syscall(SYS_close_range, from, ~0u, 0);
}

_noreturn_ static void janitor_main(struct run *run, int read_fd)
{
	sigset_t all;
	char word;
	ssize_t got;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid(); /* a terminal's hang-up or Ctrl-C is for the supervisor */
	prctl(PR_SET_NAME, "kapsel-janitor", 0, 0, 0);
	close_others(run, read_fd);
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
	if (run->janitor == 0)
		janitor_main(run, ends[0]);
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
