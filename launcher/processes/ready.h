/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the workload says of itself over sd_notify(3), with "notify": true: a datagram socket at /dev/notify
 * in the container, made by the dev step and read here, and the watchdog that misses a word.
 *
 * Every process of the container can write there. Descriptors that come along are closed at once: that is
 * all that BARRIER=1 waits for, and FDSTORE=1 gets nothing more.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

struct error;
struct loop;
struct ready;
struct run;

/* Each may be NULL. */
struct ready_callbacks {
	void (*ready)(void *arg);    /* READY=1; the first only: what follows RELOADING=1 is no news */
	void (*stopping)(void *arg); /* STOPPING=1; the first only */
	void (*status)(void *arg, const char *text); /* valid UTF-8, without control characters */
	void (*extend)(void *arg, uint64_t ms);      /* EXTEND_TIMEOUT_USEC= */
	/* "WATCHDOG=1" did not come in time, or the workload gives up itself (@triggered). Called once. */
	void (*watchdog)(void *arg, bool triggered);
};

/**
 * ready_new() - listen at run->notify_sock, and wait for the watchdog from now on
 *
 * Return: NULL with *err filled on failure, and with err->code 0 when the profile has no "notify".
 */
struct ready *ready_new(struct run *run, struct loop *loop, const struct ready_callbacks *callbacks,
			void *arg, struct error *err) _must_check_;

/** ready_stopping() - an end was asked for: the watchdog is quiet from now on. NULL is allowed. */
void ready_stopping(struct ready *ready);

/** ready_free() - stop listening; the socket stays the run's. NULL is allowed. Return: NULL. */
struct ready *ready_free(struct ready *ready);
