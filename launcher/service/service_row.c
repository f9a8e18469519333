/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/service_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/log_time.h"
#include "profiles/findings.h"
#include "profiles/json.h"

enum {
	SHORT_ID = 12,
	SHORT_COMMAND = 20, /* characters, without the quotes */
	PROFILE_MAX_BYTES = 256 * 1024,
	NS_A_SECOND = 1000000000,
};

const struct service_row_heading service_row_headings[ROW_WORDS] = {
	[ROW_ID] = { "id", "CONTAINER ID", "ID" },
	[ROW_IMAGE] = { "image", "IMAGE", "Image" },
	[ROW_COMMAND] = { "command", "COMMAND", "Command" },
	[ROW_CREATED] = { "created", "CREATED", "RunningFor" },
	[ROW_STATUS] = { "status", "STATUS", "Status" },
	[ROW_PORTS] = { "ports", "PORTS", "Ports" },
	[ROW_NAME] = { "name", "NAMES", "Names" },
	[ROW_STATE] = { "state", NULL, "State" },
	[ROW_HEALTH] = { "health", NULL, "Health" },
	[ROW_LABELS] = { "labels", NULL, "Labels" },
	[ROW_CREATED_AT] = { "created_at", NULL, "CreatedAt" },
	[ROW_RESTARTS] = { "restarts", NULL, "Restarts" },
	[ROW_EXIT] = { "exit", NULL, "ExitCode" },
	[ROW_PID] = { "pid", NULL, "Pid" },
	[ROW_USER] = { "user", NULL, "User" },
	[ROW_NETWORK] = { "network", NULL, "Network" },
	[ROW_PROFILE] = { "profile", NULL, "Profile" },
	[ROW_LOG] = { "log", NULL, "LogPath" },
};

const char *service_row_age(uint64_t seconds, char *buffer, size_t size)
{
	const uint64_t minutes = seconds / 60, hours = (seconds + 1800) / 3600, days = hours / 24;

	if (seconds < 1)
		snprintf(buffer, size, "Less than a second");
	else if (seconds == 1)
		snprintf(buffer, size, "1 second");
	else if (seconds < 60)
		snprintf(buffer, size, "%" PRIu64 " seconds", seconds);
	else if (minutes == 1)
		snprintf(buffer, size, "About a minute");
	else if (minutes < 60)
		snprintf(buffer, size, "%" PRIu64 " minutes", minutes);
	else if (hours == 1)
		snprintf(buffer, size, "About an hour");
	else if (hours < 48)
		snprintf(buffer, size, "%" PRIu64 " hours", hours);
	else if (days < 14)
		snprintf(buffer, size, "%" PRIu64 " days", days);
	else if (days < 60)
		snprintf(buffer, size, "%" PRIu64 " weeks", days / 7);
	else if (days < 730)
		snprintf(buffer, size, "%" PRIu64 " months", days / 30);
	else
		snprintf(buffer, size, "%" PRIu64 " years", days / 365);
	return buffer;
}

static const char *age_since(uint64_t then_ns, uint64_t now_ns, char buffer[64])
{
	return service_row_age(now_ns > then_ns ? (now_ns - then_ns) / NS_A_SECOND : 0, buffer, 64);
}

static const char *health_suffix(const struct record *record)
{
	switch (record->health) {
	case RECORD_HEALTH_STARTING:
		return " (health: starting)";
	case RECORD_HEALTHY:
		return " (healthy)";
	case RECORD_UNHEALTHY:
		return " (unhealthy)";
	case RECORD_HEALTH_NONE:
		break;
	}
	return record->ready ? "" : " (not ready)";
}

static void fill_status(const struct record *record, uint64_t now_ns, char *ret, size_t size)
{
	char age[64];

	switch (record->status) {
	case RECORD_STARTING:
		snprintf(ret, size, "Starting");
		break;
	case RECORD_RUNNING:
		snprintf(ret, size, "Up %s%s", age_since(record->started_ns, now_ns, age),
			 health_suffix(record));
		break;
	case RECORD_RESTARTING:
		snprintf(ret, size, "Restarting (%d) %s ago", record->exit_status,
			 age_since(record->finished_ns, now_ns, age));
		break;
	case RECORD_EXITED:
		snprintf(ret, size, "Exited (%d) %s ago", record->exit_status,
			 age_since(record->finished_ns, now_ns, age));
		break;
	case RECORD_LOST:
		snprintf(ret, size, "Lost: the supervisor was killed");
		break;
	}
}

