/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The supervisor after the start: one poll loop over the workload's output, its refused system
 * calls, init's messages, our own signals and two timers. It ends when init has ended and the
 * pipes are drained.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cgroups/cgroup.h"
#include "launcher/logs/log_writer.h"
#include "launcher/processes/processes.h"
#include "launcher/processes/signals.h"
#include "launcher/run.h"
#include "profiles/spec.h"
#include "seccomp/notify.h"

enum slot {
	SLOT_CONTROL,
	SLOT_STDOUT,
	SLOT_STDERR,
	SLOT_DENIED,
	SLOT_SIGNAL,
	SLOT_INIT,
	SLOT_RUNTIME,
	SLOT_STOP,
	SLOT_COMPRESS,
	SLOTS
};

/* A log that can't be written is tried again after this. */
enum { LOG_RETRY_MS = 100 };

/* For what the pipes held when init ended: a pipe(7) has at most 1 MiB. */
enum { DRAIN_MS = 5000 };

struct supervisor {
	struct run *run;
	struct ending *ending;
	struct pollfd fds[SLOTS];
	bool init_gone;
	uint64_t drain_began_ms;
	bool log_broken; /* said once on stderr */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int arm(struct supervisor *s, enum slot slot, uint64_t ms, struct error *err)
{
	const struct itimerspec when = { .it_value = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &when, NULL) < 0) {
		int code = errno;

		fd_close(&fd);
		return error_set(err, code, "set a timer");
	}
	fd_close(&s->fds[slot].fd);
	s->fds[slot].fd = fd;
	return 0;
}

static void kill_all(struct supervisor *s)
{
	s->ending->killed = true;
	if (s->run->cgroup_fd >= 0 && cgroup_kill(s->run->cgroup_fd) == 0)
		return;
	/* Without a cgroup: PID 1's death ends every process of its pid namespace. */
	pidfd_send_signal(s->run->init_pidfd, SIGKILL, NULL, 0);
}

/* The first request gets the profile's signal and its timeout, the second one no more patience. */
static void stop(struct supervisor *s)
{
	if (s->ending->stopped || s->ending->timed_out) {
		kill_all(s);
		return;
	}
	s->ending->stopped = true;
	if (pidfd_send_signal(s->run->payload_pidfd, s->run->spec->stop_signal, NULL, 0) < 0 ||
	    arm(s, SLOT_STOP, s->run->spec->stop_timeout_ms ? s->run->spec->stop_timeout_ms : 1, NULL) < 0)
		kill_all(s);
}

static void on_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->fds[SLOT_SIGNAL].fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(s);
		else if (info.ssi_signo != SIGCHLD)
			pidfd_send_signal(s->run->payload_pidfd, (int)info.ssi_signo, NULL, 0);
	}
}

static void on_runtime(struct supervisor *s)
{
	fd_close(&s->fds[SLOT_RUNTIME].fd);
	s->ending->timed_out = true;
	if (pidfd_send_signal(s->run->payload_pidfd, s->run->spec->stop_signal, NULL, 0) < 0 ||
	    arm(s, SLOT_STOP, s->run->spec->stop_timeout_ms ? s->run->spec->stop_timeout_ms : 1, NULL) < 0)
		kill_all(s);
}

/* 1: the start failed after all (execveat), *err says why. */
static int on_control(struct supervisor *s, struct error *err)
{
	struct message message;
	ssize_t got = read(s->fds[SLOT_CONTROL].fd, &message, sizeof(message));

	if (got <= 0) {
		s->fds[SLOT_CONTROL].fd = -1;
		return 0;
	}
	if ((size_t)got != sizeof(message))
		return 0;
	if (message.type == MESSAGE_FAILED) {
		*err = message.error;
		return 1;
	}
	if (message.type == MESSAGE_ENDED) {
		s->ending->by_init = true;
		s->ending->wait_status = message.status;
	}
	return 0;
}

static void on_init_end(struct supervisor *s)
{
	int status = 0;

	while (waitpid(s->run->init_pid, &status, __WALL) < 0 && errno == EINTR)
		;
	s->init_gone = true;
	s->drain_began_ms = now_ms();
	s->fds[SLOT_INIT].fd = -1;
	if (!s->ending->by_init)
		s->ending->wait_status = status;
}

static void on_output(struct supervisor *s, enum slot slot, struct log_writer *writer)
{
	struct error err = { 0 };
	enum log_stream stream = slot == SLOT_STDOUT ? LOG_STDOUT : LOG_STDERR;
	ssize_t got = log_writer_read(writer, stream, s->fds[slot].fd, &err);

	if (got == 0)
		fd_close(&s->fds[slot].fd);
	if (got < 0 && got != -EAGAIN && got != -EINTR && !s->log_broken) {
		s->log_broken = true;
		error_print(STDERR_FILENO, &err);
	}
}

static bool drained(const struct supervisor *s)
{
	return s->fds[SLOT_STDOUT].fd < 0 && s->fds[SLOT_STDERR].fd < 0;
}

