/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create and exec, seen from the runtime: prepare everything, make the process, write its id maps, run the
 * hooks when it asks, and ask the kernel about every step while it waits sealed. Any failure ends with no
 * process left.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/faults.h"
#include "launcher/oci/console.h"
#include "launcher/oci/group.h"
#include "launcher/oci/hooks.h"
#include "launcher/oci/processes/processes.h"
#include "launcher/oci/run.h"
#include "launcher/plan.h"
#include "launcher/processes/processes.h"

void oci_run_init(struct oci_run *oci)
{
	int *const empty[] = {
		&oci->state_fd,        &oci->bundle_fd,     &oci->root_fd, &oci->console_socket,
		&oci->console_master,  &oci->console_slave, &oci->gate_fd, &oci->start_fd,
		&oci->container_pidfd, &oci->enter_fd,
	};

	*oci = (struct oci_run){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		*empty[i] = -1;
	memset(oci->join_fds, 0xff, sizeof(oci->join_fds));
}

static void *map_shared(size_t size)
{
	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return mapped == MAP_FAILED ? NULL : mapped;
}

static int make_channels(struct run *run, struct error *err)
{
	/* The host's procfs, opened before any namespace is entered: nobody inside can have touched it. */
	run->procfs_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->procfs_fd < 0)
		return error_set(err, errno, "open the host's procfs");
	run->proof = map_shared(sizeof(*run->proof));
	if (!run->proof)
		return error_set(err, errno, "map the page for proofs");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, run->control) < 0)
		return error_set(err, errno, "create the socket to init");
	return 0;
}

/* Room for the state object that init's hooks get: its pid is known only once it is there. */
static int make_state_room(struct run *run, struct error *err)
{
	const struct oci_hook_list *hooks = run->oci->oci->hooks;
	const char *text;

	if (run->oci->exec || hooks[OCI_HOOK_CREATE_CONTAINER].n + hooks[OCI_HOOK_START_CONTAINER].n == 0)
		return 0;
	text = oci_state_json(run->oci->state, OCI_STATUS_CREATING, run->arena);
	run->oci->state_json_size = text ? strlen(text) + 64 : 0;
	run->oci->state_json = text ? map_shared(2 * run->oci->state_json_size) : NULL;
	if (!run->oci->state_json)
		return error_set(err, ENOMEM, "describe the container's state");
	run->oci->state_json_created = run->oci->state_json + run->oci->state_json_size;
	return 0;
}

static int fill_state_room(struct run *run, struct error *err)
{
	const char *creating, *created;

	if (!run->oci->state_json)
		return 0;
	creating = oci_state_json(run->oci->state, OCI_STATUS_CREATING, run->arena);
	created = oci_state_json(run->oci->state, OCI_STATUS_CREATED, run->arena);
	if (!creating || !created)
		return error_set(err, ENOMEM, "describe the container's state");
	snprintf(run->oci->state_json, run->oci->state_json_size, "%s", creating);
	snprintf(run->oci->state_json_created, run->oci->state_json_size, "%s", created);
	return 0;
}

static pid_t clone_directly(struct run *run, struct error *err)
{
	struct clone_args args = { .flags = run->oci->clone_flags, .exit_signal = SIGCHLD };
	pid_t pid;

	if (run->oci->clone_into_cgroup) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)run->cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid == 0)
		oci_init_main(run);
	if (pid < 0) {
		error_set(err, errno, "create the container's process");
		return error_remedy(err, "kapsel doctor shows whether this host allows the namespaces");
	}
	return pid;
}

static int make_process(struct run *run, struct error *err)
{
	bool joins = run->oci->exec;

	for (size_t i = 0; i < OCI_NS_TYPES; i++)
		joins = joins || run->oci->join_fds[i] >= 0;
	run->init_pid = joins ? oci_joiner_clone(run, err) : clone_directly(run, err);
	if (run->init_pid < 0)
		return run->init_pid;
	/* Our own child: its pid can't be another's before we wait for it. */
	run->init_pidfd = pidfd_open(run->init_pid, 0);
	run->payload_pidfd = run->init_pidfd;
	if (run->init_pidfd < 0)
		return error_set(err, errno, "open the container's process");
	fd_close(&run->control[1]);
	fd_close(&run->oci->gate_fd);
	return 0;
}

static int tell(const struct run *run, struct error *err)
{
	return write(run->control[0], "", 1) == 1 ? 0
						  : error_set(err, errno, "answer the container's process");
}

static int set_up_outside(struct run *run, struct error *err)
{
	char word;
	int r;

	if (run->oci->rootless && run->oci->new_userns && read(run->control[0], &word, 1) != 1)
		return error_set(err, ECHILD, "wait for the container's process");
	if (!run->oci->exec) {
		run->oci->state->pid = run->init_pid;
		run->oci->state->start_time = oci_state_start_time(run->init_pid);
		if (run->oci->state->start_time == 0)
			return error_set(err, EIO, "read when the container's process was started");
	}
	r = plan_apply(run->plan, PHASE_MAP, run, err);
	if (r == 0)
		r = oci_group_attach(run, err);
	if (r == 0)
		r = plan_call(run->plan, PLAN_MAP, run, err);
	if (r == 0)
		r = fill_state_room(run, err);
	return r < 0 ? r : tell(run, err);
}

