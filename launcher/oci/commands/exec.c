/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/commands/exec_process.h"
#include "launcher/oci/config.h"
#include "launcher/oci/environment.h"
#include "launcher/oci/exec.h"
#include "launcher/oci/processes/foreground.h"
#include "profiles/oci/oci_read.h"

static const struct oci_option options[] = {
	{ "process", 'p', "FILE", "process.json, like \"process\" in config.json" },
	{ "detach", 'd', NULL, "leave it running" },
	{ "pid-file", 0, "FILE", "gets the process id" },
	{ "console-socket", 0, "PATH", "unix socket that gets the terminal" },
	{ "pidfd-socket", 0, "PATH", "unix socket that gets a pidfd" },
	{ "tty", 't', NULL, "with a terminal" },
	{ "user", 'u', "UID[:GID]", "as another user" },
	{ "additional-gids", 'g', "GID", "with this group, too; can be repeated" },
	{ "cwd", 0, "DIR", "working directory inside" },
	{ "env", 'e', "NAME=VALUE", "add to the environment; can be repeated" },
	{ "cap", 'c', "CAP", "with this capability, too; can be repeated" },
	{ "no-new-privs", 0, NULL, "set no_new_privs" },
	{ "apparmor", 0, "PROFILE", "AppArmor profile" },
	{ "process-label", 0, "LABEL", "SELinux label" },
	{ "preserve-fds", 0, "N", "pass descriptors 3 to N+2 on" },
	{ "cgroup", 0, "PATH", "in this cgroup below the container's own" },
	{ "ignore-paused", 0, NULL, "also in a paused container" },
	{ NULL, 0, NULL, NULL },
};

static int check_status(const struct container *container, const struct oci_parse *parse, struct error *err)
{
	switch (container->status) {
	case OCI_STATUS_CREATED:
	case OCI_STATUS_RUNNING:
		return 0;
	case OCI_STATUS_PAUSED:
		if (oci_option_value(parse, "ignore-paused"))
			return 0;
		return error_set(err, EBUSY,
				 "cannot exec in a paused container (use --ignore-paused to override)");
	case OCI_STATUS_CREATING:
	case OCI_STATUS_STOPPED:
		break;
	}
	return error_set(err, ESRCH, "cannot exec in a stopped container");
}

static int check_terminal(const struct oci_process *process, const struct oci_exec_options *given,
			  struct error *err)
{
	if (process->terminal && given->detach && !given->console_socket) {
		error_set(err, EINVAL,
			  "cannot allocate tty if runc will detach without setting console socket");
		return error_remedy(err, "give --console-socket");
	}
	if (given->console_socket && !process->terminal)
		return error_set(err, EINVAL,
				 "cannot use console socket if runc will not detach or allocate tty");
	return 0;
}

static int read_options(const struct oci_parse *parse, struct oci_exec_options *ret, struct error *err)
{
	uint32_t n = 0;
	int r = oci_option_number(parse, "preserve-fds", OCI_PRESERVE_MAX, &n, err);

	if (r < 0)
		return r;
	*ret = (struct oci_exec_options){
		.console_socket = oci_option_value(parse, "console-socket"),
		.pid_file = oci_option_value(parse, "pid-file"),
		.pidfd_socket = oci_option_value(parse, "pidfd-socket"),
		.cgroup = oci_option_value(parse, "cgroup"),
		.preserve_fds = (int)n,
		.detach = oci_option_value(parse, "detach") != NULL,
	};
	return 0;
}

static int read_config(struct container *container, struct oci *ret, struct error *err)
{
	struct oci_config config;
	int r = oci_config_kept(container->dir_fd, container->arena, &config, err);

	return r < 0 ? r
		     : oci_read_text(container->state.bundle, config.path, config.text, config.size,
				     container->arena, ret, NULL, err);
}

static int execute(struct container *container, const struct oci_parse *parse, struct error *err)
{
	struct oci_execution *execution = arena_alloc(container->arena, sizeof(*execution));
	struct oci_exec_options given;
	int r = execution ? read_options(parse, &given, err)
			  : error_set(err, ENOMEM, "execute in a container");

	if (r == 0)
		r = check_status(container, parse, err);
	if (r == 0)
		r = read_config(container, &execution->oci, err);
	if (r == 0)
		r = exec_process_fill(parse, container->arena, &execution->oci, err);
	if (r == 0)
		r = check_terminal(&execution->oci.process, &given, err);
	if (r < 0)
		return r;
	execution->container = container;
	execution->options = &given;
	if (!given.detach)
		oci_foreground_prepare();
	r = oci_exec(execution, err);
	if (r == 0 && !given.detach)
		r = oci_foreground_wait(&execution->run, -1, err);
	oci_execution_end(execution);
	return r;
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	struct oci_parse parse;
	struct error err = { 0 };
	int status, r;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	r = container_load(globals, parse.operands[0], false, &container, &err);
	if (r == 0)
		r = execute(&container, &parse, &err);
	if (r >= 0)
		return r;
	oci_report(globals, &err);
	return command->failure;
}

const struct oci_command oci_command_exec = {
	.name = "exec",
	.usage = "[OPTIONS] ID COMMAND [ARG...]",
	.summary = "Executes a further process in a container.",
	.options = options,
	.command_follows = true,
	.enters = true,
	.min_operands = 1,
	.max_operands = -1,
	.failure = 255,
	.run = run,
};
