/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* create and start in one; attached also the wait and the removal. */
#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/commands/create_options.h"
#include "launcher/oci/commands/destroy.h"
#include "launcher/oci/create.h"
#include "launcher/oci/notify_socket.h"
#include "launcher/oci/processes/foreground.h"
#include "launcher/oci/start.h"

static const struct oci_option options[] = {
	CREATE_OPTIONS,
	{ "detach", 'd', NULL, "leave it running" },
	{ "keep", 0, NULL, "do not remove the container when it has ended" },
	{ "no-subreaper", 0, NULL, "ignored: the runtime is no subreaper" },
	{ NULL, 0, NULL, NULL },
};

/* Return: the exit status for the caller. */
static int attend(struct oci_creation *creation, bool keep, int notify)
{
	const struct oci_globals *globals = creation->globals;
	struct error err = { 0 };
	int dir_fd = creation->oci_run.state_fd, status, r;

	/* While it runs, other verbs work on it. */
	oci_state_unlock(dir_fd);
	status = oci_foreground_wait(&creation->run, notify, &err);
	if (status < 0)
		status = oci_report(globals, &err);
	notify_socket_close(dir_fd, notify);
	r = oci_state_lock(dir_fd, &err);
	if (r == -ENOENT)
		return status; /* somebody has deleted it */
	/* What PID 1 leaves behind dies with it only in a pid namespace of its own. */
	if (r == 0 && !keep)
		r = destroy_processes(&creation->state, &err);
	fd_close(&creation->run.cgroup_fd);
	if (r == 0 && !keep)
		r = destroy_container(globals, creation->oci_run.state_fd, &creation->state, creation->arena,
				      &err);
	return r < 0 ? oci_report(globals, &err) : status;
}

static int start(struct oci_creation *creation, int *ret_notify, struct error *err)
{
	int r = oci_start(creation->oci_run.state_fd, &creation->state, creation->arena, ret_notify, err);

	if (r < 0)
		oci_create_undo(creation);
	return r;
}

/* Detached: as start does. */
static void wait_until_ready(struct oci_creation *creation, int notify)
{
	struct error err = { 0 };

	oci_state_unlock(creation->oci_run.state_fd);
	if (notify_socket_wait(notify, creation->run.init_pidfd, creation->run.init_pid, &err) < 0)
		oci_warn(creation->globals, "%s: %s", err.msg, error_name(err.code));
	notify_socket_close(creation->oci_run.state_fd, notify);
}

static int run_container(struct oci_creation *creation, bool keep)
{
	struct error err = { 0 };
	int notify = -1, r;

	if (creation->options->foreground)
		oci_foreground_prepare();
	r = oci_create(creation, &err);
	if (r == 0)
		r = start(creation, &notify, &err);
	if (r < 0)
		return oci_report(creation->globals, &err);
	if (creation->options->foreground)
		return attend(creation, keep, notify);
	if (notify >= 0)
		wait_until_ready(creation, notify);
	return 0;
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_creation *creation = arena ? arena_alloc(arena, sizeof(*creation)) : NULL;
	struct oci_create_options given;
	struct oci_parse parse;
	struct error err = { 0 };
	int status;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	if (!creation) {
		error_set(&err, ENOMEM, "run a container");
		return oci_report(globals, &err);
	}
	if (oci_create_parse(&parse, &given, &err) < 0)
		return oci_report(globals, &err);
	given.foreground = oci_option_value(&parse, "detach") == NULL;
	creation->arena = arena;
	creation->globals = globals;
	creation->options = &given;
	status = run_container(creation, oci_option_value(&parse, "keep") != NULL);
	oci_creation_end(creation);
	return status;
}

const struct oci_command oci_command_run = {
	.name = "run",
	.usage = "[OPTIONS] ID",
	.summary = "Creates and starts a container; without --detach waits for its end and removes it.",
	.options = options,
	.enters = true,
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};
