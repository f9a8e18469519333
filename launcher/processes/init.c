/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PID 1 of the container.
 *
 * Should: build the mounts with the capabilities of its own user namespace, drop all of them,
 * start the payload, hand its descriptors to the supervisor, reap, tell the exit status, and start
 * further processes on the supervisor's order.
 * Mustn't: allocate, log, keep a descriptor of the host, or outlive the supervisor and its standby.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "launcher/host.h"
#include "launcher/plan.h"
#include "launcher/processes/init_extra.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"
#include "profiles/spec.h"

/* What belongs to the supervisor alone: a copy here would keep its locks and hide its death. */
static void close_supervisors(struct run *run)
{
	fd_close(&run->control[0]);
	fd_close(&run->go[1]);
	fd_close(&run->state_fd);
	fd_close(&run->ids_fd);
	fd_close(&run->cgroup_fd);
	fd_close(&run->cgroup_parent_fd);
	fd_close(&run->janitor_fd);
	fd_close(&run->netns_fd);
}

/*
 * A caller without rights can write the id maps only of a dumpable process (/proc belongs to
 * root otherwise); it could trace that process anyway, since both are its own.
 */
static int wait_for_maps(struct run *run, struct error *err)
{
	bool own = !host_privileged(run->host);
	ssize_t got;
	char word;

	if (own && (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 || write(run->control[1], "", 1) != 1))
		return error_set(err, errno, "get ready for the id maps");
	do
		got = read(run->control[1], &word, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(EXIT_LAUNCHER); /* the supervisor gave up, or is gone */
	if (own && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "make init undumpable");
	return 0;
}

/* Moves a descriptor out of the range that stdio and listen sockets take. */
static int keep_high(int *fd, struct error *err)
{
	int high;

	if (*fd < 0 || *fd >= RUN_FD_FLOOR)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, RUN_FD_FLOOR);
	if (high < 0)
		return error_set(err, errno, "move descriptor %d", *fd);
	close(*fd);
	*fd = high;
	return 0;
}

/* Made here, not outside, so that the pipes belong to the workload's id: it may then open /dev/stdout. */
static int make_pipes(struct run *run, struct error *err)
{
	if (run->stdout_fd < 0 && pipe2(run->stdout_pipe, O_CLOEXEC) < 0)
		return error_set(err, errno, "create the pipe for stdout");
	if (run->stderr_fd < 0 && pipe2(run->stderr_pipe, O_CLOEXEC) < 0)
		return error_set(err, errno, "create the pipe for stderr");
	if (pipe2(run->sealed, O_CLOEXEC) < 0)
		return error_set(err, errno, "create the pipe between payload and init");
	return 0;
}

static int keep_all_high(struct run *run, struct error *err)
{
	int *const kept[] = {
		&run->control[1],     &run->go[0],          &run->stdin_fd,       &run->stdout_fd,
		&run->stderr_fd,      &run->sealed[0],      &run->sealed[1],      &run->stdout_pipe[0],
		&run->stdout_pipe[1], &run->stderr_pipe[0], &run->stderr_pipe[1], &run->interpreter_fd,
		&run->program_fd,     &run->procfs_fd,      &run->notify_sock,
	};

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		int r = keep_high(kept[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int build(struct run *run, struct error *err)
{
	int r = 0;

	if (!host_privileged(run->host))
		r = plan_call(run->plan, PLAN_ACQUIRE, run, err);
	if (r == 0)
		r = plan_apply(run->plan, PHASE_MOUNT, run, err);
	if (r == 0)
		r = make_pipes(run, err);
	if (r == 0)
		r = keep_all_high(run, err);
	if (r == 0)
		r = plan_apply(run->plan, PHASE_PRIV, run, err);
	return r;
}

/*
 * The payload shares our descriptor table until its execve: that is how its seccomp listener,
 * which it may not send itself any more, becomes ours to hand on.
 */
static int start_payload(struct run *run, int *ret_pidfd, struct error *err)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_FILES | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};

	run->payload = sys_clone3(&args);
	if (run->payload < 0)
		return error_set(err, errno, "create the payload's process");
	if (run->payload == 0)
		payload_main(run);
	*ret_pidfd = pidfd;
	return 0;
}

/* Return: 1 sealed, 0 the payload ended before (it has told why). */
static int wait_for_seal(struct run *run, int pidfd, struct error *err)
{
	struct pollfd fds[2] = { { .fd = run->sealed[0], .events = POLLIN },
				 { .fd = pidfd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "wait for the payload");
	if (!(fds[0].revents & POLLIN))
		return 0;
	if (read(run->sealed[0], &run->listener_fd, sizeof(run->listener_fd)) != sizeof(run->listener_fd))
		return error_set(err, EBADMSG, "read the payload's word");
	return 1;
}

/*
 * Init keeps three descriptors: the supervisor's socket, the signal of its children, and its own procfs,
 * which no Landlock rule covers: a further process shows by it that its Landlock works.
 */
static int keep_own(struct run *run, struct error *err)
{
	sigset_t ended;
	int children;

	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &ended, NULL) < 0)
		return error_set(err, errno, "wait for the ends of children");
	/* All three stand at RUN_FD_FLOOR or above, the numbers below are the workload's streams and sockets.
	 */
	if (dup3(run->control[1], INIT_CONTROL, O_CLOEXEC) < 0 ||
	    (run->procfs_fd >= 0 && dup3(run->procfs_fd, INIT_PROCFS, O_CLOEXEC) < 0))
		return error_set(err, errno, "keep init's descriptors");
	run->control[1] = INIT_CONTROL;
	run->procfs_fd = run->procfs_fd >= 0 ? INIT_PROCFS : -1;
	if (syscall(SYS_close_range, 0, INIT_CONTROL - 1, 0) < 0 ||
	    syscall(SYS_close_range, INIT_CHILDREN, INIT_CHILDREN, 0) < 0 ||
	    syscall(SYS_close_range, INIT_FDS_END, ~0u, 0) < 0)
		return error_set(err, errno, "close init's descriptors");
	children = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
	if (children < 0 || (children != INIT_CHILDREN && dup3(children, INIT_CHILDREN, O_CLOEXEC) < 0))
		return error_set(err, errno, "open a descriptor for the ends of children");
	if (children != INIT_CHILDREN)
		close(children);
	/* A standby that shall adopt holds a copy of the supervisor's socket: then only its end counts. */
	if (run->spec->on_supervisor_death == SPEC_ORPHAN_ADOPT && prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "outlive the supervisor");
	return 0;
}

