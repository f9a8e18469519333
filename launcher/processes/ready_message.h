/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One datagram of sd_notify(3), parsed: it comes from the workload, so everything is bounded and checked. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { READY_STATUS_MAX = 400, READY_DATAGRAM_MAX = 8192 };

struct ready_message {
	bool ready, stopping;
	bool watchdog;           /* WATCHDOG=1 */
	bool watchdog_triggered; /* WATCHDOG=trigger */
	bool has_watchdog_ms, has_extend_ms, has_status;
	uint64_t watchdog_ms;          /* WATCHDOG_USEC=; 0 switches the watchdog off */
	uint64_t extend_ms;            /* EXTEND_TIMEOUT_USEC= */
	char status[READY_STATUS_MAX]; /* STATUS=, valid UTF-8 without control characters */
};

/** ready_message_parse() - read @size bytes at @text; what is unknown or malformed is passed over. */
void ready_message_parse(const char *text, size_t size, struct ready_message *ret);
