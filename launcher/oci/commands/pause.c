/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pause and resume: the cgroup's freezer (admin-guide/cgroup-v2.rst, cgroup.freeze). */
#include <errno.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/commands/container.h"

static int check_status(const struct container *container, bool pause, struct error *err)
{
	enum oci_status status = container->status;

	if (pause ? status == OCI_STATUS_RUNNING || status == OCI_STATUS_CREATED
		  : status == OCI_STATUS_PAUSED)
		return 0;
	return error_set(err, EINVAL, "cannot %s container %s: container not %s: %s",
			 pause ? "pause" : "resume", container->state.id, pause ? "running" : "paused",
			 oci_status_name(status));
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	bool pause = str_equal(command->name, "pause");
	_cleanup_fd_ int cgroup_fd = -1;
	struct oci_parse parse;
	struct error err = { 0 };
	int status, r;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	r = container_load(globals, parse.operands[0], true, &container, &err);
	if (r == 0)
		r = check_status(&container, pause, &err);
	if (r == 0)
		r = cgroup_fd = container_cgroup(&container, &err);
	if (r >= 0)
		r = cgroup_container_freeze(cgroup_fd, pause, &err);
	return r < 0 ? oci_report(globals, &err) : 0;
}

const struct oci_command oci_command_pause = {
	.name = "pause",
	.usage = "ID",
	.summary = "Freezes all processes of a container.",
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};

const struct oci_command oci_command_resume = {
	.name = "resume",
	.usage = "ID",
	.summary = "Lets a paused container go on.",
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};
