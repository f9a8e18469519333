/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One run, seen by the supervisor after the start: the workload's output, its refused system calls,
 * init's messages, the signals that we get, the timers. It ends when init has ended and the pipes are
 * drained.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "launcher/processes/extra.h"
#include "launcher/processes/health.h"
#include "launcher/processes/ready.h"
#include "launcher/processes/service.h"
#include "launcher/processes/supervisor_output.h"
#include "launcher/run.h"
#include "launcher/service/counters.h"
#include "launcher/service/events.h"
#include "seccomp/groups.h"
#include "seccomp/notify.h"

/* For what the pipes held when init ended: a pipe(7) has at most 1 MiB. */
enum { DRAIN_MS = 5000 };

void supervisor_kill_all(struct service *service)
{
	struct run *run = service->run;

	service->ending.killed = true;
	janitor_tell(service);
	if (run->cgroup_fd >= 0 && cgroup_kill(run->cgroup_fd) == 0)
		return;
	/* Without a cgroup: PID 1's death ends every process of its pid namespace. */
	pidfd_send_signal(run->init_pidfd, SIGKILL, NULL, 0);
}

/* The first request gets the profile's signal and its timeout, the second one no more patience. */
void supervisor_stop(struct service *service, enum stop_cause cause, uint64_t timeout_ms)
{
	static const char *const by[] = {
		[STOP_NONE] = "",         [STOP_SIGNAL] = "signal",     [STOP_CONTROL] = "control",
		[STOP_HEALTH] = "health", [STOP_WATCHDOG] = "watchdog", [STOP_RUNTIME] = "runtime",
	};
	struct ending *ending = &service->ending;

	if (!service->run || service->init_gone) {
		janitor_tell(service);
		return;
	}
	if (ending->cause != STOP_NONE) {
		supervisor_kill_all(service);
		return;
	}
	ending->cause = cause;
	ready_stopping(service->ready);
	ending->stop_timeout_ms = timeout_ms;
	service->stop_at_ms = loop_now_ms() + (timeout_ms < UINT32_MAX ? timeout_ms : UINT32_MAX);
	janitor_tell(service);
	EVENTS_EMIT(service->events, "stop", { "by", by[cause], 0 });
	if (pidfd_send_signal(service->run->payload_pidfd, service->spec.stop_signal, NULL, 0) < 0)
		supervisor_kill_all(service);
	else
		loop_timer_set(service->loop, service->sources.stop_timer, timeout_ms ? timeout_ms : 1);
}

static int on_stop_timeout(void *arg, struct error *err)
{
	(void)err;
	supervisor_kill_all(arg);
	return 0;
}

static int on_runtime(void *arg, struct error *err)
{
	struct service *service = arg;

	(void)err;
	supervisor_stop(service, STOP_RUNTIME, service->spec.stop_timeout_ms);
	return 0;
}

/* What init says. */
static int on_control(void *arg, short revents, struct error *err)
{
	struct service *service = arg;
	struct run *run = service->run;
	struct message message;
	int fds[SEALED_FDS];
	ssize_t got = fd_receive(run->control[0], &message, sizeof(message), fds, SEALED_FDS);

	(void)revents;
	if (got <= 0) {
		loop_remove(service->loop, &service->sources.control);
		return 0;
	}
	if ((size_t)got == sizeof(message) && message.type == MESSAGE_FAILED) {
		(void)wire_take(&message.error, &service->failure);
	} else if ((size_t)got == sizeof(message) && message.type == MESSAGE_ENDED) {
		service->ending.by_init = true;
		service->ending.wait_status = message.status;
		janitor_tell(service);
	} else if ((size_t)got == sizeof(message)) {
		return extra_message(run, &message, fds, SEALED_FDS, err);
	}
	for (size_t i = 0; i < SEALED_FDS; i++)
		fd_close(&fds[i]);
	return 0;
}

/* Nobody holds the pipe's other end any more: the payload's copy went with its execve. */
static int on_executed(void *arg, short revents, struct error *err)
{
	struct service *service = arg;

	(void)revents, (void)err;
	loop_remove(service->loop, &service->sources.executed);
	fd_close(&service->run->go[1]);
	service->executed = true;
	return 0;
}

/* Behind the end of a further process, say, the payload's may stand: a round of the loop takes only one word.
 */
static int take_last_words(struct service *service, struct error *err)
{
	struct pollfd control = { .fd = service->run->control[0], .events = POLLIN };
	int r = 0;

	while (r == 0 && service->sources.control >= 0 && poll(&control, 1, 0) == 1)
		r = on_control(service, control.revents, err);
	return r;
}

