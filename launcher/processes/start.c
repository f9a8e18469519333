/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The start, seen from the supervisor: prepare everything, make the process, write its id maps,
 * wait until the payload is sealed, ask the kernel about every step, and only then let it
 * execute. Any failure ends with nothing left.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/faults.h"
#include "launcher/host.h"
#include "launcher/plan.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"
#include "launcher/state.h"
#include "profiles/spec.h"
#include "seccomp/notify.h"

static int make_channels(struct run *run, struct error *err)
{
	struct proof *proof = run->proof;

	*proof = (struct proof){ .cgroup_ours = proof->cgroup_ours, .listening = proof->listening };
	proof->lo_flags = proof->userns_limit = proof->dumpable = proof->stray_fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, run->control) < 0)
		return error_set(err, errno, "create the socket to init");
	if (pipe2(run->go, O_CLOEXEC) < 0)
		return error_set(err, errno, "create the pipe to the payload");
	return 0;
}

/*
 * A copy of a standard stream of the caller's. A directory is refused: it would be a way around the
 * new root (fchdir(0), openat(0, "..")), with only Landlock, which leaves stat(2) open, behind it.
 */
static int keep_stream(int fd, const char *name, struct error *err)
{
	_cleanup_fd_ int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int flags = copy < 0 ? -1 : fcntl(copy, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(copy, &st) < 0)
		return error_set(err, errno, "hand the caller's %s on", name);
	if (S_ISDIR(st.st_mode) || (flags & O_PATH)) {
		error_set(err, EISDIR, "hand the caller's %s on: it is a directory or only a path", name);
		return error_remedy(err, "redirect it from or to a file, a pipe or /dev/null");
	}
	return take_fd(&copy);
}

/*
 * A terminal is usually open for both ways: with its stdout a workload without input would read what the
 * caller types, also long after in another program. One that the caller may not open anew stays as it is.
 */
static int keep_output(const struct run *run, int fd, const char *name, struct error *err)
{
	_cleanup_fd_ int copy = keep_stream(fd, name, err), one_way = -1;
	char path[FD_PATH_MAX];

	if (copy < 0 || run->spec->stdin_from == SPEC_STDIN_INHERIT || !isatty(copy) ||
	    (fcntl(copy, F_GETFL) & O_ACCMODE) != O_RDWR)
		return take_fd(&copy);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
	one_way = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	return one_way < 0 ? take_fd(&copy) : take_fd(&one_way);
}

static int open_stdio(struct run *run, struct error *err)
{
	const struct spec *spec = run->spec;

	if (spec->stdin_from == SPEC_STDIN_INHERIT) {
		run->stdin_fd = keep_stream(STDIN_FILENO, "stdin", err);
		if (run->stdin_fd < 0)
			return run->stdin_fd;
	} else {
		run->stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	if (run->stdin_fd < 0)
		return error_set(err, errno, "open the workload's stdin");
	if (spec_log_piped(spec))
		return 0;
	if (spec->log.driver == SPEC_LOG_PASSTHROUGH) {
		run->stdout_fd = keep_output(run, STDOUT_FILENO, "stdout", err);
		run->stderr_fd = run->stdout_fd < 0 ? -1 : keep_output(run, STDERR_FILENO, "stderr", err);
		return run->stderr_fd < 0 ? -err->code : 0;
	}
	run->stdout_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	run->stderr_fd = fcntl(run->stdout_fd, F_DUPFD_CLOEXEC, 3);
	if (run->stdout_fd < 0 || run->stderr_fd < 0)
		return error_set(err, errno, "open the workload's stdout and stderr");
	return 0;
}

/* Groups go here where the container may not set any: setgroups is denied inside, for good. */
static int drop_groups(const struct run *run, struct error *err)
{
	if (!host_privileged(run->host) || run->spec->user.n_groups > 0)
		return 0;
	return setgroups(0, NULL) < 0 ? error_set(err, errno, "drop the caller's supplementary groups") : 0;
}

static int make_init(struct run *run, struct error *err)
{
	_cleanup_fd_ int own_netns = -1;
	int pidfd = -1;
	struct clone_args args = {
		.flags = run->clone_flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};

	if (run->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)run->cgroup_fd;
	}
	if (run->netns_fd >= 0) {
		own_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (own_netns < 0 || setns(run->netns_fd, CLONE_NEWNET) < 0)
			return error_set(err, errno, "join the network namespace %s",
					 run->spec->network_netns);
	}
	run->init_pid = sys_clone3(&args);
	if (run->init_pid == 0)
		init_main(run);
	if (run->init_pid < 0) {
		error_set(err, errno, "create the container's first process");
		error_remedy(err, "kapsel doctor shows whether this host allows user namespaces");
	}
	if (own_netns >= 0 && setns(own_netns, CLONE_NEWNET) < 0)
		return error_set(err, errno, "return to the own network namespace");
	if (run->init_pid < 0)
		return -err->code;
	run->init_pidfd = pidfd;
	fd_close(&run->control[1]);
	fd_close(&run->go[0]);
	close(run->exec_fd); /* from here on only its number counts */
	return 0;
}

