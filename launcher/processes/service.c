/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/service.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "launcher/host.h"
#include "launcher/processes/signals.h"
#include "launcher/run.h"
#include "launcher/service/counters.h"
#include "launcher/service/events.h"
#include "launcher/service/sd_notify.h"
#include "launcher/state.h"
#include "seccomp/notify.h"

enum { ORDER_SERVICE = 2, READER_MS = 100 };

void service_init(struct service *service)
{
	struct service_sources *s = &service->sources;
	int *const empty[] = {
		&s->signals,
		&s->listener,
		&s->janitor,
		&s->compress,
		&s->log_timer,
		&s->backoff_timer,
		&s->watchdog_timer,
		&s->control,
		&s->out,
		&s->err,
		&s->denied,
		&s->init,
		&s->executed,
		&s->memory,
		&s->stop_timer,
		&s->runtime_timer,
		&service->signal_fd,
		&service->listener_fd,
		&service->report_fd,
		&service->janitor_fd,
		&s->accept_timer,
	};

	memset(service, 0, sizeof(*service));
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		*empty[i] = -1;
	memset(service->kept_listen_fds, 0xff, sizeof(service->kept_listen_fds));
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
		service->clients[i] = (struct service_client){ .service = service, .sock = -1, .source = -1 };
}

static void fill_run(const struct service *service, struct run *run)
{
	run_init(run);
	run->spec = &service->spec;
	run->host = service->host;
	run->plan = service->plan;
	run->proof = service->proof;
	run->envp = service->environment.envp;
	run->listen_pid = service->environment.listen_pid;
	run->watchdog_pid = service->environment.watchdog_pid;
	run->argv = (char *const *)(uintptr_t)service->spec.command.items;
	snprintf(run->id, sizeof(run->id), "%s", service->spec.name);
}

int service_new_run(struct service *service, struct error *err)
{
	struct run *run;

	/* One that could not be forked when it was needed. */
	if (service->loop && service->janitor_fd < 0 &&
	    (janitor_start(service, err) < 0 || janitor_watch(service, err) < 0))
		return err ? -err->code : -ECHILD;
	service->run_arena = arena_new();
	run = service->run_arena ? arena_alloc(service->run_arena, sizeof(*run)) : NULL;
	if (!run)
		return error_set(err, ENOMEM, "prepare a start");
	fill_run(service, run);
	run->arena = service->run_arena;
	run->state_fd = service->base->state_fd;
	run->ids_fd = service->base->ids_fd;
	run->janitor_fd = service->janitor_fd;
	run->kept_listen_fds = service->kept_listen_fds;
	service->run = run;
	service->ending = (struct ending){ 0 };
	service->failure = (struct error){ 0 };
	service->executed = service->init_gone = false;
	service->oom_kills = service->denied_told = 0;
	service->denials_told = 0;
	return 0;
}

