/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/console.h"
#include "launcher/oci/environment.h"
#include "launcher/oci/group.h"
#include "launcher/oci/listener.h"
#include "launcher/oci/namespaces.h"
#include "launcher/oci/pid_file.h"
#include "launcher/oci/plan.h"
#include "launcher/oci/processes/processes.h"
#include "profiles/oci/oci_read.h"

static void connect_parts(struct oci_execution *execution)
{
	struct oci_run *oci = &execution->oci_run;
	struct run *run = &execution->run;

	run->spec = &execution->spec;
	run->host = &execution->host;
	run->plan = &execution->plan;
	run->arena = execution->container->arena;
	run->oci = oci;
	oci->oci = &execution->oci;
	oci->process = &execution->oci.process;
	oci->state = &execution->container->state;
	oci->exec = true;
	oci->rootless = execution->container->state.rootless;
	oci->no_new_keyring = execution->container->state.no_new_keyring;
	oci->exec_cgroup = execution->options->cgroup;
}

/* The namespaces that differ from ours; the container's process is held, so its pid can't become another's.
 */
static int find_namespaces(struct oci_execution *execution, struct error *err)
{
	struct oci_run *oci = &execution->oci_run;

	oci->container_pidfd = oci_state_pidfd(oci->state);
	if (oci->container_pidfd < 0)
		return error_set(err, -oci->container_pidfd, "cannot exec in a stopped container");
	for (int type = 0; type < OCI_NS_TYPES; type++) {
		const char *name = run_namespace_names[oci_namespaces_index((enum oci_namespace_type)type)];
		char path[32];
		struct stat ours;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
		if (oci->state->namespaces[type] == 0)
			continue;
		if (stat(path, &ours) < 0)
			return error_set(err, errno, "look at the own %s namespace", name);
		if (ours.st_ino != oci->state->namespaces[type])
			oci->exec_flags |= oci_namespaces_flag((enum oci_namespace_type)type);
	}
	return 0;
}

/*
 * The root of the container's process: with a mount namespace of its own it is that namespace's, but one
 * that shares a namespace has only changed its root. A created container of a caller without rights can't be
 * looked at; that has a namespace of its own.
 */
static int find_root(struct oci_execution *execution, struct error *err)
{
	struct oci_run *oci = &execution->oci_run;
	const struct oci_namespace *mount = &execution->oci.namespaces[OCI_NS_MOUNT];
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)oci->state->pid);
	oci->enter_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (oci->enter_fd < 0 && !(mount->given && !mount->path && oci->rootless))
		return error_set(err, errno, "open the container's root");
	/* Still the same process? Its pid may have become another's while we looked. */
	if (oci_state_start_time(oci->state->pid) != oci->state->start_time)
		return error_set(err, ESRCH, "cannot exec in a stopped container");
	return 0;
}

static int prepare(struct oci_execution *execution, struct error *err)
{
	struct run *run = &execution->run;
	int r = host_probe_caller(&execution->host, err);

	if (r == 0)
		r = oci_to_spec(&execution->oci, execution->container->state.id, run->arena, &execution->spec,
				err);
	if (r == 0)
		r = oci_layer_kept(&execution->oci, execution->container->dir_fd, run->arena,
				   &run->oci->layer, err);
	if (r == 0)
		r = oci_layer_apply(run->oci->layer, &execution->host, &execution->oci, &execution->spec,
				    err);
	if (r == 0)
		r = oci_plan_build(&execution->spec, &execution->host, true, run->oci->no_new_keyring,
				   &execution->plan, err);
	if (r == 0)
		r = oci_environment_build(run, execution->options->preserve_fds, err);
	if (r == 0)
		r = find_namespaces(execution, err);
	if (r == 0 && execution->options->console_socket) {
		run->oci->console_socket = oci_console_connect(execution->options->console_socket, err);
		r = run->oci->console_socket < 0 ? run->oci->console_socket : 0;
	}
	if (r == 0)
		r = oci_group_join(run, err);
	return r < 0 ? r : find_root(execution, err);
}

static int release(struct oci_execution *execution, struct error *err)
{
	const struct oci_exec_options *options = execution->options;
	struct run *run = &execution->run;
	const struct oci_listener_target target = {
		.oci = run->oci->oci, .state = run->oci->state, .arena = run->arena, .pid = run->init_pid
	};
	bool pid_file_written = false;
	int r = 0;

	if (options->pidfd_socket)
		r = pid_file_send_pidfd(options->pidfd_socket, run->init_pidfd, err);
	if (r == 0 && options->pid_file) {
		r = pid_file_write(options->pid_file, run->init_pid, err);
		pid_file_written = r == 0;
	}
	if (r == 0)
		r = oci_launch_release(run, err);
	if (r == 0)
		r = oci_wire_hear(run->control[0], oci_listener_send, &target, err);
	if (r < 0) {
		oci_launch_abort(run);
		/* A caller takes the file for a success. */
		if (pid_file_written)
			unlink(options->pid_file);
	}
	return r;
}

int oci_exec(struct oci_execution *execution, struct error *err)
{
	int r;

	run_init(&execution->run);
	oci_run_init(&execution->oci_run);
	connect_parts(execution);
	r = prepare(execution, err);
	if (r == 0)
		r = oci_launch(&execution->run, err);
	if (r == 0)
		r = release(execution, err);
	return r;
}

void oci_execution_end(struct oci_execution *execution)
{
	struct oci_run *oci = &execution->oci_run;

	fd_close(&execution->run.control[0]);
	fd_close(&execution->run.control[1]);
	fd_close(&execution->run.init_pidfd);
	fd_close(&execution->run.cgroup_fd);
	fd_close(&execution->run.procfs_fd);
	fd_close(&oci->container_pidfd);
	fd_close(&oci->enter_fd);
	fd_close(&oci->console_socket);
	fd_close(&oci->console_master);
}
