/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/notify_socket.h"
#include "launcher/oci/start.h"

static int check_status(const struct container *container, struct error *err)
{
	switch (container->status) {
	case OCI_STATUS_CREATED:
		return 0;
	case OCI_STATUS_CREATING:
		return error_set(err, EBUSY, "cannot start a container that is still being created");
	case OCI_STATUS_RUNNING:
		return error_set(err, EBUSY, "cannot start an already running container");
	case OCI_STATUS_PAUSED:
		error_set(err, EBUSY, "cannot start a container that is paused");
		return error_remedy(err, "resume it first");
	case OCI_STATUS_STOPPED:
		break;
	}
	return error_set(err, ESRCH, "cannot start a container that has stopped");
}

/* Nobody is kept from working on the container while it gets ready. A manager that is gone is no reason to
 * call a container that runs a failure. */
static void wait_until_ready(const struct container *container, int notify)
{
	_cleanup_fd_ int pidfd = notify < 0 ? -1 : oci_state_pidfd(&container->state);
	struct error err = { 0 };

	if (notify < 0)
		return;
	oci_state_unlock(container->dir_fd);
	if (pidfd >= 0 && notify_socket_wait(notify, pidfd, container->state.pid, &err) < 0)
		oci_warn(container->globals, "%s: %s", err.msg, error_name(err.code));
	notify_socket_close(container->dir_fd, notify);
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	struct oci_parse parse;
	struct error err = { 0 };
	int status, notify = -1, r;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	r = container_load(globals, parse.operands[0], true, &container, &err);
	if (r == 0)
		r = check_status(&container, &err);
	if (r == 0)
		r = oci_start(container.dir_fd, &container.state, container.arena, &notify, &err);
	if (r == 0)
		wait_until_ready(&container, notify);
	return r < 0 ? oci_report(globals, &err) : 0;
}

const struct oci_command oci_command_start = {
	.name = "start",
	.usage = "ID",
	.summary = "Starts a created container.",
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};
