/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What happens to a service, one JSON object a line, in the order in which it happened:
 *
 *	{"time":"2026-11-22T09:00:00.123456789Z","event":"exit","name":"web","id":"…","status":137,…}
 *
 * in <log_dir>/<name>/<name>-events.jsonl (0640; at 1 MiB it becomes …jsonl.1), and, where the profile
 * says so, as a datagram to a socket and as a line on the stdin of a program.
 *
 * Events and their own members:
 *
 *	start    pid, restarts, program, profile, rootfs, log_driver, log   the workload was let go
 *	ready    –                        notify: READY=1
 *	denied   layer, call, reason, answer, opens   new kinds of refusals, not each one
 *	oom      count, limit             processes were killed for memory
 *	health   status, failures, output a change between starting, healthy, unhealthy
 *	watchdog –                        WATCHDOG=1 did not come in time
 *	stop     by                       an end was asked for: "signal", "control", "health", "watchdog",
 *	                                  "runtime"
 *	kill     by, signal               a signal was sent on request: its number
 *	exit     origin, status, oom, runtime_ms, reason; where they are known and not nothing:
 *	         signal, stop_timeout_ms (it passed: by force), oom_kills, memory_peak, memory_limit,
 *	         pids_limit_hits, pids_limit, cpu_throttled, denied (refused calls), denied_calls ("mkdir 3,
 *	         ptrace 1", in the order in which they were told), killed_by (the call that seccomp killed
 *	         it for); with origin "launcher": step, error (an errno's name), remedy, and, where nothing was
 *	         started: program, profile, rootfs. A first start that fails has no other event than this one.
 *	restart  delay_ms, attempt        it will be started again
 *	give_up  attempts                 no more restarts
 *	log_loss bytes                    output was dropped
 *	log_full –                        the log can not be written, the workload waits
 *	adopt    supervisor               the standby took over from a killed supervisor
 *	enter    pid, command             a further process was let in
 *	update   what                     limits were changed
 */
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct counters;
struct error;
struct events;
struct host;
struct spec;

enum { EVENTS_LINE_MAX = 4096 };

/* A member of an event: a string, or a number where text is NULL. */
struct event_field {
	const char *name;
	const char *text;
	int64_t number;
};

/**
 * events_open() - open the event log of a service for appending
 * @id: 64 hex digits
 * @counters: counts what could not be told; may be NULL
 *
 * Return: 0, or -errno with *err filled.
 */
int events_open(const struct spec *spec, const struct host *host, const char *id, struct counters *counters,
		struct events **ret, struct error *err) _must_check_;

/** events_close() - NULL is allowed. Return: NULL. */
struct events *events_close(struct events *events);

/** events_emit() - write one event, and tell the feed and the hook. Never waits; failures are counted. */
void events_emit(struct events *events, const char *event, const struct event_field *fields, size_t n);

/* EVENTS_EMIT(events, "restart", { "delay_ms", NULL, 100 }, { "attempt", NULL, 1 }) */
#define EVENTS_EMIT(events, event, ...)                                                                      \
	events_emit(events, event, (const struct event_field[]){ __VA_ARGS__ },                              \
		    sizeof((const struct event_field[]){ __VA_ARGS__ }) / sizeof(struct event_field))

/** events_path() - the file of a service's events into @buffer. Return: @buffer. */
const char *events_path(const struct host *host, const char *name, char *buffer, size_t size);
