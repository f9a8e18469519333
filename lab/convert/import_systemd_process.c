/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What runs, as whom, and its life: systemd.service(5). */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "lab/convert/import_systemd_parts.h"
#include "lab/convert/quantities.h"
#include "lab/convert/unit_file.h"
#include "profiles/spec.h"

static struct json *part(struct systemd *systemd, const char *name)
{
	return draft_object(systemd->draft, systemd->draft->root, name);
}

void systemd_exec_start(struct systemd *systemd, const char *value)
{
	size_t prefix = strspn(value, "-@:+!|");
	const char *const *words;
	size_t n = 0;

	if (!value[0])
		return;
	if (systemd->command) {
		systemd_lost(systemd, "a container has one command");
		return;
	}
	words = systemd_words(systemd);
	if (!words)
		return;
	while (words[n])
		n++;
	if (memchr(value, '+', prefix) || memchr(value, '!', prefix))
		draft_lost(systemd->draft, "ExecStart=: the prefix %.*s: everything runs restricted",
			   (int)prefix, value);
	if (memchr(value, '@', prefix)) {
		systemd_lost(systemd, "the prefix @: argv[0] is the program's path");
		return;
	}
	for (size_t i = 1; i < n; i++)
		if (strchr(words[i], '$') && !memchr(value, ':', prefix))
			draft_lost(systemd->draft,
				   "ExecStart=: \"%s\": variables are not put in: write the value", words[i]);
	if (n > 0) {
		const char *first[UNIT_WORDS_MAX + 1];

		memcpy(first, words, n * sizeof(*first));
		first[0] += prefix;
		draft_command(systemd->draft, first, n);
		systemd->command = true;
	}
}

void systemd_type(struct systemd *systemd, const char *value)
{
	if (str_starts(value, "notify")) {
		draft_bool(systemd->draft, systemd->draft->root, "notify", true);
		systemd->notify = true;
	} else if (str_equal(value, "forking")) {
		systemd_lost(systemd,
			     "the command must stay in the foreground: look for an option such as -n, -D "
			     "or --no-daemon");
	} else if (str_equal(value, "dbus") || str_equal(value, "idle")) {
		systemd_lost(systemd, "kapsel takes it for running when it was executed");
	}
}

void systemd_user(struct systemd *systemd, const char *value)
{
	systemd->user = value[0] ? value : NULL;
}

void systemd_group(struct systemd *systemd, const char *value)
{
	systemd->group = value[0] ? value : NULL;
}

void systemd_supplementary_groups(struct systemd *systemd, const char *value)
{
	const char *const *words = systemd_words(systemd);
	uint32_t gid = 0;

	(void)value;
	for (; words && *words; words++) {
		if (str_to_u32(*words, &gid) < 0) {
			systemd_lost(systemd, "a profile has numbers: see /etc/group");
			continue;
		}
		draft_number(systemd->draft, draft_array(systemd->draft, part(systemd, "user"), "groups"),
			     NULL, gid);
		draft_number(systemd->draft, part(systemd, "user"), "host_range", 65536);
	}
}

void systemd_environment(struct systemd *systemd, const char *value)
{
	const char *const *words = systemd_words(systemd);

	(void)value;
	for (; words && *words; words++) {
		const char *equals = strchr(*words, '=');
		char *name = equals ? arena_memdup(systemd->draft->arena, *words, (size_t)(equals - *words))
				    : NULL;

		if (name)
			draft_env(systemd->draft, name, equals + 1);
		else
			systemd_lost(systemd, "not NAME=VALUE");
	}
}

void systemd_pass_environment(struct systemd *systemd, const char *value)
{
	const char *const *words = systemd_words(systemd);

	(void)value;
	for (; words && *words; words++)
		draft_add(systemd->draft, draft_array(systemd->draft, systemd->draft->root, "env_from_host"),
			  *words);
}

void systemd_working_directory(struct systemd *systemd, const char *value)
{
	if (value[0] == '-')
		value++;
	if (value[0] == '/')
		draft_string(systemd->draft, systemd->draft->root, "workdir", value);
	else if (value[0])
		systemd_lost(systemd, "write the absolute path");
}

void systemd_root_directory(struct systemd *systemd, const char *value)
{
	if (value[0] != '/')
		systemd_lost(systemd, "write the absolute path");
}

