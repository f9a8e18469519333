/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One service as `ps` shows it, in Docker's words. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/service/record.h"

enum service_row_word {
	ROW_ID,
	ROW_IMAGE, /* the root file system */
	ROW_COMMAND,
	ROW_CREATED, /* "2 minutes ago" */
	ROW_STATUS,  /* "Up 2 minutes (healthy)" */
	ROW_PORTS,   /* the sockets of "listen" */
	ROW_NAME,
	ROW_TABLE_COLUMNS,
	/* Only for --format and --json. */
	ROW_STATE = ROW_TABLE_COLUMNS, /* "running" */
	ROW_HEALTH,
	ROW_LABELS,
	ROW_CREATED_AT, /* RFC 3339 */
	ROW_RESTARTS,
	ROW_EXIT,
	ROW_PID, /* the workload's, on the host */
	ROW_USER,
	ROW_NETWORK,
	ROW_PROFILE,
	ROW_LOG,
	ROW_WORDS,
};

struct service_row_heading {
	const char *word;  /* in --format: "name" */
	const char *title; /* of the column; NULL: it is none */
	const char *key;   /* in --json, Docker's where it has one */
};

extern const struct service_row_heading service_row_headings[ROW_WORDS];

struct service_row {
	char text[ROW_WORDS][RECORD_PATH_MAX];
};

/**
 * service_row_fill() - the texts, not yet escaped for a terminal
 * @dir: the service's directory, for its sockets; -1: they are left out
 * @truncate: a short id and the command's beginning
 */
void service_row_fill(const struct record *record, int dir, uint64_t now_ns, bool truncate,
		      struct service_row *ret);

/** service_row_age() - "About an hour", as Docker rounds it. Return: @buffer. */
const char *service_row_age(uint64_t seconds, char *buffer, size_t size);
