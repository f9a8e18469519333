/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One event as one line of JSON, in a buffer of fixed size. */
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/service/events.h"

/**
 * event_line_build() - format an event
 * @time_ns: CLOCK_REALTIME
 * @ret: EVENTS_LINE_MAX bytes; no NUL behind
 *
 * Texts that are too long are cut, with "…" at their end; the line is valid JSON whatever they hold.
 * Return: its length, the newline included.
 */
size_t event_line_build(int64_t time_ns, const char *event, const char *name, const char *id,
			const struct event_field *fields, size_t n, char ret[static EVENTS_LINE_MAX])
	_must_check_;
