/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that enters the namespaces of others, so that the runtime itself never does: what the runtime
 * holds and reads stays the host's. It makes init as the runtime's child (CLONE_PARENT) and leaves.
 */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "launcher/oci/namespaces.h"
#include "launcher/oci/processes/processes.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/scheduling.h"
#include "launcher/processes/processes.h"

static int join(struct run *run, struct error *err)
{
	struct oci_run *oci = run->oci;

	if (!oci->exec)
		return oci_namespaces_join(oci, err);
	/* All of a running container's at once: nothing is left half joined. */
	if (oci->exec_flags && setns(oci->container_pidfd, (int)oci->exec_flags) < 0)
		return error_set(err, errno, "enter the container's namespaces");
	return 0;
}

_noreturn_ static void joiner_main(struct run *run)
{
	struct clone_args args = { .flags = run->oci->clone_flags | CLONE_PARENT };
	struct error err = { 0 };
	pid_t pid;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* The caller's groups: a user namespace that is joined may forbid to drop them later. */
	if (setgroups(0, NULL) < 0 && !run->oci->rootless) {
		error_set(&err, errno, "drop the caller's supplementary groups");
		wire_fail(run->control[1], &err);
	}
	if (join(run, &err) < 0)
		wire_fail(run->control[1], &err);
	/*
	 * From here on processes of the container may see this one. The caller's id is none of a user
	 * namespace: what is made under it, like a terminal, would belong to nobody, and could be given to
	 * nobody.
	 */
	if (run->oci->exec_flags & CLONE_NEWUSER)
		r = oci_namespaces_become_root(&run->oci->process->user, &err);
	else
		r = oci_namespaces_keep_hidden(&err);
	if (r < 0)
		wire_fail(run->control[1], &err);
	/* For exec the joiner itself was made in the group. */
	if (run->oci->clone_into_cgroup && !run->oci->exec) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)run->cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid == 0)
		oci_init_main(run);
	if (pid < 0) {
		error_set(&err, errno, "create the container's process");
		wire_fail(run->control[1], &err);
	}
	run->proof->joined = pid;
	_exit(0);
}

static int set_initial_affinity(const struct run *run, struct error *err)
{
	const char *initial = run->oci->process->cpu_affinity_initial;

	return run->oci->exec && initial ? oci_scheduling_set_affinity(initial, 0, err) : 0;
}

pid_t oci_joiner_clone(struct run *run, struct error *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct message message;
	pid_t joiner;
	int r = set_initial_affinity(run, err);

	if (r < 0)
		return r;
	if (run->oci->exec && run->oci->clone_into_cgroup) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)run->cgroup_fd;
	}
	joiner = sys_clone3(&args);
	if (joiner < 0)
		return error_set(err, errno, "create the process that joins namespaces");
	if (joiner == 0)
		joiner_main(run);
	while (waitpid(joiner, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (run->proof->joined > 0)
		return run->proof->joined;
	fd_close(&run->control[1]);
	if (read(run->control[0], &message, sizeof(message)) != (ssize_t)sizeof(message))
		return error_set(err, ECHILD, "join namespaces: the process that should died");
	return wire_take(&message.error, err);
}
