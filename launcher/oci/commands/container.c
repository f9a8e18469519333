/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/container.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

int container_load(const struct oci_globals *globals, const char *id, bool lock, struct container *ret,
		   struct error *err)
{
	int r;

	*ret = (struct container){ .globals = globals, .arena = arena_new(), .dir_fd = -1 };
	if (!ret->arena)
		return error_set(err, ENOMEM, "read the state of %s", id);
	ret->dir_fd = oci_state_open(&globals->root, id, err);
	if (ret->dir_fd < 0)
		return ret->dir_fd;
	r = lock ? oci_state_lock(ret->dir_fd, err) : 0;
	if (r == 0)
		r = oci_state_read(ret->dir_fd, ret->arena, &ret->state, err);
	if (r < 0)
		return r;
	ret->status = oci_state_status(&ret->state);
	return 0;
}

void container_release(struct container *container)
{
	fd_close(&container->dir_fd);
	container->arena = arena_free(container->arena);
}

int container_cgroup(const struct container *container, struct error *err)
{
	const struct oci_state *state = &container->state;
	int fd = cgroup_container_open(&state->cgroup);

	if (fd >= 0)
		return fd;
	if (state->cgroup.manager == CGROUP_MANAGER_DISABLED || !state->cgroup.path[0]) {
		error_set(err, EOPNOTSUPP, "container %s has no cgroup", state->id);
		error_remedy(
			err,
			state->rootless
				? "rootless containers get one where systemd delegates it: --systemd-cgroup"
				: "it was created without: --cgroup-manager=disabled");
		return -EOPNOTSUPP;
	}
	return error_set(err, -fd, "open the cgroup %s of container %s", state->cgroup.path, state->id);
}

static int pid_namespace(const char *pid, uint64_t *ret)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/pid", pid);
	if (stat(path, &st) < 0)
		return -errno;
	*ret = st.st_ino;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/* Those in the same pid namespace as the container's first process. */
static int scan(DIR *proc, uint64_t wanted, struct arena *arena, pid_t **ret, size_t *ret_n)
{
	size_t n = 0, room = 64;
	pid_t *pids = arena_array(arena, room, sizeof(*pids));

	for (const struct dirent *entry = readdir(proc); pids && entry; entry = readdir(proc)) {
		uint32_t pid;
		uint64_t found;

		if (str_to_u32(entry->d_name, &pid) < 0 || pid_namespace(entry->d_name, &found) < 0 ||
		    found != wanted)
			continue;
		if (n == room) {
			pid_t *more = arena_array(arena, room * 2, sizeof(*pids));

			for (size_t i = 0; more && i < n; i++)
				more[i] = pids[i];
			pids = more;
			room *= 2;
			if (!pids)
				break;
		}
		pids[n++] = (pid_t)pid;
	}
	if (!pids)
		return -ENOMEM;
	qsort(pids, n, sizeof(*pids), compare_pids);
	*ret = pids;
	*ret_n = n;
	return 0;
}

static int by_namespace(const struct container *container, pid_t **ret, size_t *ret_n, struct error *err)
{
	uint64_t own, wanted;
	char name[32];
	pid_t *only;
	DIR *proc;
	int r;

	snprintf(name, sizeof(name), "%d", (int)container->state.pid);
	*ret_n = 0;
	only = arena_array(container->arena, 1, sizeof(*only));
	if (!only)
		return error_set(err, ENOMEM, "list processes");
	*ret = only;
	if (container->status == OCI_STATUS_STOPPED || container->state.pid == 0)
		return 0;
	*only = container->state.pid;
	*ret_n = 1;
	if (pid_namespace("self", &own) < 0 || pid_namespace(name, &wanted) < 0 || own == wanted)
		return 0; /* the host's: who else is in there can't be told */
	proc = opendir("/proc");
	if (!proc)
		return error_set(err, errno, "list /proc");
	r = scan(proc, wanted, container->arena, ret, ret_n);
	closedir(proc);
	return r < 0 ? error_set(err, -r, "list processes") : 0;
}

int container_processes(const struct container *container, int cgroup_fd, pid_t **ret, size_t *ret_n,
			struct error *err)
{
	if (cgroup_fd >= 0)
		return cgroup_container_procs(cgroup_fd, container->arena, ret, ret_n, err);
	return by_namespace(container, ret, ret_n, err);
}
