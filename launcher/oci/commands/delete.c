/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/commands/destroy.h"
#include "profiles/oci/oci_read.h"

/*
 * A create that was killed between making the directory and writing the state, or a state that nobody
 * understands: what it has made besides can only be its cgroup, which the copy of the config names.
 */
static int delete_leftover(struct container *container, const char *id, struct error *err)
{
	const struct oci_globals *globals = container->globals;
	struct oci_state state = { .id = id };
	struct oci *oci = arena_alloc(container->arena, sizeof(*oci));
	char *path = arena_printf(container->arena, "%s/%s/" OCI_STATE_CONFIG, globals->root.path, id);
	int r = 0;

	if (!oci || !path)
		return error_set(err, ENOMEM, "delete %s", id);
	if (faccessat(container->dir_fd, OCI_STATE_CONFIG, R_OK, 0) == 0 &&
	    oci_read_file("/", path, container->arena, oci, NULL, NULL) == 0 &&
	    cgroup_container_resolve(oci->cgroups_path, id, globals->manager, globals->rootless,
				     &state.cgroup, NULL) == 0 &&
	    state.cgroup.path[0])
		r = cgroup_container_remove(&state.cgroup, err);
	return r < 0 ? r : oci_state_remove(&globals->root, id, err);
}

/* Whoever could hold the lock is dead: nothing but a force waits longer than that for a hanging hook. */
static int lock(const struct oci_globals *globals, int dir_fd, bool force, struct error *err)
{
	int r = oci_state_lock(dir_fd, err);

	if (r != -EBUSY || !force)
		return r;
	oci_warn(globals, "%s: deleted nevertheless", err->msg);
	return 0;
}

static int delete_container(struct container *container, bool force, struct error *err)
{
	enum oci_status status = container->status = oci_state_status(&container->state);
	int r = 0;

	/* "creating" with its creator's lock in our hands: the creator died. */
	if (!force && (status == OCI_STATUS_RUNNING || status == OCI_STATUS_PAUSED)) {
		error_set(err, EBUSY, "cannot delete container %s that is not stopped: %s",
			  container->state.id, oci_status_name(status));
		return error_remedy(err, "kill it first, or delete --force");
	}
	if (status != OCI_STATUS_STOPPED)
		r = destroy_processes(&container->state, err);
	if (r < 0)
		return r;
	return destroy_container(container->globals, container->dir_fd, &container->state, container->arena,
				 err);
}

static int delete_id(struct container *container, const char *id, bool force, struct error *err)
{
	int r;

	container->dir_fd = oci_state_open(&container->globals->root, id, err);
	if (container->dir_fd < 0)
		return container->dir_fd;
	r = lock(container->globals, container->dir_fd, force, err);
	if (r < 0)
		return r;
	r = oci_state_read(container->dir_fd, container->arena, &container->state, err);
	if (r == -ENODATA || (r == -EBADMSG && force))
		return delete_leftover(container, id, err);
	return r < 0 ? r : delete_container(container, force, err);
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .globals = globals, .dir_fd = -1 };
	struct oci_parse parse;
	struct error err = { 0 };
	int status, r = -ENOMEM;
	bool force;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	force = oci_option_value(&parse, "force");
	container.arena = arena_new();
	if (container.arena)
		r = delete_id(&container, parse.operands[0], force, &err);
	else
		error_set(&err, ENOMEM, "delete");
	if (r == -ENOENT && force)
		return 0;
	return r < 0 ? oci_report(globals, &err) : 0;
}

static const struct oci_option options[] = {
	{ "force", 'f', NULL, "kill it first if it runs; an unknown id is no error" },
	{ 0 },
};

const struct oci_command oci_command_delete = {
	.name = "delete",
	.usage = "[--force] ID",
	.summary = "Removes a stopped container and all that was made for it.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};
