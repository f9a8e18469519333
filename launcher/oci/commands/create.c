/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "launcher/oci/commands/create_options.h"
#include "launcher/oci/create.h"

static const struct oci_option options[] = { CREATE_OPTIONS,
					     { "detach", 'd', NULL, "ignored: create always detaches" },
					     { NULL, 0, NULL, NULL } };

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_creation *creation = arena ? arena_alloc(arena, sizeof(*creation)) : NULL;
	struct oci_create_options given;
	struct oci_parse parse;
	struct error err = { 0 };
	int status, r;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	if (!creation) {
		error_set(&err, ENOMEM, "create a container");
		return oci_report(globals, &err);
	}
	r = oci_create_parse(&parse, &given, &err);
	if (r < 0)
		return oci_report(globals, &err);
	creation->arena = arena;
	creation->globals = globals;
	creation->options = &given;
	r = oci_create(creation, &err);
	oci_creation_end(creation);
	return r < 0 ? oci_report(globals, &err) : 0;
}

const struct oci_command oci_command_create = {
	.name = "create",
	.usage = "[OPTIONS] ID",
	.summary = "Creates a container; its process waits for start.",
	.options = options,
	.enters = true,
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};