/*
 * A caller whom the kernel spares when memory runs out is spared alone: of the host's processes the workload
 * would be the last to go, and of its own group none. Written from outside by who has the right, 0 is also
 * the least that it can go back to.
 */
static int drop_oom_protection(const struct run *run, struct error *err)
{
	char text[32], path[64];
	ssize_t got = fd_read_file(AT_FDCWD, "/proc/self/oom_score_adj", text, sizeof(text));
	int r;

	if (got < 0)
		return error_set(err, (int)-got, "read the own oom_score_adj");
	if (atoi(text) >= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)run->init_pid);
	r = fd_write_file(AT_FDCWD, path, "0");
	return r < 0 ? error_set(err, -r, "take the caller's oom_score_adj of %d from the workload",
				 atoi(text))
		     : 0;
}

static int write_maps(struct run *run, struct error *err)
{
	char word;
	int r;

	/* Without rights the maps can be written only once init has made itself dumpable. */
	if (!host_privileged(run->host) && read(run->control[0], &word, 1) != 1)
		return error_set(err, ECHILD, "wait for init");
	r = drop_oom_protection(run, err);
	if (r == 0)
		r = plan_apply(run->plan, PHASE_MAP, run, err);
	if (r == 0)
		r = plan_call(run->plan, PLAN_MAP, run, err);
	if (r == 0 && write(run->control[0], "", 1) != 1)
		r = error_set(err, errno, "tell init that its ids are mapped");
	return r;
}

static int wait_for_seal(struct run *run, struct error *err)
{
	struct message message;
	int fds[SEALED_FDS];
	ssize_t got = fd_receive(run->control[0], &message, sizeof(message), fds, SEALED_FDS);
	bool piped = run->stdout_fd < 0;

	/* Reset: it died before it had read our word. */
	if (got < 0 && got != -ECONNRESET)
		return error_set(err, (int)-got, "hear from init");
	if (got <= 0) {
		int status = 0;

		waitpid(run->init_pid, &status, __WALL | WNOHANG);
		error_set(err, ECHILD, "hear from init: it died%s",
			  WIFSIGNALED(status) ? " by a signal" : "");
		return error_remedy(
			err,
			"the container's memory limit may be too small for its own set-up, or a security module stopped it");
	}
	if ((size_t)got == sizeof(message) && message.type == MESSAGE_FAILED) {
		return wire_take(&message.error, err);
	}
	if ((size_t)got != sizeof(message) || message.type != MESSAGE_SEALED || fds[SEALED_NOTIFY] < 0)
		return error_set(err, EPROTO, "understand init");
	run->payload_pidfd = fds[SEALED_PIDFD];
	if (!piped) {
		fd_close(&fds[SEALED_STDOUT]);
		fd_close(&fds[SEALED_STDERR]);
	}
	if (!run->filter.notify)
		fd_close(&fds[SEALED_LISTENER]);
	if (!run->spec->notify)
		fd_close(&fds[SEALED_NOTIFY]);
	run->notify_sock = fds[SEALED_NOTIFY];
	run->stdout_pipe[0] = fds[SEALED_STDOUT];
	run->stderr_pipe[0] = fds[SEALED_STDERR];
	run->listener_fd = fds[SEALED_LISTENER];
	return 0;
}

/*
 * The listener takes over. The payload's own execveat comes through it, too, and waits there
 * until the verdict: a filter alone can't tell it from a later one with another path.
 */
static int listen_to_payload(struct run *run, struct error *err)
{
	if (run->listener_fd < 0)
		return 0;
	run->notify = notify_new(take_fd(&run->listener_fd), run->spec, err);
	return run->notify ? 0 : -err->code;
}