/*
 * After init's end what the pipes hold is all: the workload's processes are dead. A process outside
 * to which one of them passed its stdout may keep the pipe open, and even go on writing; nobody
 * waits for that, or any workload could keep its supervisor and its name for ever. For a log that
 * can't be written the end waits, but not once a stop was asked for.
 */
static bool finished(struct supervisor *s, const struct log_writer *writer, int ready)
{
	bool blocked = writer && log_writer_blocked(writer);

	if (!s->init_gone)
		return false;
	if ((s->ending->stopped || s->ending->timed_out) && blocked) {
		dprintf(STDERR_FILENO,
			"kapsel: %s was stopped while its log could not be written: its last output is lost\n",
			s->run->spec->name);
		return true;
	}
	if (drained(s))
		return true;
	if (blocked) {
		s->drain_began_ms = now_ms();
		return false;
	}
	return ready == 0 || now_ms() - s->drain_began_ms > DRAIN_MS;
}

static int prepare(struct supervisor *s, struct error *err)
{
	const struct spec *spec = s->run->spec;
	int signals = signals_open(err);

	for (int i = 0; i < SLOTS; i++)
		s->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (signals < 0)
		return signals;
	s->fds[SLOT_CONTROL].fd = s->run->control[0];
	s->fds[SLOT_STDOUT].fd = take_fd(&s->run->stdout_pipe[0]);
	s->fds[SLOT_STDERR].fd = take_fd(&s->run->stderr_pipe[0]);
	s->fds[SLOT_SIGNAL].fd = signals;
	s->fds[SLOT_INIT].fd = s->run->init_pidfd;
	for (int i = SLOT_STDOUT; i <= SLOT_STDERR; i++)
		if (s->fds[i].fd >= 0 && fcntl(s->fds[i].fd, F_SETFL, O_NONBLOCK) < 0)
			return error_set(err, errno, "prepare the workload's output");
	return spec->limits.runtime_ms ? arm(s, SLOT_RUNTIME, spec->limits.runtime_ms, err) : 0;
}

static int step_once(struct supervisor *s, struct log_writer *writer, struct error *err)
{
	bool stalled = writer && log_writer_stalled(writer);
	struct pollfd fds[SLOTS];
	int ready;

	s->fds[SLOT_COMPRESS].fd = writer ? log_writer_compressing(writer) : -1;
	memcpy(fds, s->fds, sizeof(fds));
	if (stalled && log_writer_blocked(writer))
		fds[SLOT_STDOUT].fd = fds[SLOT_STDERR].fd = -1; /* back-pressure: the pipes fill up */
	ready = poll(fds, SLOTS, stalled ? LOG_RETRY_MS : s->init_gone ? 0 : -1);
	if (ready < 0 && errno != EINTR)
		return error_set(err, errno, "wait for the container");
	if (stalled && log_writer_flush(writer, NULL) == 0)
		s->log_broken = false;
	if (fds[SLOT_DENIED].revents & POLLIN)
		notify_handle(s->run->notify, NULL);
	else if (fds[SLOT_DENIED].revents)
		s->fds[SLOT_DENIED].fd = -1;
	if (fds[SLOT_CONTROL].revents && on_control(s, err))
		return -err->code;
	if (fds[SLOT_SIGNAL].revents)
		on_signal(s);
	if (fds[SLOT_RUNTIME].revents)
		on_runtime(s);
	if (fds[SLOT_STOP].revents) {
		fd_close(&s->fds[SLOT_STOP].fd);
		kill_all(s);
	}
	for (int i = SLOT_STDOUT; i <= SLOT_STDERR; i++)
		if (fds[i].revents)
			on_output(s, i, writer);
	if (fds[SLOT_COMPRESS].revents)
		log_writer_reap(writer);
	if (fds[SLOT_INIT].revents)
		on_init_end(s);
	return finished(s, writer, ready) ? 1 : 0;
}

int supervisor_run(struct run *run, struct log_writer *writer, struct ending *ret, struct error *err)
{
	struct supervisor s = { .run = run, .ending = ret };
	uint64_t began = now_ms();
	int r;

	*ret = (struct ending){ .started = true };
	r = prepare(&s, err);
	if (run->notify)
		s.fds[SLOT_DENIED].fd = notify_fd(run->notify);
	while (r == 0)
		r = step_once(&s, writer, err);
	if (r < 0) {
		kill_all(&s);
		if (!s.init_gone)
			on_init_end(&s);
	}
	ret->runtime_ms = now_ms() - began;
	for (int i = SLOT_STDOUT; i < SLOTS; i++)
		if (i != SLOT_DENIED && i != SLOT_INIT && i != SLOT_COMPRESS) /* not ours */
			fd_close(&s.fds[i].fd);
	if (r > 0 && !ret->by_init && WIFEXITED(ret->wait_status))
		return error_set(err, EPROTO, "learn how the workload ended: init left without a word");
	return r < 0 ? r : 0;
}
