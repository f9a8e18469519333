/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/supervisor_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "launcher/processes/service.h"
#include "launcher/run.h"
#include "launcher/service/counters.h"
#include "launcher/service/events.h"

/* A log that can't be written is tried again after this. */
enum { LOG_RETRY_MS = 100 };

/* The compressor's child comes and goes with rotations. */
static int on_compressed(void *arg, short revents, struct error *err);

static void watch_compressor(struct service *service)
{
	int pidfd = log_writer_compressing(service->writer);

	loop_remove(service->loop, &service->sources.compress);
	if (pidfd >= 0)
		service->sources.compress =
			loop_add(service->loop, pidfd, POLLIN, SUPERVISOR_MEMORY, on_compressed, service);
}

static int on_compressed(void *arg, short revents, struct error *err)
{
	struct service *service = arg;

	(void)revents, (void)err;
	log_writer_reap(service->writer);
	watch_compressor(service);
	return 0;
}

static void tell_log_loss(struct service *service)
{
	uint64_t dropped = log_writer_dropped(service->writer);

	service->counters->log_dropped_bytes += dropped - service->log_dropped;
	EVENTS_EMIT(service->events, "log_loss",
		    { "bytes", NULL, (int64_t)(dropped - service->log_dropped) });
	service->log_dropped = dropped;
}

/* After each attempt to write: pipes wait while the log does. */
static void follow_log(struct service *service, const struct error *err)
{
	bool stalled = log_writer_stalled(service->writer), blocked = log_writer_blocked(service->writer);

	if (stalled && !service->log_broken) {
		service->log_broken = true;
		EVENTS_EMIT(service->events, "log_full", { "reason", err ? err->msg : "", 0 });
		if (err)
			error_print(service_stderr(), err);
	}
	if (!stalled && service->log_broken) {
		service->log_broken = false;
		if (log_writer_dropped(service->writer) > service->log_dropped)
			tell_log_loss(service);
	}
	loop_pause(service->loop, service->sources.out, blocked);
	loop_pause(service->loop, service->sources.err, blocked);
	if (stalled)
		loop_timer_set(service->loop, service->sources.log_timer, LOG_RETRY_MS);
	if (log_writer_compressing(service->writer) >= 0 && service->sources.compress < 0)
		watch_compressor(service);
}

static int on_log_timer(void *arg, struct error *err)
{
	struct service *service = arg;
	struct error failure = { 0 };

	(void)err;
	if (service->writer)
		follow_log(service, log_writer_flush(service->writer, &failure) < 0 ? &failure : NULL);
	return 0;
}

static int take_output(struct service *service, enum log_stream stream, int *fd, int *source)
{
	struct error failure = { 0 };
	ssize_t got = log_writer_read(service->writer, stream, *fd, &failure);

	if (got == 0) {
		loop_remove(service->loop, source);
		fd_close(fd);
	}
	if (got > 0)
		service->counters->log_bytes += (uint64_t)got;
	follow_log(service, got < 0 && got != -EAGAIN && got != -EINTR ? &failure : NULL);
	return 0;
}

static int on_stdout(void *arg, short revents, struct error *err)
{
	struct service *service = arg;

	(void)revents, (void)err;
	return take_output(service, LOG_STDOUT, &service->run->stdout_pipe[0], &service->sources.out);
}

static int on_stderr(void *arg, short revents, struct error *err)
{
	struct service *service = arg;

	(void)revents, (void)err;
	return take_output(service, LOG_STDERR, &service->run->stderr_pipe[0], &service->sources.err);
}

static int add(struct service *service, int *source, int fd, int (*ready)(void *, short, struct error *),
	       struct error *err)
{
	*source = fd < 0 ? -1 : loop_add(service->loop, fd, POLLIN, SUPERVISOR_OUTPUT, ready, service);
	return fd >= 0 && *source < 0 ? error_set(err, ENOSPC, "watch over the workload's output") : 0;
}

int supervisor_output_add(struct service *service, struct error *err)
{
	struct service_sources *s = &service->sources;
	struct run *run = service->run;
	int *const pipes[] = { &run->stdout_pipe[0], &run->stderr_pipe[0] };
	int r;

	for (size_t i = 0; i < 2; i++)
		if (*pipes[i] >= 0 && fcntl(*pipes[i], F_SETFL, O_NONBLOCK) < 0)
			return error_set(err, errno, "prepare the workload's output");
	if (s->log_timer < 0)
		s->log_timer = loop_timer(service->loop, on_log_timer, service);
	if (s->log_timer < 0)
		return error_set(err, ENOSPC, "set the timer of the log");
	r = add(service, &s->out, run->stdout_pipe[0], on_stdout, err);
	if (r == 0)
		r = add(service, &s->err, run->stderr_pipe[0], on_stderr, err);
	return r;
}
