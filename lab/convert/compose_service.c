/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a service, as options of docker run. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/compose.h"
#include "lab/convert/compose_parts.h"
#include "lab/convert/docker.h"
#include "lab/convert/draft.h"
#include "lab/convert/unit_file.h"
#include "profiles/json.h"

/* clang-format off */
static const struct compose_key {
	const char *name;
	const char *option; /* of docker run; NULL: a function of its own, or lost */
	void (*apply)(struct service *service, const struct json *value);
	const char *lost;
} keys[] = {
	{ "annotations", "annotation", NULL, NULL },
	{ "blkio_config", NULL, NULL, "limits.io has limits for each disk" },
	{ "build", NULL, NULL, "build the image with its own tool, and unpack it" },
	{ "cap_add", "cap-add", NULL, NULL },
	{ "cap_drop", "cap-drop", NULL, NULL },
	{ "cgroup", "cgroupns", NULL, NULL },
	{ "cgroup_parent", "cgroup-parent", NULL, NULL },
	{ "command", NULL, compose_command, NULL },
	{ "configs", NULL, compose_configs, NULL },
	{ "container_name", "name", NULL, NULL },
	{ "cpu_count", "cpu-count", NULL, NULL },
	{ "cpu_percent", "cpu-percent", NULL, NULL },
	{ "cpu_period", "cpu-period", NULL, NULL },
	{ "cpu_quota", "cpu-quota", NULL, NULL },
	{ "cpu_shares", "cpu-shares", NULL, NULL },
	{ "cpus", "cpus", NULL, NULL },
	{ "cpuset", "cpuset-cpus", NULL, NULL },
	{ "depends_on", NULL, NULL, "kapsel orders nothing; units of systemd can (kapsel generate systemd)" },
	{ "deploy", NULL, compose_deploy, NULL },
	{ "device_cgroup_rules", "device-cgroup-rule", NULL, NULL },
	{ "devices", "device", NULL, NULL },
	{ "dns", "dns", NULL, NULL },
	{ "dns_opt", "dns-opt", NULL, NULL },
	{ "dns_search", "dns-search", NULL, NULL },
	{ "domainname", "domainname", NULL, NULL },
	{ "entrypoint", NULL, compose_entrypoint, NULL },
	{ "env_file", NULL, compose_env_file, NULL },
	{ "environment", "env", NULL, NULL },
	{ "expose", "expose", NULL, NULL },
	{ "extends", NULL, NULL, "write the other service's keys here" },
	{ "external_links", "link", NULL, NULL },
	{ "extra_hosts", "add-host", NULL, NULL },
	{ "group_add", "group-add", NULL, NULL },
	{ "healthcheck", NULL, compose_healthcheck, NULL },
	{ "hostname", "hostname", NULL, NULL },
	{ "image", NULL, compose_image, NULL },
	{ "init", "init", NULL, NULL },
	{ "ipc", "ipc", NULL, NULL },
	{ "labels", "label", NULL, NULL },
	{ "links", "link", NULL, NULL },
	{ "logging", NULL, compose_logging, NULL },
	{ "mac_address", "mac-address", NULL, NULL },
	{ "mem_limit", "memory", NULL, NULL },
	{ "mem_reservation", "memory-reservation", NULL, NULL },
	{ "mem_swappiness", "memory-swappiness", NULL, NULL },
	{ "memswap_limit", "memory-swap", NULL, NULL },
	{ "network_mode", "network", NULL, NULL },
	{ "networks", NULL, NULL, "kapsel makes no network: here is none; see \"listen\" and mode \"join\"" },
	{ "oom_kill_disable", "oom-kill-disable", NULL, NULL },
	{ "oom_score_adj", "oom-score-adj", NULL, NULL },
	{ "pid", "pid", NULL, NULL },
	{ "pids_limit", "pids-limit", NULL, NULL },
	{ "platform", "platform", NULL, NULL },
	{ "ports", NULL, compose_ports, NULL },
	{ "privileged", "privileged", NULL, NULL },
	{ "profiles", NULL, NULL, "start the services that you want" },
	{ "pull_policy", "pull", NULL, NULL },
	{ "read_only", "read-only", NULL, NULL },
	{ "restart", "restart", NULL, NULL },
	{ "runtime", "runtime", NULL, NULL },
	{ "scale", NULL, NULL, "a profile is one container" },
	{ "secrets", NULL, compose_secrets, NULL },
	{ "security_opt", "security-opt", NULL, NULL },
	{ "shm_size", "shm-size", NULL, NULL },
	{ "stdin_open", "interactive", NULL, NULL },
	{ "stop_grace_period", NULL, compose_stop_grace_period, NULL },
	{ "stop_signal", "stop-signal", NULL, NULL },
	{ "storage_opt", "storage-opt", NULL, NULL },
	{ "sysctls", "sysctl", NULL, NULL },
	{ "tmpfs", "tmpfs", NULL, NULL },
	{ "tty", "tty", NULL, NULL },
	{ "ulimits", NULL, compose_ulimits, NULL },
	{ "user", "user", NULL, NULL },
	{ "userns_mode", "userns", NULL, NULL },
	{ "uts", "uts", NULL, NULL },
	{ "volumes", NULL, compose_volumes, NULL },
	{ "volumes_from", "volumes-from", NULL, NULL },
	{ "working_dir", "workdir", NULL, NULL },
};
/* clang-format on */

