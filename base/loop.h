/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One poll loop for a process that mostly sleeps: descriptors and timers with a function each.
 * Nothing allocates after loop_new(), and where nothing happens nothing wakes: the next timer
 * is the timeout of poll(2).
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

struct error;
struct loop;

enum { LOOP_SOURCES_MAX = 64, LOOP_TIMERS_MAX = 16 };

/** loop_new() - Return: an empty loop, NULL when memory is exhausted. */
struct loop *loop_new(void) _must_check_;

/** loop_free() - free it; the descriptors stay the caller's. NULL is allowed. */
struct loop *loop_free(struct loop *loop);

/**
 * loop_add() - call @ready whenever @fd has one of @events (poll(2)), or an error or a hang-up
 * @order: of several ready ones the lower goes first
 * @ready: may add and remove sources, its own too; a negative return ends loop_step() with it
 *
 * Return: the source's number, or -ENOSPC.
 */
int loop_add(struct loop *loop, int fd, short events, int order,
	     int (*ready)(void *arg, short revents, struct error *err), void *arg) _must_check_;

/** loop_pause() - leave the source out until it is resumed: a hang-up can't be masked otherwise. */
void loop_pause(struct loop *loop, int source, bool paused);

/** loop_remove() - forget the source and make *source -1; -1 is allowed. The descriptor stays open. */
void loop_remove(struct loop *loop, int *source);

/** loop_timer() - a timer, not set yet; it calls @due once per setting. Return: its number, or -ENOSPC. */
int loop_timer(struct loop *loop, int (*due)(void *arg, struct error *err), void *arg) _must_check_;

/** loop_timer_set() - let it be due in @ms from now; replaces an earlier setting. */
void loop_timer_set(struct loop *loop, int timer, uint64_t ms);

/** loop_timer_stop() - not due any more. */
void loop_timer_stop(struct loop *loop, int timer);

/** loop_timer_runs() - Return: whether it is set. */
bool loop_timer_runs(const struct loop *loop, int timer);

/** loop_timer_drop() - forget the timer and make *timer -1; -1 is allowed. */
void loop_timer_drop(struct loop *loop, int *timer);

/**
 * loop_step() - wait until something is ready or due, then call the functions of all that are
 * @wait: false: only what is ready now
 *
 * Return: how many functions were called (0: none was ready, or a signal came), or a function's -errno.
 */
int loop_step(struct loop *loop, bool wait, struct error *err) _must_check_;

/** loop_now_ms() - Return: CLOCK_MONOTONIC in milliseconds. */
uint64_t loop_now_ms(void);
