/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/commands/signals.h"

static int not_running(struct error *err)
{
	return error_set(err, ESRCH, "container not running");
}

static int kill_first(const struct container *container, int number, struct error *err)
{
	_cleanup_fd_ int pidfd = oci_state_pidfd(&container->state);

	if (pidfd == -ESRCH)
		return not_running(err);
	if (pidfd < 0)
		return error_set(err, -pidfd, "open process %d of the container", (int)container->state.pid);
	if (syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) == 0)
		return 0;
	return errno == ESRCH ? not_running(err)
			      : error_set(err, errno, "send signal %d to process %d", number,
					  (int)container->state.pid);
}

static int kill_each(const struct container *container, int cgroup_fd, int number, struct error *err)
{
	pid_t *pids;
	size_t n;
	int r = container_processes(container, cgroup_fd, &pids, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (kill(pids[i], number) < 0 && errno != ESRCH)
			r = error_set(err, errno, "send signal %d to process %d", number, (int)pids[i]);
	return r;
}

/*
 * All processes of the container, also when its first one is gone (engines do so where containers share
 * a pid namespace). Frozen meanwhile: none can fork away, no number can go to another process.
 */
static int kill_all(const struct container *container, int number, struct error *err)
{
	_cleanup_fd_ int cgroup_fd = cgroup_container_open(&container->state.cgroup);
	bool thaw = false;
	int r;

	if (cgroup_fd < 0)
		return container->status == OCI_STATUS_STOPPED ? 0 : kill_each(container, -1, number, err);
	if (number == SIGKILL) {
		r = cgroup_kill(cgroup_fd);
		return r < 0 ? error_set(err, -r, "kill cgroup %s", container->state.cgroup.path) : 0;
	}
	if (cgroup_container_frozen(cgroup_fd) == 0)
		thaw = cgroup_container_freeze(cgroup_fd, true, NULL) == 0;
	r = kill_each(container, cgroup_fd, number, err);
	if (thaw) {
		int thawed = cgroup_container_freeze(cgroup_fd, false, r == 0 ? err : NULL);

		r = r == 0 ? thawed : r;
	}
	return r;
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	int status, number = SIGTERM, r;
	struct oci_parse parse;
	struct error err = { 0 };

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands > 1)
		number = signals_number(parse.operands[1]);
	if (number < 0) {
		error_set(&err, EINVAL, "unknown signal \"%s\"", parse.operands[1]);
		return oci_report(globals, &err);
	}
	r = container_load(globals, parse.operands[0], false, &container, &err);
	if (r == 0 && oci_option_value(&parse, "all"))
		r = kill_all(&container, number, &err);
	else if (r == 0 && container.status == OCI_STATUS_STOPPED)
		r = not_running(&err);
	else if (r == 0)
		r = kill_first(&container, number, &err);
	return r < 0 ? oci_report(globals, &err) : 0;
}

static const struct oci_option options[] = {
	{ "all", 'a', NULL, "send it to all processes of the container" },
	{ 0 },
};

const struct oci_command oci_command_kill = {
	.name = "kill",
	.usage = "[--all] ID [SIGNAL]",
	.summary = "Sends a signal (default: TERM) to a container's first process.",
	.options = options,
	.command_follows = true,
	.min_operands = 1,
	.max_operands = 2,
	.failure = 1,
	.run = run,
};
