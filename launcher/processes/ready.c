/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/ready.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/loop.h"
#include "launcher/processes/ready_message.h"
#include "launcher/run.h"
#include "launcher/service/foreign.h"
#include "profiles/spec.h"

/*
 * A workload may write as fast as it can. Its supervisor reads a handful of datagrams, then rests; and each
 * status goes into a file, so they are told at most twice a second, the last one always.
 */
enum { READY_ORDER = 7, AT_ONCE_MAX = 16, REST_MS = 10, STATUS_MS = 500 };

struct ready {
	struct run *run;
	struct loop *loop;
	struct ready_callbacks callbacks;
	void *arg;
	int source;
	int watchdog, rest, status_due;     /* timers */
	uint64_t watchdog_ms;               /* 0: off */
	bool is_ready, is_stopping, bitten; /* said once */
	bool has_status;                    /* waits to be told */
	char status[READY_STATUS_MAX];
	bool busy, gone; /* ready_free() within a callback: on_datagram() frees when it returns */
};

static void bite(struct ready *ready, bool triggered)
{
	if (ready->bitten)
		return;
	ready->bitten = true;
	loop_timer_stop(ready->loop, ready->watchdog);
	if (ready->callbacks.watchdog)
		ready->callbacks.watchdog(ready->arg, triggered);
}

static void feed(struct ready *ready)
{
	if (ready->bitten || ready->watchdog_ms == 0)
		loop_timer_stop(ready->loop, ready->watchdog);
	else
		loop_timer_set(ready->loop, ready->watchdog, ready->watchdog_ms);
}

static void call(void (*callback)(void *arg), void *arg, bool wanted)
{
	if (wanted && callback)
		callback(arg);
}

static void tell_status(struct ready *ready)
{
	char text[READY_STATUS_MAX];

	if (!ready->has_status || loop_timer_runs(ready->loop, ready->status_due))
		return;
	ready->has_status = false;
	memcpy(text, ready->status, sizeof(text)); /* the callback may free *ready */
	loop_timer_set(ready->loop, ready->status_due, STATUS_MS);
	if (ready->callbacks.status)
		ready->callbacks.status(ready->arg, text);
}

static int on_status_due(void *arg, struct error *err)
{
	(void)err;
	tell_status(arg);
	return 0;
}

static int on_rested(void *arg, struct error *err)
{
	struct ready *ready = arg;

	(void)err;
	loop_pause(ready->loop, ready->source, false);
	return 0;
}

/* The order is that of a life: what ends comes last. */
static void act(struct ready *ready, const struct ready_message *message)
{
	const struct ready_callbacks callbacks = ready->callbacks;
	void *arg = ready->arg;

	/* A workload may set another time, as systemd lets it, but not where the profile wants none. */
	if (message->has_watchdog_ms && ready->run->spec->watchdog_ms)
		ready->watchdog_ms = message->watchdog_ms;
	if (message->watchdog || message->has_watchdog_ms)
		feed(ready);
	if (message->has_status) {
		memcpy(ready->status, message->status, sizeof(ready->status));
		ready->has_status = true;
		tell_status(ready);
	}
	if (!ready->gone && message->ready && !ready->is_ready) {
		ready->is_ready = true;
		call(callbacks.ready, arg, true);
	}
	if (!ready->gone && message->has_extend_ms && callbacks.extend)
		callbacks.extend(arg, message->extend_ms);
	if (!ready->gone && message->stopping && !ready->is_stopping) {
		ready->is_stopping = true;
		call(callbacks.stopping, arg, true);
	}
	if (!ready->gone && message->watchdog_triggered)
		bite(ready, true);
}

static int on_datagram(void *arg, short revents, struct error *err)
{
	struct ready *ready = arg;
	bool carried = false;

	(void)revents, (void)err;
	ready->busy = true;
	loop_pause(ready->loop, ready->source, true);
	loop_timer_set(ready->loop, ready->rest, REST_MS);
	for (int i = 0; i < AT_ONCE_MAX && !ready->gone && !carried; i++) {
		char buffer[READY_DATAGRAM_MAX];
		struct ready_message message;
		ssize_t got = foreign_receive(ready->run->notify_sock, buffer, sizeof(buffer), &carried);

		if (got == -EMSGSIZE)
			continue;
		if (got < 0)
			break;
		ready_message_parse(buffer, (size_t)got, &message);
		act(ready, &message);
	}
	ready->busy = false;
	if (ready->gone)
		free(ready);
	return 0;
}

static int on_watchdog(void *arg, struct error *err)
{
	(void)err;
	bite(arg, false); /* may free it: nothing is touched after */
	return 0;
}

struct ready *ready_new(struct run *run, struct loop *loop, const struct ready_callbacks *callbacks,
			void *arg, struct error *err)
{
	struct ready *ready;
	int r;

	if (!run->spec->notify || run->notify_sock < 0)
		return NULL;
	ready = calloc(1, sizeof(*ready));
	if (!ready) {
		error_set(err, ENOMEM, "listen to the workload's notifications");
		return NULL;
	}
	*ready = (struct ready){ .run = run,
				 .loop = loop,
				 .callbacks = *callbacks,
				 .arg = arg,
				 .source = -1,
				 .watchdog = -1,
				 .rest = -1,
				 .status_due = -1 };
	ready->watchdog_ms = run->spec->watchdog_ms;
	r = ready->watchdog = loop_timer(loop, on_watchdog, ready);
	if (r >= 0)
		r = ready->rest = loop_timer(loop, on_rested, ready);
	if (r >= 0)
		r = ready->status_due = loop_timer(loop, on_status_due, ready);
	if (r >= 0)
		r = ready->source = loop_add(loop, run->notify_sock, POLLIN, READY_ORDER, on_datagram, ready);
	if (r < 0) {
		error_set(err, -r, "listen to the workload's notifications");
		return ready_free(ready);
	}
	feed(ready);
	return ready;
}

void ready_stopping(struct ready *ready)
{
	if (!ready)
		return;
	ready->bitten = true;
	loop_timer_stop(ready->loop, ready->watchdog);
}

struct ready *ready_free(struct ready *ready)
{
	if (!ready)
		return NULL;
	loop_remove(ready->loop, &ready->source);
	loop_timer_drop(ready->loop, &ready->watchdog);
	loop_timer_drop(ready->loop, &ready->rest);
	loop_timer_drop(ready->loop, &ready->status_due);
	ready->gone = true;
	if (!ready->busy)
		free(ready);
	return NULL;
}