static int hand_over(struct run *run, int pidfd, struct error *err)
{
	const struct message message = { .type = MESSAGE_SEALED };
	/* A stream without a pipe is filled up with the pidfd: the receiver ignores it. */
	const int fds[SEALED_FDS] = {
		[SEALED_PIDFD] = pidfd,
		[SEALED_STDOUT] = run->stdout_pipe[0] >= 0 ? run->stdout_pipe[0] : pidfd,
		[SEALED_STDERR] = run->stderr_pipe[0] >= 0 ? run->stderr_pipe[0] : pidfd,
		[SEALED_LISTENER] = run->listener_fd >= 0 ? run->listener_fd : pidfd,
		[SEALED_NOTIFY] = run->notify_sock >= 0 ? run->notify_sock : pidfd,
	};
	int r = fd_send(run->control[1], &message, sizeof(message), fds, SEALED_FDS);

	if (r < 0)
		return error_set(err, -r, "hand the payload's descriptors to the supervisor");
	/* From here on nothing of the payload's is open in init. */
	if (unshare(CLONE_FILES) < 0)
		return error_set(err, errno, "separate init's descriptors");
	return keep_own(run, err);
}

static void reap(struct run *run, struct init_extras *extras)
{
	struct message message = { .type = MESSAGE_ENDED };
	struct signalfd_siginfo info;
	ssize_t sent;

	while (read(INIT_CHILDREN, &info, sizeof(info)) > 0)
		;
	for (;;) {
		siginfo_t child = { 0 };

		/* Looked at first: what a further process leaves in its group is killed while its number is
		 * still its own. */
		if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0) {
			if (errno == EINTR)
				continue;
			_exit(EXIT_LAUNCHER);
		}
		if (child.si_pid == 0)
			return;
		if (init_extra_reap(run, extras, child.si_pid))
			continue;
		waitpid(child.si_pid, &message.status, __WALL);
		if (child.si_pid != run->payload)
			continue;
		sent = write(run->control[1], &message, sizeof(message));
		_exit(sent == (ssize_t)sizeof(message) ? 0 : EXIT_LAUNCHER);
	}
}

/* Sleeps until a child ends, or the supervisor orders something or dies. */
_noreturn_ static void watch(struct run *run)
{
	struct init_extras extras = { .starting = NULL };

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = INIT_CHILDREN, .events = POLLIN },
			{ .fd = extras.starting ? run->sealed[0] : -1, .events = POLLIN },
			{ .fd = INIT_CONTROL, .events = POLLIN },
		};

		/* A child that ended before its signal was waited for is found in the first round. */
		reap(run, &extras);
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			_exit(EXIT_LAUNCHER);
		}
		if (fds[0].revents)
			reap(run, &extras);
		if (fds[1].revents && extras.starting)
			init_extra_sealed(run, &extras);
		if (fds[2].revents)
			init_extra_order(run, &extras);
	}
}

void init_main(struct run *run)
{
	struct error err = { 0 };
	int pidfd = -1, r;

	/* The supervisor's death is ours; that it happened before this line shows on the socket. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	close_supervisors(run);
	setsid();
	r = wait_for_maps(run, &err);
	if (r == 0)
		r = build(run, &err);
	if (r == 0)
		r = start_payload(run, &pidfd, &err);
	if (r < 0)
		wire_fail(run->control[1], &err);
	r = wait_for_seal(run, pidfd, &err);
	if (r == 0)
		_exit(EXIT_LAUNCHER); /* the payload has sent its error */
	if (r > 0)
		r = hand_over(run, pidfd, &err);
	if (r < 0)
		wire_fail(run->control[1], &err);
	watch(run);
}
