/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

struct source {
	int fd; /* -1: the place is free */
	int order;
	short events;
	bool paused;
	uint64_t serial; /* no two sources have the same */
	int (*ready)(void *arg, short revents, struct error *err);
	void *arg;
};

struct timer {
	uint64_t at_ms; /* 0: not set */
	int (*due)(void *arg, struct error *err);
	void *arg;
};

struct loop {
	uint64_t serial; /* of the youngest source */
	struct source sources[LOOP_SOURCES_MAX];
	struct timer timers[LOOP_TIMERS_MAX];
};

uint64_t loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	for (size_t i = 0; loop && i < LOOP_SOURCES_MAX; i++)
		loop->sources[i].fd = -1;
	return loop;
}

struct loop *loop_free(struct loop *loop)
{
	free(loop);
	return NULL;
}

int loop_add(struct loop *loop, int fd, short events, int order,
	     int (*ready)(void *arg, short revents, struct error *err), void *arg)
{
	for (int i = 0; i < LOOP_SOURCES_MAX; i++) {
		if (loop->sources[i].fd >= 0)
			continue;
		loop->sources[i] = (struct source){ fd, order, events, false, ++loop->serial, ready, arg };
		return i;
	}
	return -ENOSPC;
}

void loop_pause(struct loop *loop, int source, bool paused)
{
	if (source >= 0)
		loop->sources[source].paused = paused;
}

void loop_remove(struct loop *loop, int *source)
{
	if (*source >= 0)
		loop->sources[*source] = (struct source){ .fd = -1 };
	*source = -1;
}

int loop_timer(struct loop *loop, int (*due)(void *arg, struct error *err), void *arg)
{
	for (int i = 0; i < LOOP_TIMERS_MAX; i++) {
		if (loop->timers[i].due)
			continue;
		loop->timers[i] = (struct timer){ .due = due, .arg = arg };
		return i;
	}
	return -ENOSPC;
}

void loop_timer_set(struct loop *loop, int timer, uint64_t ms)
{
	uint64_t now = loop_now_ms();

	/* Rounded down to a millisecond the clock may be almost one late: a timer is never early. */
	loop->timers[timer].at_ms = ms < UINT64_MAX - now - 1 ? now + ms + 1 : UINT64_MAX;
}

void loop_timer_stop(struct loop *loop, int timer)
{
	if (timer >= 0)
		loop->timers[timer].at_ms = 0;
}

bool loop_timer_runs(const struct loop *loop, int timer)
{
	return timer >= 0 && loop->timers[timer].at_ms != 0;
}

void loop_timer_drop(struct loop *loop, int *timer)
{
	if (*timer >= 0)
		loop->timers[*timer] = (struct timer){ 0 };
	*timer = -1;
}

/* For poll(2): until the next timer, -1 without one. */
static int time_left(const struct loop *loop)
{
	uint64_t next = UINT64_MAX, now;

	for (size_t i = 0; i < LOOP_TIMERS_MAX; i++)
		if (loop->timers[i].at_ms && loop->timers[i].at_ms < next)
			next = loop->timers[i].at_ms;
	if (next == UINT64_MAX)
		return -1;
	now = loop_now_ms();
	if (next <= now)
		return 0;
	return next - now > INT_MAX ? INT_MAX : (int)(next - now);
}

static int call_due(struct loop *loop, struct error *err)
{
	uint64_t now = loop_now_ms();
	int n = 0;

	for (size_t i = 0; i < LOOP_TIMERS_MAX; i++) {
		struct timer *timer = &loop->timers[i];
		int r;

		if (!timer->at_ms || timer->at_ms > now)
			continue;
		timer->at_ms = 0;
		r = timer->due(timer->arg, err);
		if (r < 0)
			return r;
		n++;
	}
	return n;
}

/* The polled sources, by order. Return: how many. */
static nfds_t collect(const struct loop *loop, struct pollfd fds[LOOP_SOURCES_MAX],
		      int numbers[LOOP_SOURCES_MAX])
{
	nfds_t n = 0;

	for (int i = 0; i < LOOP_SOURCES_MAX; i++) {
		const struct source *source = &loop->sources[i];
		nfds_t at = n;

		if (source->fd < 0 || source->paused)
			continue;
		for (; at > 0 && loop->sources[numbers[at - 1]].order > source->order; at--) {
			numbers[at] = numbers[at - 1];
			fds[at] = fds[at - 1];
		}
		numbers[at] = i;
		fds[at] = (struct pollfd){ .fd = source->fd, .events = source->events };
		n++;
	}
	return n;
}

int loop_step(struct loop *loop, bool wait, struct error *err)
{
	struct pollfd fds[LOOP_SOURCES_MAX];
	const uint64_t youngest = loop->serial;
	int numbers[LOOP_SOURCES_MAX], called = 0, r;
	nfds_t n = collect(loop, fds, numbers);

	r = poll(fds, n, wait ? time_left(loop) : 0);
	if (r < 0 && errno != EINTR)
		return error_set(err, errno, "wait for something to happen");
	for (nfds_t i = 0; r > 0 && i < n; i++) {
		struct source *source = &loop->sources[numbers[i]];
		int result;

		/* An earlier function may have removed it, or put another one in its place, even one with the
		 * same descriptor. */
		if (!fds[i].revents || source->fd != fds[i].fd || source->serial > youngest || source->paused)
			continue;
		result = source->ready(source->arg, fds[i].revents, err);
		if (result < 0)
			return result;
		called++;
	}
	r = call_due(loop, err);
	return r < 0 ? r : called + r;
}
