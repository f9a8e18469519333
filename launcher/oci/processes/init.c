/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's own process, from clone3 to the workload's execve; the same code for exec.
 *
 * Should: apply the MOUNT and PRIV steps, say that it is sealed, wait for its release and for `start`,
 * apply the SEAL steps, execute.
 * Mustn't: allocate, call a library, keep a descriptor of the host while it waits, outlive a runtime that
 * did not finish.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/home.h"
#include "launcher/oci/hooks.h"
#include "launcher/oci/processes/processes.h"
#include "launcher/oci/run.h"
#include "launcher/plan.h"
#include "launcher/processes/processes.h"
#include "launcher/processes/signals.h"
#include "launcher/run.h"

/* One word from the runtime; its end of the socket closed means: give up. */
static void wait_for_word(const struct run *run)
{
	ssize_t got;
	char word;

	do
		got = read(run->control[1], &word, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(EXIT_LAUNCHER);
}

/* What belongs to the runtime alone: a copy here would keep its locks, and hide its death. */
static void close_runtimes(struct run *run)
{
	fd_close(&run->control[0]);
	fd_close(&run->oci->state_fd);
	fd_close(&run->oci->console_socket);
	fd_close(&run->cgroup_fd);
}

/*
 * A caller without rights can write the id maps only of a dumpable process (/proc belongs to root
 * otherwise); it could trace that process anyway, since both are its own.
 */
static int wait_for_maps(struct run *run, struct error *err)
{
	bool exposed = run->oci->rootless && run->oci->new_userns;

	if (exposed && (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 || write(run->control[1], "", 1) != 1))
		return error_set(err, errno, "get ready for the id maps");
	wait_for_word(run);
	if (exposed && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "hide the process");
	return 0;
}

static int seal(struct run *run, struct error *err)
{
	const struct message message = { .type = MESSAGE_SEALED };

	/*
	 * The runtime leaves as soon as it has said its word: a death signal would meet us on the way out of
	 * read(2). While we wait for the word, the end of the socket tells of the runtime's death as well.
	 */
	run->oci->dies_with_parent = false;
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "part from the runtime");
	if (write(run->control[1], &message, sizeof(message)) != (ssize_t)sizeof(message))
		return error_set(err, errno, "tell the runtime that all is set up");
	wait_for_word(run);
	return 0;
}

/* Return: 0; the connection is start_fd. */
static int wait_at_gate(struct run *run, struct error *err)
{
	struct oci_run *oci = run->oci;

	fd_close(&run->control[1]);
	do
		oci->start_fd = accept4(oci->gate_fd, NULL, NULL, SOCK_CLOEXEC);
	while (oci->start_fd < 0 && errno == EINTR);
	if (oci->start_fd < 0)
		return error_set(err, errno, "wait for start");
	fd_close(&oci->gate_fd);
	if (oci->oci->hooks[OCI_HOOK_START_CONTAINER].n == 0)
		return 0;
	return oci_hooks_run(oci->oci, OCI_HOOK_START_CONTAINER, oci->state_json_created, -1, err);
}

static int execute(struct run *run, struct error *err)
{
	const char *command = run->argv[0];
	int code;

	if (run->oci->listen_pid)
		snprintf(run->oci->listen_pid, LISTEN_PID_SIZE, "LISTEN_PID=%d", (int)getpid());
	execve(run->oci->program, run->argv, run->envp);
	code = errno;
	/* The words that engines look for, see steps/program.c. */
	if (code == ENOENT) {
		error_set(err, code,
			  "exec %s: no such file or directory: its interpreter is missing in the image",
			  command);
		err->exit_status = EXIT_NOT_FOUND;
	} else {
		error_set(err, code, "exec %s: %s", command,
			  code == ENOEXEC ? "exec format error" : "permission denied");
		err->exit_status = EXIT_NOT_EXECUTABLE;
	}
	return -code;
}

/* exec: stand where the container's process stands. */
static int enter_root(struct run *run, struct error *err)
{
	int enter = run->oci->enter_fd;

	if (enter >= 0 && (fchdir(enter) < 0 || chroot(".") < 0))
		return error_set(err, errno, "enter the container's root");
	run->oci->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->oci->root_fd < 0 || fchdir(run->oci->root_fd) < 0)
		return error_set(err, errno, "open the container's root");
	return 0;
}

static int set_up(struct run *run, struct error *err)
{
	int r = wait_for_maps(run, err);

	if (r == 0 && run->oci->exec)
		r = enter_root(run, err);
	if (r == 0)
		r = plan_apply(run->plan, PHASE_MOUNT, run, err);
	if (r == 0 && run->oci->home)
		oci_home_find(run->oci->process->user.uid, run->oci->home, OCI_HOME_SIZE);
	if (r == 0)
		r = plan_apply(run->plan, PHASE_PRIV, run, err);
	if (r == 0)
		r = seal(run, err);
	return r;
}

void oci_init_main(struct run *run)
{
	struct error err = { 0 };
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	run->oci->dies_with_parent = true;
	signals_reset();
	close_runtimes(run);
	setsid();
	run->oci->caller_umask =
		umask(0); /* what is made in the root file system has the modes that it should have */
	r = set_up(run, &err);
	if (r == 0 && run->oci->gate_fd >= 0)
		r = wait_at_gate(run, &err);
	if (r == 0)
		r = plan_apply(run->plan, PHASE_SEAL, run, &err);
	if (r >= 0)
		execute(run, &err);
	wire_fail(run->oci->start_fd >= 0 ? run->oci->start_fd : run->control[1], &err);
}
