/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/probe/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab/probe/print.h"
#include "lab/probe/probe.h"

enum { TIMEOUT_MS = 20000 };

bool run_can_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return false;
	return waitpid(pid, NULL, 0) == pid;
}

static void print_outcome(const struct probe *probe, const struct outcome *out)
{
	const char *name = out->error ? strerrorname_np(out->error) : "";
	const char *abbreviation = out->signal ? sigabbrev_np(out->signal) : NULL;
	char signal_name[32] = "";

	if (out->signal && abbreviation)
		snprintf(signal_name, sizeof(signal_name), "SIG%s", abbreviation);
	else if (out->signal)
		snprintf(signal_name, sizeof(signal_name), "%d", out->signal);

	printf("{\"probe\":%d,\"name\":\"%s\",\"ret\":%ld", probe->number, probe->name, out->ret);
	print_member(",", "errno", name ? name : "E?");
	print_member(",", "signal", signal_name);
	print_member(",", "evidence", out->evidence);
	if (out->untestable[0])
		print_member(",", "untestable", out->untestable);
	printf("}\n");
	/* The next probe may be the one that ends us. */
	fflush(stdout);
}

static void attempt(const struct probe *probe, struct outcome *out)
{
	errno = 0;
	out->ret = probe->attempt(probe, out);
	out->error = out->ret < 0 ? errno : 0;
	out->done = true;
}

/* Without timers, pidfds or poll: the filter may allow none of them. */
static bool await(pid_t pid, int *status)
{
	const struct timespec step = { .tv_nsec = 1000000 };
	pid_t r;

	for (int waited = 0; waited < TIMEOUT_MS; waited++) {
		r = waitpid(pid, status, WNOHANG);
		if (r == pid)
			return true;
		if (r < 0 && errno != EINTR)
			return false;
		nanosleep(&step, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	return false;
}

static void run_in_child(const struct probe *probe, struct outcome *out)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		snprintf(out->untestable, sizeof(out->untestable), "fork: %s", strerrorname_np(errno));
		out->ret = -1;
		return;
	}
	if (pid == 0) {
		attempt(probe, out);
		_exit(0);
	}
	if (!await(pid, &status))
		snprintf(out->evidence, sizeof(out->evidence), "no end after %d ms", TIMEOUT_MS);
	if (WIFSIGNALED(status))
		out->signal = WTERMSIG(status);
	if (!out->done)
		out->ret = -1;
}

void run_probe(const struct probe *probe, enum run_mode mode)
{
	struct outcome *out;

	out = mmap(NULL, sizeof(*out), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (out == MAP_FAILED) {
		perror("kapsel-probe: mmap");
		exit(2);
	}
	memset(out, 0, sizeof(*out));
	if (mode == RUN_FORKED) {
		run_in_child(probe, out);
	} else if (mode == RUN_CAREFUL && probe->flags & PROBE_CHILD) {
		out->ret = -1;
		snprintf(out->untestable, sizeof(out->untestable),
			 "needs a process of its own, and fork is refused here");
	} else {
		attempt(probe, out);
	}
	print_outcome(probe, out);
	munmap(out, sizeof(*out));
}
