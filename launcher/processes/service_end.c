/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of one run, and of the service: what is told about it, and that nothing of it is left. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/loop.h"
#include "launcher/processes/service.h"
#include "launcher/run.h"
#include "launcher/service/counters.h"
#include "launcher/service/events.h"
#include "launcher/service/sd_notify.h"
#include "launcher/state.h"
#include "seccomp/groups.h"
#include "seccomp/notify.h"

enum { END_FIELDS_MAX = 24, DENIED_TEXT_MAX = 1024 };

/* The members of an exit event; texts that are made for it alone live in here, too. */
struct end_event {
	struct event_field fields[END_FIELDS_MAX];
	size_t n;
	char signal[16];
	char denied[DENIED_TEXT_MAX];
};

void service_drop_run(struct service *service)
{
	if (service->run) {
		service->run->notify = notify_free(service->run->notify);
		run_release(service->run);
	}
	service->run = NULL;
	service->run_arena = arena_free(service->run_arena);
}

/* Our own failure, in place of an end of the workload. */
static void note_failure(struct service *service)
{
	struct record *record = &service->record;
	const struct error *failure = &service->failure;

	service->status = failure->exit_status ? failure->exit_status : EXIT_LAUNCHER;
	record->by_launcher = true;
	snprintf(record->reason, sizeof(record->reason), "%s%s%.300s: %s", failure->step,
		 failure->step[0] ? ": " : "", failure->msg, error_name(failure->code));
}

static const struct denials *denials_of(const struct service *service)
{
	return service->run && service->run->notify ? notify_denials(service->run->notify) : NULL;
}

static void note_end(struct service *service, const struct cgroup_end *counts)
{
	const struct denials *denials = denials_of(service);
	struct record *record = &service->record;
	FILE *reason = fmemopen(record->reason, sizeof(record->reason), "w");

	service->status = ending_status(&service->ending);
	record->by_launcher = false;
	if (reason) {
		ending_reason(reason, service->run, &service->ending, counts, denials);
		fclose(reason);
	}
	record->reason[sizeof(record->reason) - 1] = '\0';
	if ((!service->quiet || service->ending.wait_status != 0) && service_stderr() >= 0)
		ending_print(stderr, service->run, &service->ending, counts, denials);
}

static void add_text(struct end_event *event, const char *name, const char *text)
{
	if (event->n < END_FIELDS_MAX)
		event->fields[event->n++] = (struct event_field){ name, text, 0 };
}

static void add_number(struct end_event *event, const char *name, uint64_t number)
{
	if (event->n < END_FIELDS_MAX)
		event->fields[event->n++] = (struct event_field){ name, NULL, (int64_t)number };
}

/* What `run` prints of refusals at the end: the kinds were told one by one, their numbers are known now. */
static void add_denials(const struct service *service, struct end_event *event)
{
	const struct denials *denials = denials_of(service);
	size_t used = 0;

	if (!denials || denials->total == 0)
		return;
	for (size_t i = 0; i < denials->n && used < sizeof(event->denied); i++) {
		const char *name = syscall_name(denials->items[i].nr);

		used += (size_t)snprintf(event->denied + used, sizeof(event->denied) - used, "%s%s %" PRIu64,
					 i ? ", " : "", name ? name : "unknown", denials->items[i].count);
	}
	add_number(event, "denied", denials->total);
	add_text(event, "denied_calls", event->denied);
	if (denials->killed_by >= 0) {
		const char *name = syscall_name(denials->items[denials->killed_by].nr);

		add_text(event, "killed_by", name ? name : "unknown");
	}
}

static void add_counts(const struct service *service, const struct cgroup_end *counts,
		       struct end_event *event)
{
	add_number(event, "oom_kills", counts->oom_kills);
	if (counts->memory_peak_bytes > 0)
		add_number(event, "memory_peak", counts->memory_peak_bytes);
	if (counts->memory_max_bytes != UINT64_MAX)
		add_number(event, "memory_limit", counts->memory_max_bytes);
	if (counts->pids_max_hits > 0) {
		add_number(event, "pids_limit_hits", counts->pids_max_hits);
		add_number(event, "pids_limit", service->spec.limits.pids);
	}
	if (counts->cpu_throttled > 0)
		add_number(event, "cpu_throttled", counts->cpu_throttled);
}

static void add_failure(const struct error *failure, struct end_event *event)
{
	if (failure->step[0])
		add_text(event, "step", failure->step);
	add_text(event, "error", error_name(failure->code));
	if (failure->remedy[0])
		add_text(event, "remedy", failure->remedy);
}

/* How the workload's main process ended; nothing of that where we failed instead. */
static void add_signal(const struct service *service, struct end_event *event)
{
	const char *name;

	if (!WIFSIGNALED(service->ending.wait_status))
		return;
	name = sigabbrev_np(WTERMSIG(service->ending.wait_status));
	snprintf(event->signal, sizeof(event->signal), "SIG%s", name ? name : "?");
	add_text(event, "signal", event->signal);
	if (service->ending.killed && service->ending.cause != STOP_NONE)
		add_number(event, "stop_timeout_ms", service->ending.stop_timeout_ms);
}

/* Of a start that no event tells: where its parts are. */
static void add_places(const struct service *service, struct end_event *event)
{
	const struct record *record = &service->record;

	if (record->started_ns)
		return;
	add_text(event, "program", service->spec.command.items[0]);
	add_text(event, "profile", record->profile);
	add_text(event, "rootfs", record->rootfs);
}