void compose_lost(struct service *service, const struct json *value, const char *reason)
{
	draft_lost(service->docker.draft, "line %zu: %s: %s", value->place.offset,
		   value->name ? value->name : service->key, reason);
}

/* "$NAME" and "${NAME}" are put in by Compose, from a place that is not ours; "$$" is a dollar sign. */
const char *compose_text(struct service *service, const struct json *value)
{
	char *copy, *to;

	if (value->type != JSON_STRING)
		return NULL;
	copy = to = arena_strdup(service->docker.draft->arena, value->text);
	if (!copy) {
		service->docker.draft->exhausted = true;
		return NULL;
	}
	for (const char *c = value->text; *c; c++) {
		if (*c == '$' && (c[1] == '{' || c[1] == '_' || isalpha((unsigned char)c[1]))) {
			compose_lost(service, value, "a variable ($): write its value");
			return NULL;
		}
		if (*c == '$' && c[1] == '$')
			c++;
		*to++ = *c;
	}
	*to = '\0';
	return copy;
}

void compose_option(struct service *service, const char *option, const char *value)
{
	const struct docker_option *found = docker_option(option);

	if (found && value)
		docker_apply(&service->docker, found, value);
}

/* A word, a list of words, or a mapping of names to values: each becomes one option. */
void compose_each(struct service *service, const char *option, const struct json *value)
{
	if (value->type == JSON_STRING) {
		compose_option(service, option, compose_text(service, value));
		return;
	}
	for (const struct json *item = value->first; item; item = item->next) {
		const char *text = item->type == JSON_NULL ? "" : compose_text(service, item);

		if (item->type & (JSON_ARRAY | JSON_OBJECT))
			compose_lost(service, item, "a word is expected here");
		else if (text && value->type == JSON_OBJECT && item->type == JSON_NULL)
			compose_option(service, option, item->name);
		else if (text && value->type == JSON_OBJECT)
			compose_option(service, option,
				       arena_printf(service->docker.draft->arena, "%s=%s", item->name, text));
		else
			compose_option(service, option, text);
	}
}

const char *const *compose_words(struct service *service, const struct json *value, size_t *ret_n)
{
	struct arena *arena = service->docker.draft->arena;
	const char **words, *text;
	int n;

	*ret_n = 0;
	if (value->type == JSON_STRING) {
		const char *const *parsed = NULL;

		text = compose_text(service, value);
		n = text ? unit_file_words(text, arena, &parsed) : 0;
		if (n < 0)
			compose_lost(service, value, "its quotes can't be read: write a list of words");
		*ret_n = n > 0 ? (size_t)n : 0;
		return parsed;
	}
	words = arena_array(arena, value->n + 1, sizeof(*words));
	if (!words) {
		service->docker.draft->exhausted = true;
		return NULL;
	}
	for (const struct json *item = value->first; item; item = item->next) {
		text = compose_text(service, item);
		if (text)
			words[(*ret_n)++] = text;
	}
	return words;
}

static void translate(struct service *service, const struct json *value)
{
	const char *near, *names[ARRAY_SIZE(keys)];

	service->key = value->name;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		names[i] = keys[i].name;
		if (!str_equal(keys[i].name, value->name))
			continue;
		if (value->type == JSON_NULL)
			return;
		if (keys[i].apply)
			keys[i].apply(service, value);
		else if (keys[i].option)
			compose_each(service, keys[i].option, value);
		else
			compose_lost(service, value, keys[i].lost);
		return;
	}
	if (str_starts(value->name, "x-"))
		return; /* notes of the author */
	near = str_nearest(value->name, names, ARRAY_SIZE(keys));
	if (near)
		draft_lost(service->docker.draft, "line %zu: %s: no such key; did you mean %s?",
			   value->place.offset, value->name, near);
	else
		compose_lost(service, value, "no such key");
}

static void check_top(const struct compose *compose, struct draft *draft)
{
	static const char *const known[] = { "version", "name", "services", "secrets", "configs" };

	for (const struct json *value = compose->root->first; value; value = value->next) {
		bool found = str_starts(value->name, "x-");

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			found = found || str_equal(value->name, known[i]);
		if (!found)
			draft_lost(draft, "line %zu: %s: kapsel has services only", value->place.offset,
				   value->name);
	}
}

/* The first word of an entry point is the program, its others stand before those of the command. */
static int finish(struct service *service)
{
	size_t n = service->n_entry > 0 ? service->n_entry - 1 : 0;
	const char **words =
		arena_array(service->docker.draft->arena, n + service->n_command + 1, sizeof(*words));

	if (!words)
		return error_set(service->docker.err, ENOMEM, "translate the service");
	if (service->n_entry > 0) {
		service->docker.entrypoint = service->entry[0];
		memcpy(words, service->entry + 1, n * sizeof(*words));
	}
	if (service->n_command > 0)
		memcpy(words + n, service->command, service->n_command * sizeof(*words));
	return docker_finish(&service->docker, words, n + service->n_command);
}

int compose_translate(const struct compose *compose, size_t index, struct draft *draft, struct error *err)
{
	const struct json *found = compose_service(compose, index);
	struct service service = { .compose = compose };

	docker_init(&service.docker, draft, err);
	service.docker.base_dir = compose->dir;
	draft_name(draft, found->name);
	check_top(compose, draft);
	for (const struct json *value = found->first; value && service.docker.r == 0; value = value->next)
		translate(&service, value);
	return finish(&service);
}
