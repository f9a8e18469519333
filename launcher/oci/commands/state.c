/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/commands/output.h"

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	struct oci_parse parse;
	struct error err = { 0 };
	const char *text;
	int status;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	if (container_load(globals, parse.operands[0], false, &container, &err) < 0)
		return oci_report(globals, &err);
	text = oci_state_json(&container.state, container.status, container.arena);
	if (!text) {
		error_set(&err, ENOMEM, "print the state");
		return oci_report(globals, &err);
	}
	output_json(stdout, text);
	return output_end(globals);
}

const struct oci_command oci_command_state = {
	.name = "state",
	.usage = "ID",
	.summary = "Prints a container's state as JSON.",
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};
