/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/proc.h"
#include "lab/learn/observation.h"
#include "lab/learn/observe_calls.h"
#include "lab/learn/observe_finish.h"
#include "lab/learn/observe_peaks.h"
#include "lab/learn/observe_stage.h"

enum { SAMPLE_MS = 200, FILES_MS = 1000, MESSAGE_MAX = 16384, KILL_MS = 5000, HURRY = -10 };

enum source { SOURCE_CALLS, SOURCE_SIGNAL, SOURCE_STAGE, SOURCE_OUTPUT, SOURCES };

struct watch {
	const struct observe_watch_options *options;
	struct observe_calls calls;
	struct pollfd fds[SOURCES];
	uint64_t began_ms, sample_ms, files_ms; /* when it began; when the next samples are due */
	uint64_t kill_ms;                       /* when patience ends, 0: nothing was asked for */
	bool killed;
	struct observe_end *end;
};

/* What kapsel-oci sends: the container's state as JSON, which we need not read, and the listener. */
static int take_listener(struct watch *watch, struct error *err)
{
	_cleanup_fd_ int sock = accept4(watch->options->listener, NULL, NULL, SOCK_CLOEXEC);
	char message[MESSAGE_MAX];
	int fd = -1;
	ssize_t n = sock < 0 ? -errno : fd_receive(sock, message, sizeof(message), &fd, 1);

	if (n < 0 || fd < 0)
		return error_set(err, n < 0 ? (int)-n : EPROTO, "receive the seccomp listener");
	observe_calls_begin(&watch->calls, fd);
	watch->fds[SOURCE_CALLS].fd = fd;
	return 0;
}

static int handle_calls(struct watch *watch, struct error *err)
{
	short events = watch->fds[SOURCE_CALLS].revents;

	if (watch->fds[SOURCE_CALLS].fd == watch->options->listener)
		return take_listener(watch, err);
	if (events & POLLIN)
		return observe_calls_handle(&watch->calls, err);
	watch->fds[SOURCE_CALLS].fd = -1; /* nobody uses the filter any more */
	return 0;
}

static void handle_output(struct watch *watch)
{
	char buffer[MESSAGE_MAX];
	ssize_t n = read(watch->options->output, buffer, sizeof(buffer));

	if (n > 0 && fd_write_all(STDERR_FILENO, buffer, (size_t)n) == 0)
		return;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	watch->fds[SOURCE_OUTPUT].fd = -1;
}

static void sample_all(struct watch *watch)
{
	if (!watch->calls.started)
		return;
	observe_peaks_sample(&watch->calls.peaks);
	observe_peaks_files(&watch->calls.peaks);
}

static void kill_now(struct watch *watch)
{
	watch->killed = true;
	watch->kill_ms = loop_now_ms() + KILL_MS;
	if (watch->calls.init_pidfd < 0 || pidfd_send_signal(watch->calls.init_pidfd, SIGKILL, NULL, 0) < 0)
		pidfd_send_signal(watch->options->stage->pidfd, SIGKILL, NULL, 0);
}

/* The first process of a pid namespace gets no signal that it does not handle: waiting would be in vain. */
static bool listens_to(const struct watch *watch, int number)
{
	struct proc_status status;

	return proc_status_read(watch->calls.init_pid, &status) == 0 &&
	       (status.sig_caught & (UINT64_C(1) << (number - 1)));
}

static void stop(struct watch *watch)
{
	const struct observe_watch_options *options = watch->options;

	if (watch->kill_ms > 0) {
		kill_now(watch);
		return;
	}
	watch->end->stopped = true;
	sample_all(watch);
	watch->kill_ms = loop_now_ms() + options->stop_timeout_ms;
	if (!watch->calls.started || !listens_to(watch, options->stop_signal) ||
	    pidfd_send_signal(watch->calls.init_pidfd, options->stop_signal, NULL, 0) < 0)
		kill_now(watch);
}

static void handle_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->fds[SOURCE_SIGNAL].fd, &info, sizeof(info)) == sizeof(info))
		stop(watch);
}

