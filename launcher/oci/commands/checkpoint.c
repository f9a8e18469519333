/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/error.h"
#include "launcher/oci/commands/command.h"

/* Also for --help: podman takes a zero status of "checkpoint --help" for the ability to do it. */
static int run(const struct oci_globals *globals, const struct oci_command *command, int argc _unused_,
	       char **argv _unused_)
{
	struct error err = { 0 };

	error_set(&err, EOPNOTSUPP, "%s is not supported", command->name);
	return oci_report(globals, &err);
}

const struct oci_command oci_command_checkpoint = {
	.name = "checkpoint",
	.summary = "Not supported.",
	.stateless = true,
	.failure = 1,
	.run = run,
};

const struct oci_command oci_command_restore = {
	.name = "restore",
	.summary = "Not supported.",
	.stateless = true,
	.failure = 1,
	.run = run,
};