/* The first characters, in quotes, with a mark where there are more. */
static void fill_command(const char *command, bool truncate, char *ret, size_t size)
{
	const unsigned char *next = (const unsigned char *)command;
	size_t left = strlen(command), characters = 0;

	while (truncate && left > 0 && characters < SHORT_COMMAND) {
		size_t length = str_utf8_length(next, left);

		next += length ? length : 1;
		left -= length ? length : 1;
		characters++;
	}
	if (truncate && left > 0) {
		/* One less, for the mark. */
		size_t kept = (size_t)((const char *)next - command);

		do
			kept--;
		while (kept > 0 && ((unsigned char)command[kept] & 0xc0) == 0x80);
		snprintf(ret, size, "\"%.*s\u2026\"", (int)kept, command);
		return;
	}
	snprintf(ret, size, "\"%s\"", command);
}

static void append_port(const struct json *socket, char *ret, size_t size)
{
	const struct json *stream = json_get(socket, "stream"), *datagram = json_get(socket, "datagram");
	const struct json *address = stream && stream->type == JSON_STRING ? stream : datagram;
	const size_t used = strlen(ret);
	const char *protocol = "";

	if (!address || address->type != JSON_STRING)
		return;
	if (address->text[0] != '/' && address->text[0] != '@')
		protocol = address == stream ? "/tcp" : "/udp";
	snprintf(ret + used, size - used, "%s%s%s", used ? ", " : "", address->text, protocol);
}

static void fill_ports(int dir, char *ret, size_t size)
{
	_cleanup_arena_ struct arena *arena = dir >= 0 ? arena_new() : NULL;
	struct findings *findings = arena ? arena_alloc(arena, sizeof(*findings)) : NULL;
	char *text = findings ? arena_alloc(arena, PROFILE_MAX_BYTES) : NULL;
	ssize_t length = text ? fd_read_file(dir, "profile.json", text, PROFILE_MAX_BYTES) : -1;
	const struct source source = { .name = "profile.json",
				       .text = text,
				       .size = length > 0 ? (size_t)length : 0 };
	struct json *root = NULL;
	const struct json *listen;

	ret[0] = '\0';
	if (length <= 0 || json_parse(&source, JSON_STRICT, arena, findings, &root) < 0)
		return;
	listen = json_get(root, "listen");
	for (const struct json *socket = listen ? listen->first : NULL; socket; socket = socket->next)
		append_port(socket, ret, size);
}

static void fill_numbers(const struct record *record, struct service_row *ret)
{
	if (record->created_ns)
		log_time_format((int64_t)record->created_ns, ret->text[ROW_CREATED_AT]);
	snprintf(ret->text[ROW_RESTARTS], sizeof(ret->text[0]), "%" PRIu64, record->restarts);
	if (record->finished_ns)
		snprintf(ret->text[ROW_EXIT], sizeof(ret->text[0]), "%d", record->exit_status);
	if (record->status == RECORD_RUNNING)
		snprintf(ret->text[ROW_PID], sizeof(ret->text[0]), "%d", (int)record->payload_pid);
}

void service_row_fill(const struct record *record, int dir, uint64_t now_ns, bool truncate,
		      struct service_row *ret)
{
	const size_t size = sizeof(ret->text[0]);
	char age[64];

	*ret = (struct service_row){ 0 };
	snprintf(ret->text[ROW_ID], size, "%.*s", truncate ? SHORT_ID : RECORD_ID_SIZE, record->id);
	snprintf(ret->text[ROW_IMAGE], size, "%s", record->rootfs);
	fill_command(record->command, truncate, ret->text[ROW_COMMAND], size);
	snprintf(ret->text[ROW_CREATED], size, "%s ago", age_since(record->created_ns, now_ns, age));
	fill_status(record, now_ns, ret->text[ROW_STATUS], size);
	fill_ports(dir, ret->text[ROW_PORTS], size);
	snprintf(ret->text[ROW_NAME], size, "%s", record->name);
	snprintf(ret->text[ROW_STATE], size, "%s", record_status_name(record->status));
	snprintf(ret->text[ROW_HEALTH], size, "%s", record_health_name(record->health));
	snprintf(ret->text[ROW_LABELS], size, "%s", record->labels);
	snprintf(ret->text[ROW_USER], size, "%s", record->user);
	snprintf(ret->text[ROW_NETWORK], size, "%s", record->network);
	snprintf(ret->text[ROW_PROFILE], size, "%s", record->profile);
	snprintf(ret->text[ROW_LOG], size, "%s", record->log_path);
	fill_numbers(record, ret);
}
