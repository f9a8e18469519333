/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/systemd.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/commands/update_flags.h"
#include "launcher/oci/rdt.h"
#include "profiles/oci/oci_read.h"

static int read_whole(int fd, char *buffer, size_t room, size_t *ret_size)
{
	size_t used = 0;

	while (used < room) {
		ssize_t got = read(fd, buffer + used, room - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	*ret_size = used;
	return used < room ? 0 : -EFBIG;
}

static int read_resources(const char *path, struct arena *arena, struct oci_resources *ret, struct error *err)
{
	bool from_stdin = str_equal(path, "-");
	const char *name = from_stdin ? "stdin" : path;
	_cleanup_fd_ int fd = from_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	char *text = arena_alloc(arena, OCI_FILE_MAX);
	size_t size;
	int r;

	if (!from_stdin && fd < 0)
		return error_set(err, errno, "open %s", path);
	if (!text)
		return error_set(err, ENOMEM, "read %s", name);
	r = read_whole(from_stdin ? STDIN_FILENO : fd, text, OCI_FILE_MAX, &size);
	if (r < 0)
		return error_set(err, -r, "read %s", name);
	return oci_read_resources(name, text, size, arena, ret, err);
}

/* Return: the number at @text, OCI_UNLIMITED for "max", OCI_UNSET for anything else. */
static uint64_t current(const char *text)
{
	char word[32];
	size_t length = strcspn(text, " \n");
	uint64_t value;

	if (length >= sizeof(word))
		return OCI_UNSET;
	memcpy(word, text, length);
	word[length] = '\0';
	if (str_equal(word, "max"))
		return OCI_UNLIMITED;
	return str_to_u64(word, &value) == 0 ? value : OCI_UNSET;
}

/*
 * Version 2 has one file where version 1 had two: what is not given keeps its value, so the file is
 * read to write it whole. Swap alone is given as memory plus swap: the memory is needed to subtract it.
 */
static void complete(int cgroup_fd, struct oci_resources *resources)
{
	char text[64];
	const char *space;

	if (resources->memory_swap != OCI_UNSET && resources->memory_limit == OCI_UNSET &&
	    fd_read_file(cgroup_fd, "memory.max", text, sizeof(text)) > 0)
		resources->memory_limit = current(text);
	if ((resources->cpu_quota == OCI_UNSET) == (resources->cpu_period == OCI_UNSET) ||
	    fd_read_file(cgroup_fd, "cpu.max", text, sizeof(text)) <= 0)
		return;
	space = strchr(text, ' ');
	if (resources->cpu_quota == OCI_UNSET)
		resources->cpu_quota = current(text);
	else if (space)
		resources->cpu_period = current(space + 1);
}

static int apply(const struct container *container, struct oci_resources *resources, struct error *err)
{
	const struct oci_state *state = &container->state;
	_cleanup_fd_ int cgroup_fd = container_cgroup(container, err);
	int r = 0;

	if (cgroup_fd < 0)
		return cgroup_fd;
	/* Devices stay as they are: engines send only the new limits, and a filter can't be extended. */
	resources->devices_given = false;
	resources->n_devices = 0;
	complete(cgroup_fd, resources);
	if (state->cgroup.manager == CGROUP_MANAGER_SYSTEMD)
		r = systemd_scope_update(&state->cgroup, resources, err);
	return r < 0 ? r : cgroup_resources_apply(cgroup_fd, resources, true, err);
}

static int update(const struct container *container, const struct oci_parse *parse, struct error *err)
{
	const char *path = oci_option_value(parse, "resources");
	const struct oci_state *state = &container->state;
	struct oci_resources resources;
	int r;

	if (container->status == OCI_STATUS_STOPPED || container->status == OCI_STATUS_CREATING)
		return error_set(err, ESRCH, "cannot update container %s: container not running: %s",
				 state->id, oci_status_name(container->status));
	oci_resources_init(&resources);
	r = path ? read_resources(path, container->arena, &resources, err)
		 : update_flags_read(parse, &resources, err);
	if (r == 0)
		r = apply(container, &resources, err);
	if (r < 0 || path)
		return r;
	return rdt_update(state->rdt_group, oci_option_value(parse, "l3-cache-schema"),
			  oci_option_value(parse, "mem-bw-schema"), err);
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	struct oci_parse parse;
	struct error err = { 0 };
	int status;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	if (container_load(globals, parse.operands[0], true, &container, &err) < 0 ||
	    update(&container, &parse, &err) < 0)
		return oci_report(globals, &err);
	return 0;
}

const struct oci_command oci_command_update = {
	.name = "update",
	.usage = "[OPTIONS] ID",
	.summary = "Changes the limits of a container.",
	.options = update_options,
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};