/* What must stand before the first thing exists that could be left behind: the locks, and who cleans up. */
static int claim(struct service *service, struct error *err)
{
	int r;

	service->proof = mmap(NULL, sizeof(*service->proof), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (service->proof == MAP_FAILED)
		return error_set(err, errno, "map the page for proofs");
	service->base = arena_alloc(service->arena, sizeof(*service->base));
	if (!service->base)
		return error_set(err, ENOMEM, "prepare the service");
	fill_run(service, service->base);
	if (spec_log_piped(&service->spec)) {
		service->writer = log_writer_allocate(err);
		if (!service->writer)
			return -err->code;
	}
	r = janitor_start(service, err);
	if (r == 0)
		r = state_open(service->base, err);
	if (r == 0)
		r = janitor_share(service, err);
	return r;
}

static int on_signal(void *arg, short revents, struct error *err)
{
	struct service *service = arg;
	struct signalfd_siginfo info;

	(void)revents, (void)err;
	while (read(service->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
			service->over = true;
			sd_notify_stopping();
			supervisor_stop(service, STOP_SIGNAL, service->spec.stop_timeout_ms);
		} else if (info.ssi_signo != SIGCHLD && service->run) {
			pidfd_send_signal(service->run->payload_pidfd, (int)info.ssi_signo, NULL, 0);
		}
	}
	return 0;
}

static int on_watchdog_due(void *arg, struct error *err)
{
	struct service *service = arg;

	(void)err;
	sd_notify_watchdog();
	loop_timer_set(service->loop, service->sources.watchdog_timer, sd_notify_watchdog_ms());
	return 0;
}

static int on_backoff_end(void *arg, struct error *err)
{
	(void)arg, (void)err;
	return 0; /* that it is not set any more says it */
}

static int make_loop(struct service *service, struct error *err)
{
	struct service_sources *s = &service->sources;

	service->loop = loop_new();
	if (!service->loop)
		return error_set(err, ENOMEM, "prepare to wait");
	service->signal_fd = signals_open(err);
	if (service->signal_fd < 0)
		return service->signal_fd;
	s->signals = loop_add(service->loop, service->signal_fd, POLLIN, ORDER_SERVICE, on_signal, service);
	s->backoff_timer = loop_timer(service->loop, on_backoff_end, service);
	if (s->signals < 0 || s->backoff_timer < 0)
		return error_set(err, ENOSPC, "prepare to wait");
	if (sd_notify_watchdog_ms() == 0)
		return 0;
	s->watchdog_timer = loop_timer(service->loop, on_watchdog_due, service);
	if (s->watchdog_timer >= 0)
		loop_timer_set(service->loop, s->watchdog_timer, sd_notify_watchdog_ms());
	return 0;
}

int service_open_files(struct service *service, struct error *err)
{
	int r = make_loop(service, err);

	if (r == 0)
		r = janitor_watch(service, err);
	if (r == 0)
		r = counters_map(service->base->state_fd, &service->counters, err);
	if (r == 0)
		r = events_open(&service->spec, service->host, service->record.id, service->counters,
				&service->events, err);
	if (r == 0)
		r = requests_listen(service, err);
	return r;
}

/* The log comes last: a start that is refused before leaves no file. */
static int open_first(struct service *service, struct error *err)
{
	int r = service_record_new(service, err);

	if (r == 0 && service->writer) {
		r = log_writer_open(service->writer, &service->log, err);
		if (r < 0)
			strncpy(err->step, "log", sizeof(err->step) - 1);
	}
	return r < 0 ? r : service_open_files(service, err);
}

static int start(struct service *service, bool first, struct error *err)
{
	int r = service_new_run(service, err);

	if (r < 0)
		return r;
	r = start_run(service->run, err);
	if (r < 0)
		return r;
	if (first)
		r = open_first(service, err);
	service->began_ms = loop_now_ms();
	if (r == 0) {
		service_record_run(service);
		service->record.health =
			service->spec.health.command.n > 0 ? RECORD_HEALTH_STARTING : RECORD_HEALTH_NONE;
		/* Before the first line: who reads the log looks here for it. And no verb finds a service
		 * without a record: it could not be stopped. */
		if (first)
			r = record_write(service->base->state_fd, &service->record, err);
	}
	if (r == 0)
		r = janitor_share(service, err);
	if (r == 0)
		r = supervisor_attach(service, err);
	if (r == 0)
		r = start_go(service->run, err);
	if (r < 0) {
		if (service->loop)
			supervisor_detach(service);
		start_abort(service->run);
		return r;
	}
	service->counters->starts++;
	return 0;
}

/* With what `kapsel why` needs when the directory of the service is gone: where its parts are. */
static void tell_start(struct service *service)
{
	const struct record *record = &service->record;

	EVENTS_EMIT(service->events, "start", { "pid", NULL, service->run->payload_pid },
		    { "restarts", NULL, (int64_t)record->restarts },
		    { "program", service->spec.command.items[0], 0 }, { "profile", record->profile, 0 },
		    { "rootfs", record->rootfs, 0 }, { "log_driver", record->log_driver, 0 },
		    { "log", record->log_path, 0 });
}

void service_began(struct service *service)
{
	struct record *record = &service->record;

	record->status = RECORD_RUNNING;
	record->started_ns = service_now_ns();
	tell_start(service);
	if (record->restarts == 0)
		service_save_profile(service);
	if (service->spec.notify)
		service_save(service);
	else
		service_is_ready(service);
	requests_answer(service, CLIENT_RESTART, 0, "");
}

int service_stderr(void)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&fd, 1, READER_MS) == 0 ? -1 : STDERR_FILENO;
}