static void handle_time(struct watch *watch)
{
	uint64_t now = loop_now_ms();

	if (watch->calls.started && now >= watch->sample_ms) {
		observe_peaks_sample(&watch->calls.peaks);
		watch->sample_ms = loop_now_ms() + SAMPLE_MS;
	}
	if (watch->calls.started && now >= watch->files_ms) {
		observe_peaks_files(&watch->calls.peaks);
		watch->files_ms = loop_now_ms() + FILES_MS;
	}
	if (watch->kill_ms > 0 && now >= watch->kill_ms && watch->killed)
		pidfd_send_signal(watch->options->stage->pidfd, SIGKILL, NULL, 0);
	else if (watch->kill_ms > 0 && now >= watch->kill_ms)
		kill_now(watch);
	else if (watch->kill_ms == 0 && watch->options->duration_ms > 0 &&
		 now >= watch->began_ms + watch->options->duration_ms)
		stop(watch);
}

/* Calls first: each is a process that waits. */
static int step(struct watch *watch, struct error *err)
{
	int r = poll(watch->fds, SOURCES, SAMPLE_MS);

	if (r < 0 && errno != EINTR)
		return error_set(err, errno, "wait for the workload");
	if (r > 0 && watch->fds[SOURCE_CALLS].revents) {
		r = handle_calls(watch, err);
		if (r < 0)
			return r;
	}
	if (r >= 0 && watch->fds[SOURCE_OUTPUT].revents)
		handle_output(watch);
	if (r >= 0 && watch->fds[SOURCE_SIGNAL].revents)
		handle_signal(watch);
	return 0;
}

static int run(struct watch *watch, struct error *err)
{
	int r = 0;

	while (r == 0 && !(watch->fds[SOURCE_STAGE].revents & POLLIN)) {
		r = step(watch, err);
		if (r == 0)
			handle_time(watch);
	}
	return r;
}

/*
 * A signal that comes before we have received a call makes it fail with EINTR, whatever call it is, if
 * the handler has no SA_RESTART (seccomp_unotify(2)). So we are to be quick; a plain user may not.
 */
static void hurry(void)
{
	(void)setpriority(PRIO_PROCESS, 0, HURRY);
}

static int block_signals(struct error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_set(err, errno, "make a signalfd") : fd;
}

static int wait_for_stage(struct watch *watch)
{
	pid_t pid = watch->options->stage->pid;
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_LAUNCHER;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL_BASE + WTERMSIG(status);
}

/* What was written last is still in the pipe. */
static void drain(struct watch *watch)
{
	struct pollfd *output = &watch->fds[SOURCE_OUTPUT];

	while (output->fd >= 0 && poll(output, 1, 0) > 0 && (output->revents & (POLLIN | POLLHUP)))
		handle_output(watch);
}

int observe_watch(const struct observe_watch_options *options, struct observation *observation,
		  struct observe_end *ret, struct error *err)
{
	_cleanup_fd_ int signals = block_signals(err);
	struct watch watch = {
		.options = options,
		.calls = { .fd = -1,
			   .init_pidfd = -1,
			   .ids = options->ids,
			   .observation = observation,
			   .peaks = { .observation = observation, .root_fd = -1 } },
		.fds = { { options->listener, POLLIN, 0 },
			 { signals, POLLIN, 0 },
			 { options->stage->pidfd, POLLIN, 0 },
			 { options->output, POLLIN, 0 } },
		.began_ms = loop_now_ms(),
		.end = ret,
	};
	int r;

	hurry();
	r = signals < 0 ? signals : run(&watch, err);

	if (r < 0)
		pidfd_send_signal(options->stage->pidfd, SIGKILL, NULL, 0);
	ret->status = wait_for_stage(&watch);
	drain(&watch);
	ret->started = watch.calls.started;
	ret->watched = watch.calls.handled;
	ret->ran_ms = loop_now_ms() - watch.began_ms;
	observe_finish(observation, watch.calls.peaks.root_fd);
	observe_calls_end(&watch.calls);
	return r;
}
