/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/destroy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/systemd.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/config.h"
#include "launcher/oci/hooks.h"
#include "launcher/oci/rdt.h"
#include "profiles/oci/oci_read.h"

enum { END_MS = 10000, DYING_MS = 2000, PAUSE_NS = 5000000 };

int destroy_processes(const struct oci_state *state, struct error *err)
{
	_cleanup_fd_ int pidfd = oci_state_pidfd(state), cgroup_fd = cgroup_container_open(&state->cgroup);
	struct pollfd item = { .fd = pidfd, .events = POLLIN };
	int r;

	/* The group first: after its end the first process's children could be anybody's. Reaches frozen
	 * ones. */
	if (cgroup_fd >= 0) {
		r = cgroup_kill(cgroup_fd);
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			return error_set(err, -r, "kill cgroup %s", state->cgroup.path);
	}
	if (pidfd == -ESRCH)
		return 0;
	if (pidfd < 0)
		return error_set(err, -pidfd, "open process %d of the container", (int)state->pid);
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return error_set(err, errno, "kill process %d of the container", (int)state->pid);
	do
		r = poll(&item, 1, END_MS);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return error_set(err, errno, "wait for the end of process %d", (int)state->pid);
	if (r == 0)
		return error_set(err, ETIMEDOUT, "process %d of the container does not end", (int)state->pid);
	return 0;
}

static int remove_empty_cgroup(const struct oci_state *state, struct error *err)
{
	_cleanup_fd_ int fd = cgroup_container_open(&state->cgroup);
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	/* Our own process may still be on its way out. */
	for (int waited_ms = 0; fd >= 0 && cgroup_populated(fd) == 1; waited_ms += PAUSE_NS / 1000000) {
		if (waited_ms >= DYING_MS)
			return 0;
		nanosleep(&pause, NULL);
	}
	if (fd < 0)
		return 0;
	return cgroup_container_remove(&state->cgroup, err);
}

static int remove_cgroup(const struct oci_state *state, struct error *err)
{
	int r = 0;

	if (state->cgroup.manager == CGROUP_MANAGER_DISABLED)
		return 0;
	/*
	 * A create that died before it had a process: was the group made, or is it somebody else's whose name
	 * the config took? One with processes is not ours: ours died with the runtime.
	 */
	if (state->pid == 0)
		return remove_empty_cgroup(state, err);
	/* The unit goes even if its group can't: systemd would otherwise keep a failed one for ever. */
	if (state->cgroup.manager == CGROUP_MANAGER_SYSTEMD)
		r = systemd_scope_stop(&state->cgroup, err);
	if (state->cgroup.path[0]) {
		struct error removal = { 0 };
		int removed = cgroup_container_remove(&state->cgroup, &removal);

		if (removed < 0 && r == 0) {
			r = removed;
			*err = removal;
		}
	}
	return r;
}

/*
 * The config is large (a seccomp profile) and poststop hooks are rare: only where the word stands, or
 * could stand in escaped letters, is it worth reading as JSON.
 */
static bool may_have_hooks(const struct oci_config *config)
{
	return strstr(config->text, "poststop") || strstr(config->text, "\\u00");
}

/* Return: the config if it has poststop hooks, else NULL. */
static const struct oci *read_hooks(const struct oci_globals *globals, int dir_fd,
				    const struct oci_state *state, struct arena *arena)
{
	struct oci *oci = arena_alloc(arena, sizeof(*oci));
	struct error err = { 0 };
	struct oci_config config;

	if (!oci || oci_config_kept(dir_fd, arena, &config, &err) < 0 || !may_have_hooks(&config))
		return NULL;
	if (oci_read_text(state->bundle, config.path, config.text, config.size, arena, oci, NULL, &err) < 0) {
		oci_warn(globals, "poststop hooks are not run: %s", err.msg);
		return NULL;
	}
	return oci->hooks[OCI_HOOK_POSTSTOP].n > 0 ? oci : NULL;
}

/* All of them, also behind one that fails: they clean up. */
static void run_hooks(const struct oci_globals *globals, const struct oci *oci, const struct oci_state *state,
		      struct arena *arena)
{
	_cleanup_fd_ int bundle_fd = open(state->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *text = oci_state_json(state, OCI_STATUS_STOPPED, arena);
	struct oci one = { 0 };

	for (size_t i = 0; text && i < oci->hooks[OCI_HOOK_POSTSTOP].n; i++) {
		struct error err = { 0 };

		one.hooks[OCI_HOOK_POSTSTOP] =
			(struct oci_hook_list){ .items = &oci->hooks[OCI_HOOK_POSTSTOP].items[i], .n = 1 };
		if (oci_hooks_run(&one, OCI_HOOK_POSTSTOP, text, bundle_fd, &err) < 0)
			oci_warn(globals, "%s: %s", err.msg, error_name(err.code));
	}
}

int destroy_container(const struct oci_globals *globals, int dir_fd, const struct oci_state *state,
		      struct arena *arena, struct error *err)
{
	const struct oci *oci;
	int r = remove_cgroup(state, err);

	if (r == 0)
		r = rdt_remove(state->rdt_group, state->id, err);
	if (r < 0)
		return r;
	oci = read_hooks(globals, dir_fd, state, arena);
	r = oci_state_remove(&globals->root, state->id, err);
	if (r == 0 && oci)
		run_hooks(globals, oci, state, arena);
	return r;
}