void systemd_umask(struct systemd *systemd, const char *value)
{
	char text[16];

	snprintf(text, sizeof(text), "%s%.8s", value[0] == '0' ? "" : "0", value);
	draft_string(systemd->draft, systemd->draft->root, "umask", text);
}

void systemd_description(struct systemd *systemd, const char *value)
{
	draft_string(systemd->draft, systemd->draft->root, "description", value);
}

void systemd_restart(struct systemd *systemd, const char *value)
{
	if (str_equal(value, "no") || !value[0])
		return;
	if (str_equal(value, "always")) {
		draft_string(systemd->draft, part(systemd, "restart"), "policy", "always");
		return;
	}
	if (str_equal(value, "on-success")) {
		systemd_lost(systemd, "kapsel restarts what failed, or everything");
		return;
	}
	draft_string(systemd->draft, part(systemd, "restart"), "policy", "on-failure");
	if (!str_equal(value, "on-failure"))
		draft_note(systemd->draft,
			   "restart: %s has become on-failure: also after a status other than 0", value);
}

static bool read_time(struct systemd *systemd, const char *value, uint64_t *ret)
{
	if (quantities_systemd_time(value, ret) == 0)
		return true;
	systemd_lost(systemd, "not a time");
	return false;
}

void systemd_restart_sec(struct systemd *systemd, const char *value)
{
	uint64_t ms = 0;

	if (!read_time(systemd, value, &ms))
		return;
	if (ms < 10 || ms > 60000)
		systemd_lost(systemd, "the first wait is from 10 ms to 60 s");
	else
		draft_duration(systemd->draft, part(systemd, "restart"), "delay", ms);
}

void systemd_start_limit_burst(struct systemd *systemd, const char *value)
{
	uint32_t max = 0;

	if (str_to_u32(value, &max) < 0 || max == 0)
		systemd_lost(systemd, "not a count");
	else
		draft_number(systemd->draft, part(systemd, "restart"), "max", max);
}

void systemd_watchdog_sec(struct systemd *systemd, const char *value)
{
	uint64_t ms = 0;

	if (!read_time(systemd, value, &ms) || ms == 0 || ms == SPEC_UNLIMITED)
		return;
	draft_bool(systemd->draft, systemd->draft->root, "notify", true);
	draft_duration(systemd->draft, systemd->draft->root, "watchdog", ms);
}

void systemd_timeout_stop_sec(struct systemd *systemd, const char *value)
{
	uint64_t ms = 0;

	if (!read_time(systemd, value, &ms))
		return;
	if (ms == SPEC_UNLIMITED)
		systemd_lost(systemd, "a stop always ends");
	else
		draft_duration(systemd->draft, part(systemd, "stop"), "timeout", ms);
}

void systemd_runtime_max_sec(struct systemd *systemd, const char *value)
{
	uint64_t ms = 0;

	if (read_time(systemd, value, &ms) && ms != SPEC_UNLIMITED && ms > 0)
		draft_duration(systemd->draft, part(systemd, "limits"), "runtime", ms);
}

void systemd_kill_signal(struct systemd *systemd, const char *value)
{
	draft_string(systemd->draft, part(systemd, "stop"), "signal", value);
}

void systemd_standard_output(struct systemd *systemd, const char *value)
{
	bool error = str_equal(systemd->setting->key, "StandardError");

	if (str_starts(value, "journal") && !error)
		draft_string(systemd->draft, part(systemd, "log"), "driver", "journald");
	else if (str_equal(value, "null") && !error)
		draft_string(systemd->draft, part(systemd, "log"), "driver", "none");
	else if (str_equal(value, "syslog") && !error)
		draft_string(systemd->draft, part(systemd, "log"), "driver", "syslog");
	else if (!str_equal(value, "inherit") && !(error && str_starts(value, "journal")) && value[0])
		systemd_lost(systemd, error ? "both streams go to the log" : "see \"log\"");
}

void systemd_standard_input(struct systemd *systemd, const char *value)
{
	if (!str_equal(value, "null") && value[0])
		systemd_lost(systemd, "stdin is null, or the caller's (\"stdin\": \"inherit\")");
}

void systemd_syslog_identifier(struct systemd *systemd, const char *value)
{
	draft_string(systemd->draft, part(systemd, "log"), "tag", value);
}