static void tell_exit(struct service *service, const struct cgroup_end *counts)
{
	struct record *record = &service->record;
	struct end_event event = { .n = 0 };

	add_text(&event, "origin", record->by_launcher ? "launcher" : "workload");
	add_number(&event, "status", (uint64_t)service->status);
	add_number(&event, "oom", record->oom_killed);
	add_number(&event, "runtime_ms", service->ending.runtime_ms);
	if (record->by_launcher)
		add_failure(&service->failure, &event);
	else
		add_signal(service, &event);
	add_counts(service, counts, &event);
	add_denials(service, &event);
	add_places(service, &event);
	add_text(&event, "reason", record->reason);
	events_emit(service->events, "exit", event.fields, event.n);
}

static void tell_end(struct service *service, const struct cgroup_end *counts)
{
	struct record *record = &service->record;

	record->finished_ns = service_now_ns();
	record->exit_status = service->status;
	record->oom_killed = counts->oom_kills > 0 && service->status == EXIT_SIGNAL_BASE + SIGKILL;
	record->health = service->spec.health.command.n > 0 ? RECORD_HEALTH_STARTING : RECORD_HEALTH_NONE;
	record->ready = false;
	record->init = (struct record_process){ 0 };
	record->payload_pid = 0;
	if (counts->oom_kills > service->oom_kills)
		service->counters->oom_kills += counts->oom_kills - service->oom_kills;
	if (service->status != 0 && service->ending.cause != STOP_SIGNAL &&
	    service->ending.cause != STOP_CONTROL)
		service->counters->failures++;
	tell_exit(service, counts);
}

void service_finish_run(struct service *service)
{
	struct cgroup_end counts = { .memory_max_bytes = UINT64_MAX };
	struct error err = { 0 };
	int r;

	service->ending.runtime_ms = loop_now_ms() - service->began_ms;
	if (service->run->cgroup_fd >= 0)
		cgroup_end_read(service->run->cgroup_fd, &counts);
	supervisor_detach(service);
	if (!service->failure.code && !service->ending.by_init && WIFEXITED(service->ending.wait_status))
		error_set(&service->failure, EPROTO,
			  "learn how the workload ended: init left without a word");
	/* What a full disk does not take now is taken with the next run, or at the end. */
	if (service->writer && log_writer_end_streams(service->writer, &err) < 0)
		error_print(service_stderr(), &err);
	if (service->failure.code) {
		error_print(service_stderr(), &service->failure);
		note_failure(service);
	} else {
		note_end(service, &counts);
	}
	tell_end(service, &counts);
	service_drop_run(service);
	r = state_clean_run(service->base);
	if (r < 0)
		dprintf(service_stderr(), "kapsel: clean up after a run of %s: %s\n", service->spec.name,
			error_name(-r));
	janitor_idle(service);
}

void service_fail_run(struct service *service)
{
	const struct cgroup_end counts = { .memory_max_bytes = UINT64_MAX };

	error_print(service_stderr(), &service->failure);
	service->ending.runtime_ms = 0;
	note_failure(service);
	tell_end(service, &counts);
	service_drop_run(service);
	state_clean_run(service->base);
	janitor_idle(service);
}

int service_leave(struct service *service)
{
	bool keep = service->detached && !service->remove;
	int r;

	requests_close(service);
	log_writer_close(service->writer);
	loop_remove(service->loop, &service->sources.janitor);
	service->record.status = RECORD_EXITED;
	/* As late as can be: whoever reads it may start the name again, and state_clean() lets its lock go.
	 */
	if (keep)
		service_save(service);
	r = state_clean(service->base, keep);
	if (janitor_dismiss(service, r == 0) < 0 && r < 0)
		dprintf(service_stderr(),
			"kapsel: clean up after %s: %s; the next run of that name tries again\n",
			service->spec.name, error_name(-r));
	requests_answer(service, CLIENT_END, service->status, service->record.reason);
	requests_answer(service, CLIENT_RESTART, service->status, service->record.reason);
	service->events = events_close(service->events);
	return service->status;
}

/* For `kapsel why`: a start that was refused leaves no record. Of a name that another one has we say nothing.
 */
static void tell_failed_start(struct service *service, const struct error *err)
{
	const struct cgroup_end counts = { .memory_max_bytes = UINT64_MAX };
	struct record *record = &service->record;

	if (!service->base || service->base->state_fd < 0)
		return;
	if (!record->id[0] && service_record_new(service, NULL) < 0)
		return;
	if (!service->events &&
	    events_open(&service->spec, service->host, record->id, NULL, &service->events, NULL) < 0)
		return;
	service->failure = *err;
	note_failure(service);
	tell_exit(service, &counts);
	service->events = events_close(service->events);
}

int service_give_up(struct service *service, const struct error *err)
{
	int status = err->exit_status ? err->exit_status : EXIT_LAUNCHER, r;

	error_print(service_stderr(), err);
	sd_notify_error(err->code, status);
	tell_failed_start(service, err);
	service_drop_run(service);
	service->writer = log_writer_release(service->writer);
	r = service->base && service->base->state_fd >= 0 ? state_clean(service->base, false) : 0;
	if (janitor_dismiss(service, r == 0) < 0 && r < 0)
		dprintf(service_stderr(),
			"kapsel: clean up after %s: %s; the next run of that name tries again\n",
			service->spec.name, error_name(-r));
	return status;
}