static int run_hooks(struct run *run, struct error *err)
{
	const char *state = oci_state_json(run->oci->state, OCI_STATUS_CREATING, run->arena);
	int r;

	if (!state)
		return error_set(err, ENOMEM, "describe the container's state");
	/* A hook may ask for the container's state. */
	r = oci_state_write(run->oci->state_fd, run->oci->state, err);
	if (r == 0)
		r = oci_hooks_run(run->oci->oci, OCI_HOOK_PRESTART, state, run->oci->bundle_fd, err);
	if (r == 0)
		r = oci_hooks_run(run->oci->oci, OCI_HOOK_CREATE_RUNTIME, state, run->oci->bundle_fd, err);
	return r < 0 ? r : tell(run, err);
}

static int died(const struct run *run, struct error *err)
{
	siginfo_t info = { 0 };

	/* Looked at, not reaped: that is the abort's. */
	waitid(P_PIDFD, (id_t)run->init_pidfd, &info, WEXITED | WNOWAIT);
	error_set(err, ECHILD, "set up the container: its process was ended%s",
		  info.si_code == CLD_KILLED ? " by a signal" : "");
	return error_remedy(
		err, "the memory limit may be too small for the set-up, or a security module stopped it");
}

/* Return: 1 sealed, 0 go on listening, -errno. */
static int handle(struct run *run, struct message *message, int *fd, struct error *err)
{
	if (message->type == MESSAGE_SEALED)
		return 1;
	if (message->type == MESSAGE_CONSOLE) {
		run->oci->console_master = take_fd(fd);
		if (run->oci->console_socket < 0)
			return 0;
		return oci_console_send(run->oci->console_socket, run->oci->console_master, err);
	}
	if (message->type == MESSAGE_HOOKS)
		return run_hooks(run, err);
	if (message->type == MESSAGE_FAILED) {
		return wire_take(&message->error, err);
	}
	/* The others are of the native mode's processes, or for `start`. */
	return error_set(err, EPROTO, "understand the container's process");
}

static int wait_for_seal(struct run *run, struct error *err)
{
	struct message message;

	for (;;) {
		_cleanup_fd_ int fd = -1;
		ssize_t got = fd_receive(run->control[0], &message, sizeof(message), &fd, 1);
		int r;

		if (got == 0 || got == -ECONNRESET)
			return died(run, err);
		if (got != (ssize_t)sizeof(message))
			return error_set(err, got < 0 ? (int)-got : EPROTO,
					 "hear from the container's process");
		r = handle(run, &message, &fd, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

static int verify(struct run *run, struct error *err)
{
	struct evidence *evidence = arena_alloc(run->arena, sizeof(*evidence));
	char report[STEP_REPORT_MAX];
	int r;

	if (!evidence)
		return error_set(err, ENOMEM, "verify the start");
	r = evidence_read(run, evidence, err);
	for (size_t i = 0; r >= 0 && i < run->plan->n_steps; i++) {
		const struct step *step = &run->plan->steps[i];

		if (faults_skip_verify(step->type->name))
			continue;
		r = step->type->verify(step, run, evidence, report, err);
		if (r < 0 && err->step[0] == '\0')
			strncpy(err->step, step->type->name, sizeof(err->step) - 1);
	}
	return r < 0 ? r : 0;
}

void oci_launch_abort(struct run *run)
{
	fd_close(&run->control[0]);
	if (run->init_pid <= 0)
		return;
	/* Our own child, not waited for yet: the number is still its. */
	kill(run->init_pid, SIGKILL);
	while (waitpid(run->init_pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	run->init_pid = 0;
	fd_close(&run->init_pidfd);
}

int oci_launch(struct run *run, struct error *err)
{
	int r = make_channels(run, err);

	if (r == 0)
		r = plan_call(run->plan, PLAN_PREPARE, run, err);
	if (r == 0)
		r = plan_call(run->plan, PLAN_ACQUIRE, run, err);
	if (r == 0)
		r = make_state_room(run, err);
	if (r == 0)
		r = make_process(run, err);
	if (r == 0)
		r = set_up_outside(run, err);
	if (r == 0)
		r = wait_for_seal(run, err);
	if (r == 0)
		r = oci_group_seal(run, err);
	if (r == 0)
		r = plan_call(run->plan, PLAN_SETTLE, run, err);
	if (r == 0)
		r = verify(run, err);
	if (r < 0)
		oci_launch_abort(run);
	return r;
}

int oci_launch_release(struct run *run, struct error *err)
{
	int r = tell(run, err);

	if (r < 0)
		oci_launch_abort(run);
	return r;
}
