/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/health.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "launcher/processes/extra.h"
#include "launcher/processes/health_state.h"
#include "launcher/run.h"
#include "profiles/spec.h"

enum {
	OUTPUT_ORDER = 8,
	/* A check that writes more is left with a full pipe until its time is up. */
	OUTPUT_READ_MAX = 1024 * 1024,
};

struct health {
	struct run *run;
	struct loop *loop;
	void (*report)(void *arg, const struct health_report *report);
	void *arg;

	struct health_state state;
	int due; /* timer: the next check, or the end of the patience with this one */
	struct extra *check;
	bool timed_out;
	bool forgotten; /* health_free() was called while a check ran: it frees when that has ended */
	int pipe;       /* read end */
	int source;
	size_t read; /* bytes of this check */
	char output[HEALTH_OUTPUT_MAX];
	size_t n_output;
};

static void check_ended(void *arg, int wait_status, const struct error *failure);

/* Keeps the last bytes. */
static void keep(struct health *health, const char *data, size_t size)
{
	const size_t room = sizeof(health->output) - 1;

	if (size >= room) {
		memcpy(health->output, data + size - room, room);
		health->n_output = room;
		return;
	}
	if (health->n_output + size > room) {
		size_t excess = health->n_output + size - room;

		memmove(health->output, health->output + excess, health->n_output - excess);
		health->n_output -= excess;
	}
	memcpy(health->output + health->n_output, data, size);
	health->n_output += size;
}

/* Return: false when there is nothing more for now, or for good. */
static bool read_some(struct health *health)
{
	char buffer[4096];
	ssize_t got = read(health->pipe, buffer, sizeof(buffer));

	if (got > 0) {
		keep(health, buffer, (size_t)got);
		health->read += (size_t)got;
		return health->read < OUTPUT_READ_MAX;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		loop_remove(health->loop, &health->source);
	return false;
}

static int on_output(void *arg, short revents, struct error *err)
{
	struct health *health = arg;

	(void)revents, (void)err;
	read_some(health);
	if (health->read >= OUTPUT_READ_MAX)
		loop_remove(health->loop, &health->source);
	return 0;
}

static void close_output(struct health *health)
{
	loop_remove(health->loop, &health->source);
	fd_close(&health->pipe);
}

static void say(struct health *health, const char *text)
{
	if (health->n_output > 0 && health->output[health->n_output - 1] != '\n')
		keep(health, "\n", 1);
	keep(health, text, strlen(text));
}

/* The check's result is known; the next one is due an interval later. */
static void conclude(struct health *health, bool success)
{
	struct health_report report = { .success = success };
	uint64_t now = loop_now_ms();

	report.changed = health_state_result(&health->state, now, success);
	report.state = health->state.state;
	report.failures = health->state.failures;
	report.act = report.changed && report.state == RECORD_UNHEALTHY &&
		     health->state.spec->on_failure == SPEC_HEALTH_RESTART;
	memcpy(report.output, health->output, health->n_output);
	loop_timer_set(health->loop, health->due, health_state_wait(&health->state, now));
	health->report(health->arg, &report);
}

static void fail(struct health *health, const struct error *failure)
{
	char text[HEALTH_OUTPUT_MAX];

	snprintf(text, sizeof(text), "the check did not run: %.300s: %s", failure->msg,
		 error_name(failure->code));
	say(health, text);
	conclude(health, false);
}

static int open_output(struct health *health, int ret_fds[3], struct error *err)
{
	const struct run *run = health->run;
	uid_t uid = run->host_range == 1 ? run->host_id : run->host_id + run->spec->user.uid;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "create the pipe for a check's output");
	/* So that the check may open /dev/stderr; only root can give it away, and only that needs it. */
	if (geteuid() == 0 && fchown(ends[1], uid, (gid_t)-1) < 0)
		error_set(err, errno, "give the pipe to the workload's id");
	health->pipe = ends[0];
	ret_fds[1] = ends[1];
	ret_fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ret_fds[2] = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
	if (ret_fds[0] < 0 || ret_fds[2] < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, errno, "prepare a check's streams");
	health->source = loop_add(health->loop, health->pipe, POLLIN, OUTPUT_ORDER, on_output, health);
	return health->source < 0 ? error_set(err, -health->source, "read a check's output") : 0;
}

