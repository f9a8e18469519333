/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of a service whose supervisor was killed. With "on_supervisor_death": "end" its workload
 * goes (the kernel kills init together with the supervisor), what it had written still comes into the
 * log, and nothing is left. With "adopt" the janitor is the supervisor from now on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "launcher/processes/service.h"
#include "launcher/processes/signals.h"
#include "launcher/run.h"
#include "launcher/service/counters.h"
#include "launcher/service/events.h"
#include "launcher/state.h"
#include "seccomp/notify.h"

enum { END_MS = 5000, STREAMS = 2 };

static const char reason[] = "its supervisor was killed";

static void end_processes(const struct run *run)
{
	struct pollfd gone = { .fd = run->init_pidfd, .events = POLLIN };

	if (run->cgroup_fd < 0 || cgroup_kill(run->cgroup_fd) < 0)
		pidfd_send_signal(run->init_pidfd, SIGKILL, NULL, 0);
	poll(&gone, 1, END_MS);
}

/* Everything that the workload had written is in the pipes, or in the memory that we share. */
static void drain_log(struct service *service)
{
	struct run *run = service->run;
	struct pollfd fds[STREAMS] = { { .fd = run->stdout_pipe[0], .events = POLLIN },
				       { .fd = run->stderr_pipe[0], .events = POLLIN } };
	uint64_t until = loop_now_ms() + END_MS;

	for (size_t i = 0; i < STREAMS; i++)
		if (fds[i].fd >= 0 && fcntl(fds[i].fd, F_SETFL, O_NONBLOCK) < 0)
			return;
	while ((fds[0].fd >= 0 || fds[1].fd >= 0) && loop_now_ms() < until) {
		if (poll(fds, STREAMS, 100) <= 0)
			continue;
		for (size_t i = 0; i < STREAMS; i++) {
			ssize_t got;

			if (!fds[i].revents)
				continue;
			got = log_writer_read(service->writer, i == 0 ? LOG_STDOUT : LOG_STDERR, fds[i].fd,
					      NULL);
			if (got == 0)
				fds[i].fd = -1;
			if (got < 0 && got != -EAGAIN && got != -EINTR)
				poll(NULL, 0, 100); /* a full disk may recover */
		}
	}
}

static void end_log(struct service *service, bool running)
{
	struct error err = { 0 };

	int r = service->writer ? log_writer_adopt(service->writer, &service->log, &err) : -ENOENT;

	/* -EBUSY: it is ours already, and something later failed. */
	if (r < 0 && r != -EBUSY)
		return;
	if (running)
		drain_log(service);
	if (log_writer_end_streams(service->writer, NULL) == 0)
		log_writer_close(service->writer);
}

static int end(struct service *service, bool running)
{
	struct record *record = &service->record;
	bool keep = service->detached && !service->remove;
	struct counters *counters = NULL;

	if (running)
		end_processes(service->run);
	end_log(service, running);
	record->status = RECORD_EXITED;
	record->by_launcher = true;
	record->finished_ns = service_now_ns();
	record->exit_status = EXIT_SIGNAL_BASE + SIGKILL;
	snprintf(record->reason, sizeof(record->reason), "%s", reason);
	if (counters_map(service->base->state_fd, &counters, NULL) == 0)
		counters->failures++;
	if (events_open(&service->spec, service->host, record->id, counters, &service->events, NULL) == 0)
		EVENTS_EMIT(service->events, "exit", { "origin", "launcher", 0 },
			    { "status", NULL, record->exit_status }, { "reason", reason, 0 });
	service->events = events_close(service->events);
	counters_unmap(counters);
	if (keep)
		service_save(service);
	return state_clean(service->base, keep) < 0;
}

/* From here on it is a supervisor like any other. */
static int take_place(struct service *service, bool running, struct error *err)
{
	struct record *record = &service->record;
	int r;

	prctl(PR_SET_NAME, "kapsel", 0, 0, 0);
	signals_block();
	r = janitor_start(service, err);
	if (r < 0)
		return r;
	if (service->run)
		service->run->janitor_fd = service->janitor_fd;
	r = janitor_share(service, err);
	if (r == 0 && service->writer)
		r = log_writer_adopt(service->writer, &service->log, err);
	if (r == 0)
		r = service_open_files(service, err);
	if (r < 0)
		return r;
	record->supervisor = record_process_of(getpid());
	record->standby = record_process_of(service->janitor);
	EVENTS_EMIT(service->events, "adopt", { "supervisor", NULL, getpid() });
	service->status = record->exit_status;
	if (!running)
		return state_clean_run(service->base);
	service->executed = service->run->adopted = true;
	if (service->run->listener_fd >= 0) {
		service->run->notify = notify_new(take_fd(&service->run->listener_fd), &service->spec, err);
		if (!service->run->notify)
			return -err->code;
	}
	r = supervisor_attach(service, err);
	if (r == 0)
		life_go_on(service);
	service_save(service);
	return r;
}

int adopt(struct service *service, bool running)
{
	struct error err = { 0 };

	if (record_read(service->base->state_fd, &service->record, NULL) < 0)
		snprintf(service->record.name, sizeof(service->record.name), "%s", service->spec.name);
	service->log.id = service->record.id;
	if (service->spec.on_supervisor_death != SPEC_ORPHAN_ADOPT)
		return end(service, running);
	if (take_place(service, running, &err) == 0)
		return service_take_over(service);
	/* Out of memory or descriptors: better ended than alone. */
	if (service->janitor > 0)
		janitor_dismiss(service, true);
	return end(service, running);
}