/* 1: the payload or init ended instead; *err says why if they could. */
static int wait_for_exec(struct run *run, struct error *err)
{
	for (;;) {
		struct pollfd fds[2] = { { .fd = notify_fd(run->notify), .events = POLLIN },
					 { .fd = run->control[0], .events = POLLIN } };
		int r;

		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "wait for the payload's execveat");
		}
		if (fds[1].revents)
			return 1;
		r = notify_handle(run->notify, err);
		if (r < 0)
			return r;
		if (r == NOTIFY_EXEC_WAITS)
			r = notify_release_exec(run->notify, err);
		else
			r = 0;
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

static int let_go(struct run *run, struct error *err)
{
	if (!run->exec_held)
		return write(run->go[1], "x", 1) != 1 ? error_set(err, errno, "let the payload go") : 0;
	if (wait_for_exec(run, err) == 0)
		return 0;
	return err->code > 0 ? -err->code : error_set(err, ECHILD, "execute: the payload ended before");
}

/* Every step is asked for; the first that does not hold refuses the start. */
static int verify(struct run *run, struct error *err)
{
	struct state_row rows[PLAN_STEPS_MAX];
	struct evidence *evidence = arena_alloc(run->arena, sizeof(*evidence));
	char(*reports)[STEP_REPORT_MAX] = arena_array(run->arena, run->plan->n_steps, STEP_REPORT_MAX);
	size_t n_rows = 0;
	int r;

	if (!evidence || !reports)
		return error_set(err, ENOMEM, "verify the start");
	r = evidence_read(run, evidence, err);
	run->payload_pid = r == 0 ? evidence->payload_pid : 0;
	if (r == 0 && run->exec_held)
		notify_expect_exec(run->notify, evidence->payload_pid, run->exec_fd);
	for (size_t i = 0; r >= 0 && i < run->plan->n_steps; i++) {
		const struct step *step = &run->plan->steps[i];

		if (faults_skip_verify(step->type->name))
			continue;
		r = step->type->verify(step, run, evidence, reports[i], err);
		rows[n_rows++] = (struct state_row){
			.step = step->type->name,
			.phase = phase_name(step->type->phase),
			.result = r == STEP_ABSENT ? "absent" : "holds",
			.report = reports[i],
		};
		if (r < 0)
			strncpy(err->step, step->type->name, sizeof(err->step) - 1);
	}
	return r < 0 ? r : state_write(run, rows, n_rows, err);
}

static int set_up(struct run *run, struct error *err)
{
	int r = make_channels(run, err);

	if (r == 0)
		r = open_stdio(run, err);
	if (r == 0)
		r = plan_call(run->plan, PLAN_PREPARE, run, err);
	if (r == 0 && host_privileged(run->host))
		r = plan_call(run->plan, PLAN_ACQUIRE, run, err);
	if (r == 0)
		r = plan_apply(run->plan, PHASE_HOST, run, err);
	if (r == 0)
		r = drop_groups(run, err);
	return r;
}

void start_abort(struct run *run)
{
	/* The pipe's end tells a waiting payload to leave; the signal ends an init that hangs. */
	fd_close(&run->go[1]);
	run->notify = notify_free(run->notify);
	fd_close(&run->control[0]);
	if (run->init_pidfd >= 0) {
		pidfd_send_signal(run->init_pidfd, SIGKILL, NULL, 0);
		while (waitpid(run->init_pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	run_release(run);
}

/* What init and the payload use is theirs now. */
static void close_handed_over(struct run *run)
{
	fd_close(&run->rootfs_fd);
	fd_close(&run->stdin_fd);
	fd_close(&run->stdout_fd);
	fd_close(&run->stderr_fd);
	for (size_t i = 0; i < RUN_MOUNTS_MAX; i++)
		fd_close(&run->mount_fds[i]);
	for (size_t i = 0; i < RUN_SECRETS_MAX; i++)
		fd_close(&run->secret_fds[i]);
	for (size_t i = 0; i < RUN_LISTEN_MAX; i++)
		fd_close(&run->listen_fds[i]);
}

int start_run(struct run *run, struct error *err)
{
	int r = set_up(run, err);

	if (r < 0)
		fd_close(&run->exec_fd);
	if (r == 0)
		r = make_init(run, err);
	if (r == 0)
		r = write_maps(run, err);
	if (r == 0)
		r = wait_for_seal(run, err);
	if (r == 0)
		r = listen_to_payload(run, err);
	if (r == 0)
		r = verify(run, err);
	if (r < 0)
		start_abort(run);
	else
		close_handed_over(run);
	return r;
}

int start_go(struct run *run, struct error *err)
{
	return let_go(run, err);
}