static void begin_check(struct health *health)
{
	const struct spec_health *spec = health->state.spec;
	struct extra_request request = { .argv = spec->command.items, .fds = { -1, -1, -1 }, .urgent = true };
	struct error err = { 0 };
	int r;

	health->n_output = health->read = 0;
	health->timed_out = false;
	r = open_output(health, request.fds, &err);
	if (r == 0)
		r = extra_start(health->run, health->loop, &request, check_ended, health, &health->check,
				&err);
	for (size_t i = 0; i < ARRAY_SIZE(request.fds); i++)
		fd_close(&request.fds[i]);
	if (r == 0) {
		loop_timer_set(health->loop, health->due, spec->timeout_ms);
		return;
	}
	health->check = NULL;
	close_output(health);
	fail(health, &err);
}

static int on_due(void *arg, struct error *err)
{
	struct health *health = arg;

	(void)err;
	if (!health->check) {
		begin_check(health);
		return 0;
	}
	if (health->timed_out) {
		/* Killed, and still not reported as ended: init itself is stopped, or frozen. */
		say(health, "the check does not end: the container's init does not answer");
		conclude(health, false);
		return 0;
	}
	health->timed_out = true;
	loop_timer_set(health->loop, health->due, health->state.spec->timeout_ms);
	extra_kill(health->check);
	return 0;
}

static void check_ended(void *arg, int wait_status, const struct error *failure)
{
	struct health *health = arg;
	char text[100];

	health->check = NULL;
	if (health->forgotten) {
		free(health);
		return;
	}
	while (health->source >= 0 && read_some(health))
		;
	close_output(health);
	if (!health->run->extras)
		return; /* extra_end_all(): the run is over, which says nothing about its health */
	if (health->timed_out) {
		snprintf(text, sizeof(text), "the check was killed after %llu ms",
			 (unsigned long long)health->state.spec->timeout_ms);
		say(health, text);
		conclude(health, false);
	} else if (failure) {
		fail(health, failure);
	} else {
		conclude(health, WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
	}
}

struct health *health_new(struct run *run, struct loop *loop,
			  void (*report)(void *arg, const struct health_report *report), void *arg,
			  struct error *err)
{
	struct health *health;
	uint64_t now = loop_now_ms();

	if (run->spec->health.command.n == 0)
		return NULL;
	health = calloc(1, sizeof(*health));
	if (!health) {
		error_set(err, ENOMEM, "begin with the health checks");
		return NULL;
	}
	*health = (struct health){
		.run = run, .loop = loop, .report = report, .arg = arg, .pipe = -1, .source = -1
	};
	health->state = health_state_begin(&run->spec->health, now);
	health->due = loop_timer(loop, on_due, health);
	if (health->due < 0) {
		error_set(err, -health->due, "set the timer of the health checks");
		free(health);
		return NULL;
	}
	loop_timer_set(loop, health->due, health_state_wait(&health->state, now));
	return health;
}

void health_resume(struct health *health, enum record_health state, uint64_t failures, uint64_t began_ms)
{
	if (!health || state == RECORD_HEALTH_NONE)
		return;
	health->state.state = state;
	health->state.failures = failures;
	health->state.started_ms = began_ms;
}

struct health *health_free(struct health *health)
{
	if (!health)
		return NULL;
	loop_timer_drop(health->loop, &health->due);
	close_output(health);
	if (health->check) {
		health->forgotten = true;
		extra_kill(health->check);
	} else {
		free(health);
	}
	return NULL;
}