/* From here on nobody looks at our messages. */
static void leave_terminal(void)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
}

void service_tell_manager(const struct service *service)
{
	const struct record *record = &service->record;
	char text[160];

	snprintf(text, sizeof(text), "%s%s%s, %" PRIu64 " restart(s)", record_status_name(record->status),
		 record->health != RECORD_HEALTH_NONE ? ", " : "",
		 record->health != RECORD_HEALTH_NONE ? record_health_name(record->health) : "",
		 record->restarts);
	sd_notify_status(text);
}

void service_is_ready(struct service *service)
{
	service->record.ready = true;
	service_save(service);
	if (service->spec.notify)
		EVENTS_EMIT(service->events, "ready", { "pid", NULL, service->run->payload_pid });
	sd_notify_ready("running");
	service_tell_manager(service);
	if (service->report_fd < 0)
		return;
	if (write(service->report_fd, service->record.id, strlen(service->record.id)) < 0)
		service->quiet = true; /* whoever started us did not wait */
	fd_close(&service->report_fd);
	leave_terminal();
}

/* Return: whether to start again, after *ret_delay_ms. */
static bool choose_next(struct service *service, uint64_t *ret_delay_ms)
{
	bool asked = service->restart;

	*ret_delay_ms = 0;
	service->restart = false;
	if (service->over)
		return false;
	if (asked)
		return true;
	if (backoff_next(&service->backoff, &service->spec.restart, service->status != 0,
			 service->ending.runtime_ms, ret_delay_ms))
		return true;
	if (service->spec.restart.policy == SPEC_RESTART_ALWAYS ||
	    (service->spec.restart.policy == SPEC_RESTART_ON_FAILURE && service->status != 0))
		EVENTS_EMIT(service->events, "give_up",
			    { "attempts", NULL, (int64_t)service->backoff.attempts });
	return false;
}

/* Return: whether to start again; the time until then has passed. */
static bool wait_for_next(struct service *service)
{
	struct error err = { 0 };
	uint64_t delay_ms;

	if (!choose_next(service, &delay_ms))
		return false;
	service->record.status = RECORD_RESTARTING;
	service_save(service);
	service_tell_manager(service);
	EVENTS_EMIT(service->events, "restart", { "delay_ms", NULL, (int64_t)delay_ms },
		    { "attempt", NULL, (int64_t)service->backoff.attempts });
	if (!service->quiet)
		dprintf(service_stderr(), "kapsel: %s starts again in %" PRIu64 " ms\n", service->spec.name,
			delay_ms);
	if (!service->record.ready)
		sd_notify_extend((delay_ms + service->spec.stop_timeout_ms) * 1000 + 10000000);
	if (delay_ms > 0)
		loop_timer_set(service->loop, service->sources.backoff_timer, delay_ms);
	while (!service->over && !service->restart &&
	       loop_timer_runs(service->loop, service->sources.backoff_timer))
		if (loop_step(service->loop, true, &err) < 0) {
			error_print(service_stderr(), &err);
			return false;
		}
	loop_timer_stop(service->loop, service->sources.backoff_timer);
	service->restart = false;
	return !service->over;
}

/* A failed one counts as an end. Return: whether it runs. */
static bool start_again(struct service *service)
{
	service->record.restarts++;
	service->counters->restarts++;
	service->record.started_ns = 0;
	if (start(service, false, &service->failure) == 0)
		return true;
	service_fail_run(service);
	return false;
}

static int live(struct service *service, bool running)
{
	for (;;) {
		if (running) {
			supervisor_wait(service);
			service_finish_run(service);
		}
		if (!wait_for_next(service))
			return service_leave(service);
		running = start_again(service);
	}
}

int service_run(struct service *service)
{
	struct error err = { 0 };
	int r = claim(service, &err);

	if (r == 0)
		r = start(service, true, &err);
	return r < 0 ? service_give_up(service, &err) : live(service, true);
}

int service_take_over(struct service *service)
{
	return live(service, service->run != NULL);
}
