/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/oci/run.h"

enum { EXTRA = 4 }; /* HOME, LISTEN_FDS, LISTEN_PID, NULL */

/* sd_listen_fds(3): sockets that the caller was activated with go first. */
static uint32_t listen_fds(void)
{
	const char *text = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t n;

	/* Meant for another process, the numbers are of other descriptors. */
	if (!pid || str_to_u32(pid, &n) < 0 || n != (uint32_t)getpid())
		return 0;
	return text && str_to_u32(text, &n) == 0 && n <= OCI_PRESERVE_MAX ? n : 0;
}

static bool has_home(const struct spec_strings *env)
{
	for (size_t i = 0; i < env->n; i++)
		if (str_starts(env->items[i], "HOME="))
			return true;
	return false;
}

static int check_fds(int n, struct error *err)
{
	for (int fd = STDERR_FILENO + 1; fd <= STDERR_FILENO + n; fd++)
		if (fcntl(fd, F_GETFD) < 0) {
			error_set(err, errno, "pass descriptor %d on: it isn't open", fd);
			return error_remedy(err, "--preserve-fds N (and LISTEN_FDS) means 3 to N+2");
		}
	return 0;
}

int oci_environment_build(struct run *run, int preserve_fds, struct error *err)
{
	const struct oci_process *process = run->oci->process;
	struct arena *arena = run->arena;
	uint32_t sockets = run->oci->exec ? 0 : listen_fds();
	char **envp = arena_array(arena, process->env.n + EXTRA, sizeof(*envp));
	char **argv = arena_array(arena, process->args.n + 1, sizeof(*argv));
	size_t n = 0;

	if (!envp || !argv)
		return error_set(err, ENOMEM, "build the environment");
	for (size_t i = 0; i < process->args.n; i++)
		argv[i] = arena_strdup(arena, process->args.items[i]);
	for (size_t i = 0; i < process->env.n; i++)
		envp[n++] = arena_strdup(arena, process->env.items[i]);
	if (!has_home(&process->env))
		envp[n++] = run->oci->home = arena_alloc(arena, OCI_HOME_SIZE);
	if (sockets > 0) {
		envp[n++] = arena_printf(arena, "LISTEN_FDS=%u", sockets);
		envp[n++] = run->oci->listen_pid = arena_alloc(arena, LISTEN_PID_SIZE);
	}
	for (size_t i = 0; i < n; i++)
		if (!envp[i])
			return error_set(err, ENOMEM, "build the environment");
	for (size_t i = 0; i < process->args.n; i++)
		if (!argv[i])
			return error_set(err, ENOMEM, "build the arguments");
	run->argv = argv;
	run->envp = envp;
	run->oci->preserve_fds = preserve_fds + (int)sockets;
	return check_fds(run->oci->preserve_fds, err);
}
