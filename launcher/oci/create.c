/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/commands/destroy.h"
#include "launcher/oci/config.h"
#include "launcher/oci/console.h"
#include "launcher/oci/environment.h"
#include "launcher/oci/group.h"
#include "launcher/oci/namespaces.h"
#include "launcher/oci/notify_socket.h"
#include "launcher/oci/pid_file.h"
#include "launcher/oci/plan.h"
#include "launcher/oci/processes/processes.h"
#include "profiles/oci/oci_read.h"

static int open_bundle(struct oci_creation *creation, struct error *err)
{
	const char *given = creation->options->bundle ? creation->options->bundle : ".";
	char *path = realpath(given, NULL);

	if (!path)
		return error_set(err, errno, "open the bundle %s", given);
	creation->state.bundle = arena_strdup(creation->arena, path);
	free(path);
	if (!creation->state.bundle)
		return error_set(err, ENOMEM, "open the bundle %s", given);
	creation->oci_run.bundle_fd = open(creation->state.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (creation->oci_run.bundle_fd < 0)
		return error_set(err, errno, "open the bundle %s", given);
	return 0;
}

static int check_process(const struct oci_creation *creation, struct error *err)
{
	const struct oci *oci = &creation->oci;
	bool has_socket = creation->options->console_socket != NULL;

	if (!oci->process_given)
		return error_set(err, EINVAL, "create %s: config.json has no \"process\"",
				 creation->options->id);
	if (oci->process.terminal && !has_socket && !creation->options->foreground) {
		error_set(err, EINVAL,
			  "cannot allocate tty if runc will detach without setting console socket");
		return error_remedy(err, "give --console-socket, or set process.terminal to false");
	}
	if (!oci->process.terminal && has_socket) {
		error_set(err, EINVAL, "cannot use console socket if runc will not detach or allocate tty");
		return error_remedy(err, "set process.terminal to true, or leave out --console-socket");
	}
	return 0;
}

static const char *now(struct arena *arena)
{
	struct timespec time;
	struct tm utc;

	if (clock_gettime(CLOCK_REALTIME, &time) < 0 || !gmtime_r(&time.tv_sec, &utc))
		return NULL;
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", utc.tm_year + 1900, utc.tm_mon + 1,
			    utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, time.tv_nsec);
}

static int fill_state(struct oci_creation *creation, struct error *err)
{
	struct oci_state *state = &creation->state;

	state->id = creation->options->id;
	state->creating = true;
	state->rootfs = creation->oci.rootfs;
	state->oci_version = creation->oci.version;
	state->annotations = creation->oci.annotations;
	state->cgroup.manager = creation->globals->manager;
	state->rootless = creation->globals->rootless;
	state->no_pivot = creation->options->no_pivot;
	state->no_new_keyring = creation->options->no_new_keyring;
	state->has_seccomp = creation->oci.seccomp_given;
	state->start_reads = creation->oci.hooks[OCI_HOOK_POSTSTART].n > 0 ||
			     (creation->oci.seccomp_given && creation->oci.seccomp.listener_path);
	state->created = now(creation->arena);
	state->owner = geteuid() == 0 ? "root" : arena_printf(creation->arena, "%u", geteuid());
	return state->created && state->owner ? 0 : error_set(err, ENOMEM, "describe the container");
}

static int read_bundle(struct oci_creation *creation, struct oci_config *ret, struct error *err)
{
	struct oci_warnings warnings = { 0 };
	int r = open_bundle(creation, err);

	if (r == 0)
		r = oci_config_load(creation->state.bundle, creation->options->config, creation->arena, ret,
				    err);
	if (r == 0)
		r = oci_read_text(creation->state.bundle, ret->path, ret->text, ret->size, creation->arena,
				  &creation->oci, &warnings, err);
	for (size_t i = 0; r == 0 && i < warnings.n; i++)
		oci_warn(creation->globals, "%s", warnings.items[i]);
	if (r == 0)
		r = check_process(creation, err);
	if (r == 0)
		r = oci_layer_read(&creation->oci, creation->arena, &creation->oci_run.layer, err);
	return r;
}

