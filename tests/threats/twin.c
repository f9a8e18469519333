/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stranger with a pid of one's choice: what a machine that has used up its numbers gives a process by
 * chance. Prints "ready" when it is there; on SIGTERM it says "alive", or "killed" if somebody ended the
 * stranger.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	pid_t wanted = argc == 2 ? atoi(argv[1]) : 0;
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1 };
	sigset_t term;
	pid_t child;
	int number;

	if (wanted <= 1) {
		fputs("usage: twin PID\n", stderr);
		return 2;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (child < 0) {
		fprintf(stderr, "make process %d: %s\n", wanted, strerror(errno));
		return 1;
	}
	if (child == 0) {
		/* It may be ended by anybody, by any signal. */
		sigprocmask(SIG_UNBLOCK, &term, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	puts("ready");
	fflush(stdout);
	sigwait(&term, &number);
	puts(waitpid(child, NULL, WNOHANG) == 0 ? "alive" : "killed");
	kill(child, SIGKILL);
	return 0;
}
