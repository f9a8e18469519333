/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The payload before it is the workload.
 *
 * Should: drop to the last restrictions (Landlock, seccomp), say so, wait for the supervisor's
 * verdict, execute the program that init opened.
 * Mustn't: anything else. After seccomp only read, write and execveat remain.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sys.h"
#include "launcher/plan.h"
#include "launcher/processes/processes.h"
#include "launcher/processes/signals.h"
#include "launcher/run.h"
#include "profiles/spec.h"

int payload_execute(const struct run *run, struct error *err)
{
	const char *command = run->argv[0];
	int code;

	/* A script's interpreter reads it by name, which close-on-exec would hide from it. */
	if (spec_exec_once(run->spec))
		sys_execveat(run->exec_fd, "", run->argv, run->envp, AT_EMPTY_PATH);
	else
		execve(command, run->argv, run->envp);
	code = errno;
	error_set(err, code, "execute %s", command);
	err->exit_status = code == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	if (code == EACCES)
		error_remedy(
			err,
			"the file, its interpreter or its mount is not executable: \"exec\": true opens a mount");
	return -code;
}

int payload_wait(const struct run *run, struct error *err)
{
	ssize_t got;
	char word;

	/* Where execveat itself waits for the supervisor that is the gate; else, and without a filter, a pipe
	 * is. */
	if (run->exec_held && run->listener_fd >= 0)
		return 0;
	do
		got = read(run->go[0], &word, 1);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		_exit(EXIT_LAUNCHER); /* the supervisor refused the start, or is gone */
	return got == 1 ? 0 : error_set(err, errno, "wait for the supervisor's word");
}

void payload_main(struct run *run)
{
	struct error err = { 0 };

	setsid();
	signals_reset();
	if (!(run->spec->namespaces & SPEC_NS_PID))
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (run->listen_pid)
		snprintf(run->listen_pid, LISTEN_PID_SIZE, "LISTEN_PID=%d", (int)getpid());
	if (run->watchdog_pid)
		snprintf(run->watchdog_pid, LISTEN_PID_SIZE, "WATCHDOG_PID=%d", (int)getpid());
	if (plan_apply(run->plan, PHASE_SEAL, run, &err) < 0)
		wire_fail(run->control[1], &err);
	if (write(run->sealed[1], &run->listener_fd, sizeof(run->listener_fd)) != sizeof(run->listener_fd)) {
		error_set(&err, errno, "tell init that the payload is sealed");
		wire_fail(run->control[1], &err);
	}
	if (payload_wait(run, &err) == 0)
		payload_execute(run, &err);
	wire_fail(run->control[1], &err);
}