/* The id is ours from here on, with what later calls must find of the bundle. */
static int claim(struct oci_creation *creation, const struct oci_config *config, struct error *err)
{
	const struct oci_state_root *root = &creation->globals->root;
	struct oci_run *oci = &creation->oci_run;
	int r = fill_state(creation, err);

	if (r < 0)
		return r;
	oci->state_fd = oci_state_create(root, creation->options->id, err);
	if (oci->state_fd < 0)
		return oci->state_fd;
	creation->claimed = true;
	r = oci_config_keep(config, oci->state_fd, err);
	if (r == 0)
		r = oci_layer_keep(oci->layer, oci->state_fd, err);
	/* Behind the copies, which say what the bundle said; before anything is derived from struct oci. */
	if (r == 0)
		r = notify_socket_prepare(&creation->oci, &creation->state, oci->state_fd, root->path,
					  creation->arena, err);
	return r;
}

static void connect_parts(struct oci_creation *creation)
{
	struct oci_run *oci = &creation->oci_run;
	struct run *run = &creation->run;

	run->spec = &creation->spec;
	run->host = &creation->host;
	run->plan = &creation->plan;
	run->arena = creation->arena;
	run->oci = oci;
	oci->oci = &creation->oci;
	oci->process = &creation->oci.process;
	oci->state = &creation->state;
	oci->rootless = creation->globals->rootless;
	oci->no_pivot = creation->options->no_pivot;
	oci->no_new_keyring = creation->options->no_new_keyring;
}

static int prepare(struct oci_creation *creation, struct error *err)
{
	struct run *run = &creation->run;
	int r = host_probe_caller(&creation->host, err);

	if (r == 0)
		r = oci_to_spec(&creation->oci, creation->options->id, creation->arena, &creation->spec, err);
	if (r == 0)
		r = oci_layer_apply(run->oci->layer, &creation->host, &creation->oci, &creation->spec, err);
	if (r == 0)
		r = oci_plan_build(&creation->spec, &creation->host, false, run->oci->no_new_keyring,
				   &creation->plan, err);
	if (r == 0)
		r = oci_environment_build(run, creation->options->preserve_fds, err);
	if (r == 0)
		r = oci_namespaces_prepare(run->oci, err);
	if (r == 0 && creation->options->console_socket) {
		run->oci->console_socket = oci_console_connect(creation->options->console_socket, err);
		r = run->oci->console_socket < 0 ? run->oci->console_socket : 0;
	}
	if (r == 0) {
		run->oci->gate_fd = oci_gate_make(run->oci->state_fd, err);
		r = run->oci->gate_fd < 0 ? run->oci->gate_fd : 0;
	}
	return r;
}

/* What is written down before anything is made can be removed even if we are killed in the middle. */
static int make_group(struct oci_creation *creation, struct error *err)
{
	struct run *run = &creation->run;
	int r = oci_group_resolve(run, err);

	if (r == 0 && creation->state.cgroup.manager == CGROUP_MANAGER_DISABLED &&
	    cgroup_resources_controllers(&creation->oci.resources) != 0)
		oci_warn(creation->globals, "linux.resources: no limit is set, the container has no cgroup");
	if (r == 0)
		r = oci_state_write(run->oci->state_fd, &creation->state, err);
	if (r == 0)
		r = oci_group_prepare(run, err);
	/* Not made, perhaps because it is somebody else's: not ours to remove either. */
	if (r < 0 && run->cgroup_fd < 0)
		creation->state.cgroup = (struct cgroup_container){ .manager = CGROUP_MANAGER_DISABLED };
	return r;
}

