/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/proc.h"
#include "launcher/oci/commands/destroy.h"
#include "launcher/oci/config.h"
#include "launcher/oci/hooks.h"
#include "launcher/oci/layer.h"
#include "launcher/oci/listener.h"
#include "launcher/oci/notify_socket.h"
#include "launcher/oci/processes/processes.h"
#include "launcher/oci/state.h"
#include "profiles/oci/oci_read.h"
#include "seccomp/oci_filter.h"

/* The filter was loaded after create had looked: is it there? A workload that has ended already had it. */
static int check_filter(const struct oci_state *state, struct error *err)
{
	struct proc_status status;

	if (!state->has_seccomp || proc_status_read(state->pid, &status) < 0 ||
	    oci_state_start_time(state->pid) != state->start_time)
		return 0;
	/* Beyond it is the kernel's own mark for a process that its filter has just killed. */
	if (status.seccomp_mode < SECCOMP_MODE_FILTER)
		return error_set(err, EBADE, "start: the kernel says Seccomp %d", status.seccomp_mode);
	return 0;
}

static int run_poststart(const struct oci *oci, const struct oci_state *state, struct arena *arena,
			 struct error *err)
{
	_cleanup_fd_ int bundle = -1;
	const char *text;

	if (oci->hooks[OCI_HOOK_POSTSTART].n == 0)
		return 0;
	text = oci_state_json(state, OCI_STATUS_RUNNING, arena);
	if (!text)
		return error_set(err, ENOMEM, "describe the container's state");
	bundle = open(state->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return oci_hooks_run(oci, OCI_HOOK_POSTSTART, text, bundle, err);
}

static int go(const struct oci *oci, int dir_fd, struct oci_state *state, struct arena *arena,
	      int *ret_notify, struct error *err)
{
	const struct oci_listener_target target = { .oci = oci, .state = state, .arena = arena };
	int r = 0;

	if (notify_socket_wanted(state)) {
		*ret_notify = notify_socket_listen(dir_fd, err);
		r = *ret_notify < 0 ? *ret_notify : 0;
	}
	if (r == 0)
		r = oci_gate_open(dir_fd, oci_listener_send, &target, err);
	if (r < 0)
		return r;
	state->started = true;
	r = oci_state_write(dir_fd, state, err);
	if (r == 0)
		r = check_filter(state, err);
	if (r == 0)
		r = run_poststart(oci, state, arena, err);
	return r;
}

int oci_start(int dir_fd, struct oci_state *state, struct arena *arena, int *ret_notify, struct error *err)
{
	struct oci_config config;
	struct oci oci = { 0 };
	struct error ignored = { 0 };
	int r = 0;

	*ret_notify = -1;
	/* The config is large and seldom says anything for this moment. */
	if (state->start_reads) {
		r = oci_config_kept(dir_fd, arena, &config, err);
		if (r == 0)
			r = oci_read_text(state->bundle, config.path, config.text, config.size, arena, &oci,
					  NULL, err);
	}
	if (r == 0)
		r = go(&oci, dir_fd, state, arena, ret_notify, err);
	if (r < 0) {
		notify_socket_close(dir_fd, *ret_notify);
		*ret_notify = -1;
		if (destroy_processes(state, &ignored) < 0)
			error_remedy(err, "its processes are still there: %s", ignored.msg);
	}
	return r;
}
