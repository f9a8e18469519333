/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens around it: restarts, logs, health checks, the stop. */
#include <ctype.h>
#include <signal.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/docker.h"
#include "lab/convert/docker_parts.h"
#include "lab/convert/draft.h"
#include "lab/convert/quantities.h"
#include "profiles/spec.h"

static struct json *part(struct docker *docker, const char *name)
{
	return draft_object(docker->draft, docker->draft->root, name);
}

void docker_restart(struct docker *docker, const char *value)
{
	struct json *restart;
	uint64_t max = 0;

	if (str_equal(value, "no") || !value[0])
		return;
	restart = part(docker, "restart");
	if (str_equal(value, "always") || str_equal(value, "unless-stopped")) {
		draft_string(docker->draft, restart, "policy", "always");
		draft_string(docker->draft, restart, "max", "unlimited");
		return;
	}
	draft_string(docker->draft, restart, "policy", "on-failure");
	if (str_equal(value, "on-failure"))
		draft_string(docker->draft, restart, "max", "unlimited");
	else if (str_starts(value, "on-failure:") && str_to_u64(value + strlen("on-failure:"), &max) == 0 &&
		 max > 0 && max <= INT64_MAX)
		draft_number(docker->draft, restart, "max", (int64_t)max);
	else
		docker_fail(docker, "restart", value, "not no, on-failure[:N], always or unless-stopped");
}

void docker_log_driver(struct docker *docker, const char *value)
{
	static const char *const same[] = { "json-file", "journald", "syslog", "none" };

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (str_equal(value, same[i])) {
			draft_string(docker->draft, part(docker, "log"), "driver", value);
			return;
		}
	draft_lost(docker->draft,
		   "--log-driver %s: the log is a json-file: let a log shipper send it (docs/logging.md)",
		   value);
}

static void log_list(struct docker *docker, const char *key, const char *value)
{
	struct json *list = draft_array(docker->draft, part(docker, "log"), key);
	char *rest = arena_strdup(docker->draft->arena, value);

	while (rest) {
		const char *word = strsep(&rest, ",");

		if (word[0])
			draft_add(docker->draft, list, word);
	}
}

static void log_size(struct docker *docker, const char *whole, const char *value)
{
	uint64_t bytes = 0;

	if (str_equal(value, "-1"))
		draft_size(docker->draft, part(docker, "log"), "max_size", SPEC_UNLIMITED);
	else if (quantities_docker_size(value, &bytes) < 0)
		docker_fail(docker, "log-opt", whole, "not a size, as 10m");
	else
		draft_size(docker->draft, part(docker, "log"), "max_size", bytes);
}

static void log_files(struct docker *docker, const char *whole, const char *value)
{
	uint64_t files = 0;

	if (str_to_u64(value, &files) < 0 || files > INT64_MAX)
		docker_fail(docker, "log-opt", whole, "not a count");
	else
		draft_number(docker->draft, part(docker, "log"), "max_files", (int64_t)files);
}

static void log_tag(struct docker *docker, const char *whole, const char *value)
{
	if (strstr(value, "{{"))
		draft_lost(docker->draft, "--log-opt %s: a tag is plain text", whole);
	else
		draft_string(docker->draft, part(docker, "log"), "tag", value);
}

void docker_log_opt(struct docker *docker, const char *value)
{
	static const char *const texts[] = { "syslog-address", "syslog-facility", "syslog-format" };
	static const char *const keys[] = { "syslog_address", "syslog_facility", "syslog_format" };
	const char *equals = strchr(value, '='), *rest = equals ? equals + 1 : "";
	char *name =
		arena_memdup(docker->draft->arena, value, equals ? (size_t)(equals - value) : strlen(value));

	if (!name) {
		docker->draft->exhausted = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (str_equal(name, texts[i])) {
			draft_string(docker->draft, part(docker, "log"), keys[i], rest);
			return;
		}
	if (str_equal(name, "max-size"))
		log_size(docker, value, rest);
	else if (str_equal(name, "max-file"))
		log_files(docker, value, rest);
	else if (str_equal(name, "tag"))
		log_tag(docker, value, rest);
	else if (str_equal(name, "labels") || str_equal(name, "env"))
		log_list(docker, name, rest);
	else if (str_equal(name, "compress"))
		draft_bool(docker->draft, part(docker, "log"), "compress", str_equal(rest, "true"));
	else if (str_equal(name, "mode"))
		draft_string(docker->draft, part(docker, "log"), "on_full",
			     str_equal(rest, "non-blocking") ? "drop" : "block");
	else
		draft_lost(docker->draft, "--log-opt %s: kapsel's log has no such option", value);
}

void docker_health_cmd(struct docker *docker, const char *value)
{
	struct json *command = draft_array(docker->draft, part(docker, "health"), "command");

	draft_string(docker->draft, command, NULL, "/bin/sh");
	draft_string(docker->draft, command, NULL, "-c");
	draft_string(docker->draft, command, NULL, value);
	/* Docker tells, and leaves it running. */
	draft_string(docker->draft, part(docker, "health"), "on_failure", "report");
}

static void health_time(struct docker *docker, const char *option, const char *key, const char *value)
{
	uint64_t ms = 0;

	if (quantities_docker_time(value, &ms) < 0)
		docker_fail(docker, option, value, "not a time, as 1m30s");
	else if (ms > 0) /* 0: the default */
		draft_duration(docker->draft, part(docker, "health"), key, ms);
}

void docker_health_interval(struct docker *docker, const char *value)
{
	health_time(docker, "health-interval", "interval", value);
}

void docker_health_timeout(struct docker *docker, const char *value)
{
	health_time(docker, "health-timeout", "timeout", value);
}

void docker_health_start_period(struct docker *docker, const char *value)
{
	health_time(docker, "health-start-period", "start_period", value);
}

void docker_health_retries(struct docker *docker, const char *value)
{
	uint64_t retries = 0;

	if (str_to_u64(value, &retries) < 0 || retries > INT64_MAX)
		docker_fail(docker, "health-retries", value, "not a count");
	else if (retries > 0)
		draft_number(docker->draft, part(docker, "health"), "retries", (int64_t)retries);
}

void docker_stop_signal(struct docker *docker, const char *value)
{
	char text[32] = "SIG";
	const char *abbreviation = NULL;
	uint32_t number = 0;
	size_t n = 3;

	if (str_to_u32(value, &number) == 0) {
		abbreviation = number < 65 ? sigabbrev_np((int)number) : NULL;
		if (!abbreviation) {
			docker_fail(docker, "stop-signal", value, "no such signal");
			return;
		}
		value = abbreviation;
	}
	if (strncasecmp(value, "SIG", 3) == 0)
		value += 3;
	for (; *value && n < sizeof(text) - 1; value++)
		text[n++] = (char)toupper((unsigned char)*value);
	draft_string(docker->draft, part(docker, "stop"), "signal", text);
}

void docker_stop_timeout(struct docker *docker, const char *value)
{
	uint32_t seconds = 0;

	if (str_to_u32(value, &seconds) < 0)
		docker_fail(docker, "stop-timeout", value, "not a number of seconds");
	else
		draft_duration(docker->draft, part(docker, "stop"), "timeout", UINT64_C(1000) * seconds);
}