static int finish(struct oci_creation *creation, struct error *err)
{
	const struct oci_create_options *options = creation->options;
	struct run *run = &creation->run;
	int r = 0;

	for (size_t i = 0; i < OCI_NS_TYPES; i++)
		creation->state.namespaces[i] =
			run->proof->namespaces[oci_namespaces_index((enum oci_namespace_type)i)];
	creation->state.creating = false;
	if (options->pidfd_socket)
		r = pid_file_send_pidfd(options->pidfd_socket, run->init_pidfd, err);
	if (r == 0)
		r = oci_state_write(run->oci->state_fd, &creation->state, err);
	if (r == 0 && options->pid_file) {
		r = pid_file_write(options->pid_file, run->init_pid, err);
		creation->pid_file_written = r == 0;
	}
	return r == 0 ? oci_launch_release(run, err) : r;
}

static void close_all_but_state(struct oci_creation *creation)
{
	struct oci_run *oci = &creation->oci_run;
	struct run *run = &creation->run;

	fd_close(&run->control[0]);
	fd_close(&run->control[1]);
	fd_close(&run->init_pidfd);
	fd_close(&run->cgroup_fd);
	fd_close(&run->procfs_fd);
	fd_close(&oci->gate_fd);
	fd_close(&oci->bundle_fd);
	fd_close(&oci->root_fd);
	fd_close(&oci->console_socket);
	fd_close(&oci->console_master);
	for (size_t i = 0; i < OCI_NS_TYPES; i++)
		fd_close(&oci->join_fds[i]);
	for (size_t i = 0; oci->source_fds && i < creation->oci.n_mounts; i++)
		fd_close(&oci->source_fds[i]);
}

void oci_create_undo(struct oci_creation *creation)
{
	struct error err = { 0 };

	oci_launch_abort(&creation->run);
	/* A caller takes the file for a success. */
	if (creation->pid_file_written)
		unlink(creation->options->pid_file);
	/* All but the claim: what is to be removed is looked up with descriptors, too. */
	close_all_but_state(creation);
	if (creation->claimed && destroy_container(creation->globals, creation->oci_run.state_fd,
						   &creation->state, creation->arena, &err) < 0)
		oci_warn(creation->globals, "clean up after the failed start: %s", err.msg);
}

int oci_create(struct oci_creation *creation, struct error *err)
{
	struct oci_config config;
	int r = oci_state_check_id(creation->options->id, err);

	run_init(&creation->run);
	oci_run_init(&creation->oci_run);
	connect_parts(creation);
	if (r == 0)
		r = read_bundle(creation, &config, err);
	if (r == 0)
		r = claim(creation, &config, err);
	if (r == 0)
		r = prepare(creation, err);
	if (r == 0)
		r = make_group(creation, err);
	if (r == 0)
		r = oci_launch(&creation->run, err);
	if (r == 0)
		r = finish(creation, err);
	if (r < 0)
		oci_create_undo(creation);
	return r;
}

void oci_creation_end(struct oci_creation *creation)
{
	close_all_but_state(creation);
	fd_close(&creation->oci_run.state_fd);
}

int oci_create_parse(const struct oci_parse *parse, struct oci_create_options *ret, struct error *err)
{
	uint32_t n = 0;
	int r = oci_option_number(parse, "preserve-fds", OCI_PRESERVE_MAX, &n, err);

	if (r < 0)
		return r;
	*ret = (struct oci_create_options){
		.id = parse->operands[0],
		.bundle = oci_option_value(parse, "bundle"),
		.config = oci_option_value(parse, "config"),
		.console_socket = oci_option_value(parse, "console-socket"),
		.pid_file = oci_option_value(parse, "pid-file"),
		.pidfd_socket = oci_option_value(parse, "pidfd-socket"),
		.preserve_fds = (int)n,
		.no_pivot = oci_option_value(parse, "no-pivot") != NULL,
		.no_new_keyring = oci_option_value(parse, "no-new-keyring") != NULL,
	};
	return 0;
}