static void reap_init(struct service *service)
{
	int status = SIGKILL; /* of an init that is not our child: it never goes without a word but so */

	while (waitpid(service->run->init_pid, &status, __WALL) < 0 && errno == EINTR)
		;
	service->init_gone = true;
	service->drain_began_ms = loop_now_ms();
	loop_remove(service->loop, &service->sources.init);
	if (!service->ending.by_init)
		service->ending.wait_status = status;
}

static int on_init_end(void *arg, short revents, struct error *err)
{
	int r = take_last_words(arg, err);

	(void)revents;
	reap_init(arg);
	return r;
}

/* Each kind of refusal is told once; all are counted. */
static void tell_denials(struct service *service)
{
	const struct denials *denials;

	if (!service->run->notify)
		return;
	denials = notify_denials(service->run->notify);
	service->counters->denied[COUNTERS_SECCOMP] += denials->total - service->denied_told;
	service->denied_told = denials->total;
	for (; service->denials_told < denials->n; service->denials_told++) {
		const struct denial *denial = &denials->items[service->denials_told];
		const char *name = syscall_name(denial->nr);

		EVENTS_EMIT(service->events, "denied", { "layer", "seccomp", 0 },
			    { "call", name ? name : "unknown", 0 }, { "reason", denial->reason, 0 },
			    { "answer", denial->answer ? error_name(denial->answer) : "killed", 0 },
			    { "opens", denial->opens, 0 });
	}
}

static int on_denied(void *arg, short revents, struct error *err)
{
	struct service *service = arg;

	(void)err;
	if (!(revents & POLLIN)) {
		loop_remove(service->loop, &service->sources.denied);
		return 0;
	}
	notify_handle(service->run->notify, NULL);
	tell_denials(service);
	return 0;
}

static void on_extra_denied(void *arg)
{
	tell_denials(arg);
}

/* memory.events changed: cgroup-v2.rst promises a wake-up by poll(2), POLLPRI. */
static int on_memory_events(void *arg, short revents, struct error *err)
{
	struct service *service = arg;
	struct cgroup_end counts;

	(void)revents, (void)err;
	cgroup_end_read(service->run->cgroup_fd, &counts);
	/* Read through the polled descriptor, too, or it stays ready. */
	if (lseek(service->run->memory_events_fd, 0, SEEK_SET) == 0) {
		char text[512];
		ssize_t got = read(service->run->memory_events_fd, text, sizeof(text));

		if (got <= 0)
			loop_remove(service->loop, &service->sources.memory);
	}
	if (counts.oom_kills <= service->oom_kills)
		return 0;
	service->counters->oom_kills += counts.oom_kills - service->oom_kills;
	service->oom_kills = counts.oom_kills;
	janitor_tell(service);
	EVENTS_EMIT(service->events, "oom", { "count", NULL, (int64_t)counts.oom_kills },
		    { "limit", NULL, (int64_t)counts.memory_max_bytes },
		    { "peak", NULL, (int64_t)counts.memory_peak_bytes });
	return 0;
}

static void on_health(void *arg, const struct health_report *report)
{
	struct service *service = arg;
	struct record *record = &service->record;

	service->counters->health_checks++;
	if (!report->success)
		service->counters->health_failures++;
	record->health = report->state;
	record->health_failures = report->failures;
	snprintf(record->health_output, sizeof(record->health_output), "%s", report->output);
	if (report->changed) {
		service_save(service);
		service_tell_manager(service);
		EVENTS_EMIT(service->events, "health", { "status", record_health_name(report->state), 0 },
			    { "failures", NULL, (int64_t)report->failures }, { "output", report->output, 0 });
	}
	if (report->act && service->ending.cause == STOP_NONE)
		supervisor_stop(service, STOP_HEALTH, service->spec.stop_timeout_ms);
}

static void on_ready(void *arg)
{
	service_is_ready(arg);
}

static void on_status_text(void *arg, const char *text)
{
	struct service *service = arg;

	snprintf(service->record.status_text, sizeof(service->record.status_text), "%s", text);
	service_save(service);
}

static void on_watchdog(void *arg, bool triggered)
{
	struct service *service = arg;

	EVENTS_EMIT(service->events, "watchdog", { "timeout_ms", NULL, (int64_t)service->spec.watchdog_ms },
		    { "triggered", NULL, triggered });
	if (service->ending.cause == STOP_NONE)
		supervisor_stop(service, STOP_WATCHDOG, service->spec.stop_timeout_ms);
}

static int add(struct service *service, int *source, int fd, short events, int order,
	       int (*ready)(void *, short, struct error *), struct error *err)
{
	*source = fd < 0 ? -1 : loop_add(service->loop, fd, events, order, ready, service);
	return fd >= 0 && *source < 0 ? error_set(err, ENOSPC, "watch over the container") : 0;
}

