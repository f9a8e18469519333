/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/group.h"

#include <errno.h>
#include <sys/mount.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/container.h"
#include "cgroups/systemd.h"
#include "launcher/oci/run.h"

static int apply_limits(struct run *run, struct error *err)
{
	return cgroup_resources_apply(run->cgroup_fd, &run->oci->oci->resources, false, err);
}

/* Not before: init makes the nodes of linux.devices, also such as the workload may not use. */
int oci_group_seal(struct run *run, struct error *err)
{
	if (run->oci->exec || run->cgroup_fd < 0)
		return 0;
	return cgroup_devices_apply(run->cgroup_fd, &run->oci->oci->resources, run->oci->rootless, err);
}

int oci_group_resolve(struct run *run, struct error *err)
{
	struct cgroup_container *group = &run->oci->state->cgroup;

	return cgroup_container_resolve(run->oci->oci->cgroups_path, run->oci->state->id, group->manager,
					run->oci->rootless, group, err);
}

int oci_group_prepare(struct run *run, struct error *err)
{
	struct oci_run *oci = run->oci;
	const struct cgroup_container *group = &oci->state->cgroup;
	int r;

	if (group->manager != CGROUP_MANAGER_CGROUPFS)
		return 0;
	r = cgroup_container_create(group, cgroup_resources_controllers(&oci->oci->resources),
				    &run->cgroup_fd, err);
	if (r < 0)
		return r;
	/*
	 * Who has joined a user namespace has no rights over the group any more, and who has joined a cgroup
	 * namespace can't see it: then the process is moved from outside. So it is where no process may be
	 * made: moving one in is not held up by pids.max.
	 */
	oci->clone_into_cgroup = oci->join_fds[OCI_NS_USER] < 0 && oci->join_fds[OCI_NS_CGROUP] < 0 &&
				 !(oci->oci->resources.pids_given && oci->oci->resources.pids_limit == 0);
	return apply_limits(run, err);
}

int oci_group_join(struct run *run, struct error *err)
{
	const struct cgroup_container *group = &run->oci->state->cgroup;

	if (group->manager == CGROUP_MANAGER_DISABLED || group->path[0] == '\0')
		return 0;
	/* Beside the container's init: one that has made groups below moves itself into one of them. */
	run->cgroup_fd = run->oci->exec_cgroup ? cgroup_container_open(group)
					       : cgroup_container_open_of(group, run->oci->state->pid);
	if (run->cgroup_fd < 0)
		return error_set(err, -run->cgroup_fd, "open the container's cgroup %s", group->path);
	/* The joiner is made in there: moving a process later can take the kernel 10 ms (an RCU grace
	 * period). */
	run->oci->clone_into_cgroup = !run->oci->exec_cgroup;
	return 0;
}

/* runtime-spec config-linux.md "Cgroup ownership": a writable mount of the container's own cgroup namespace.
 */
static bool owns_its_group(const struct oci *oci)
{
	const struct oci_namespace *cgroup = &oci->namespaces[OCI_NS_CGROUP];

	if (!cgroup->given || cgroup->path || !oci->namespaces[OCI_NS_USER].given)
		return false;
	for (size_t i = 0; i < oci->n_mounts; i++) {
		const struct oci_mount *mount = &oci->mounts[i];

		if (mount->type && str_starts(mount->type, "cgroup") &&
		    str_equal(mount->destination, "/sys/fs/cgroup"))
			return !(mount->flags.attr_set & MOUNT_ATTR_RDONLY);
	}
	return false;
}

/* The host's id of the workload's user; -1 where it isn't mapped. */
static uid_t host_user(const struct oci *oci)
{
	uid_t uid = oci->process.user.uid;

	for (size_t i = 0; i < oci->uid_maps.n; i++) {
		const struct oci_id_map *map = &oci->uid_maps.items[i];

		if (uid >= map->container_id && uid - map->container_id < map->size)
			return map->host_id + (uid - map->container_id);
	}
	return (uid_t)-1;
}

static int start_scope(struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	struct cgroup_container *group = &run->oci->state->cgroup;
	int r = systemd_scope_start(group, run->init_pid, &oci->resources, &oci->annotations, err);

	if (r < 0)
		return r;
	run->cgroup_fd = cgroup_container_open(group);
	if (run->cgroup_fd < 0)
		return error_set(err, -run->cgroup_fd, "open the scope's cgroup %s", group->path);
	return apply_limits(run, err);
}

int oci_group_attach(struct run *run, struct error *err)
{
	struct oci_run *oci = run->oci;
	int r = 0;

	if (!oci->exec && oci->state->cgroup.manager == CGROUP_MANAGER_SYSTEMD)
		r = start_scope(run, err);
	else if (run->cgroup_fd >= 0 && (!oci->clone_into_cgroup || oci->exec_cgroup))
		r = cgroup_container_enter(run->cgroup_fd, oci->exec_cgroup, run->init_pid, err);
	if (r == 0 && !oci->exec && run->cgroup_fd >= 0 && owns_its_group(oci->oci) &&
	    host_user(oci->oci) != (uid_t)-1)
		r = cgroup_container_delegate(run->cgroup_fd, host_user(oci->oci), err);
	return r;
}