static int add_services(struct service *service, struct error *err)
{
	static const struct ready_callbacks callbacks = {
		.ready = on_ready,
		.status = on_status_text,
		.watchdog = on_watchdog,
	};
	struct run *run = service->run;

	if (extra_denied(run, on_extra_denied, service) < 0)
		return error_set(err, ENOMEM, "watch over further processes");
	if (service->spec.health.command.n > 0) {
		service->health = health_new(run, service->loop, on_health, service, err);
		if (!service->health)
			return -err->code;
	}
	if (run->notify_sock >= 0) {
		service->ready = ready_new(run, service->loop, &callbacks, service, err);
		if (!service->ready)
			return -err->code;
	}
	return 0;
}

/* Of a time that began with @from_ms. */
static uint64_t left_ms(uint64_t from_ms, uint64_t time_ms)
{
	uint64_t passed_ms = loop_now_ms() - from_ms;

	return passed_ms < time_ms ? time_ms - passed_ms : 0;
}

static int add_timers(struct service *service, struct error *err)
{
	struct service_sources *s = &service->sources;

	s->stop_timer = loop_timer(service->loop, on_stop_timeout, service);
	s->runtime_timer = loop_timer(service->loop, on_runtime, service);
	if (s->stop_timer < 0 || s->runtime_timer < 0)
		return error_set(err, ENOSPC, "set the timers of the container");
	/* A standby goes on where it was. */
	if (service->spec.limits.runtime_ms)
		loop_timer_set(service->loop, s->runtime_timer,
			       left_ms(service->began_ms, service->spec.limits.runtime_ms));
	return 0;
}

int supervisor_attach(struct service *service, struct error *err)
{
	struct service_sources *s = &service->sources;
	struct run *run = service->run;
	int r = add_timers(service, err);

	if (run->cgroup_fd >= 0)
		run->memory_events_fd = openat(run->cgroup_fd, "memory.events", O_RDONLY | O_CLOEXEC);
	if (r == 0)
		r = supervisor_output_add(service, err);
	if (r == 0)
		r = add(service, &s->control, run->control[0], POLLIN, SUPERVISOR_CONTROL, on_control, err);
	if (r == 0)
		r = add(service, &s->executed, run->go[1], POLLERR, SUPERVISOR_EXECUTED, on_executed, err);
	if (r == 0 && run->notify)
		r = add(service, &s->denied, notify_fd(run->notify), POLLIN, SUPERVISOR_DENIED, on_denied,
			err);
	if (r == 0)
		r = add(service, &s->init, run->init_pidfd, POLLIN, SUPERVISOR_INIT, on_init_end, err);
	if (r == 0)
		r = add(service, &s->memory, run->memory_events_fd, POLLPRI, SUPERVISOR_MEMORY,
			on_memory_events, err);
	if (r == 0)
		r = add_services(service, err);
	return r;
}

void supervisor_detach(struct service *service)
{
	struct service_sources *s = &service->sources;
	int *const sources[] = {
		&s->control, &s->out, &s->err, &s->denied, &s->init, &s->executed, &s->memory
	};

	extra_end_all(service->run, service->loop);
	service->health = health_free(service->health);
	service->ready = ready_free(service->ready);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		loop_remove(service->loop, sources[i]);
	loop_timer_drop(service->loop, &s->stop_timer);
	loop_timer_drop(service->loop, &s->runtime_timer);
}

/*
 * After init's end what the pipes hold is all: the workload's processes are dead. A process outside
 * to which one of them passed its stdout may keep the pipe open, and even go on writing; nobody
 * waits for that, or any workload could keep its supervisor and its name for ever. For a log that
 * can't be written the end waits, but not once a stop was asked for.
 */
static bool finished(struct service *service, int called)
{
	bool blocked = service->writer && log_writer_blocked(service->writer);

	if (!service->init_gone)
		return false;
	if ((service->ending.cause != STOP_NONE || service->over) && blocked) {
		dprintf(service_stderr(),
			"kapsel: %s was stopped while its log could not be written: its last output is lost\n",
			service->spec.name);
		return true;
	}
	if (service->sources.out < 0 && service->sources.err < 0)
		return true;
	if (blocked) {
		service->drain_began_ms = loop_now_ms();
		return false;
	}
	return called == 0 || loop_now_ms() - service->drain_began_ms > DRAIN_MS;
}

void supervisor_wait(struct service *service)
{
	struct error err = { 0 };
	bool blocked = false;
	int r;

	do {
		blocked = service->writer && log_writer_blocked(service->writer);
		r = loop_step(service->loop, !service->init_gone || blocked, &err);
		/* Before the end is told the beginning is. */
		if (service->executed && !service->failure.code && !service->record.started_ns)
			service_began(service);
	} while (r >= 0 && !finished(service, r));
	if (r >= 0)
		return;
	service->failure = err;
	supervisor_kill_all(service);
	if (!service->init_gone)
		reap_init(service);
}
