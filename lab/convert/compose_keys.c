/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/compose.h"
#include "lab/convert/compose_parts.h"
#include "lab/convert/draft.h"
#include "lab/convert/quantities.h"
#include "profiles/json.h"

static struct arena *arena_of(struct service *service)
{
	return service->docker.draft->arena;
}

/* The member's text, NULL where there is none. */
static const char *member(struct service *service, const struct json *object, const char *name)
{
	const struct json *value = json_get(object, name);

	return value ? compose_text(service, value) : NULL;
}

/* What of an object is not in the list. */
static void lose_others(struct service *service, const struct json *object, const char *const *known,
			size_t n)
{
	for (const struct json *value = object->first; value; value = value->next) {
		bool found = false;

		for (size_t i = 0; i < n; i++)
			found = found || str_equal(known[i], value->name);
		if (!found)
			draft_lost(service->docker.draft, "line %zu: %s.%s: kapsel has no such setting",
				   value->place.offset, service->key, value->name);
	}
}

void compose_image(struct service *service, const struct json *value)
{
	service->docker.image = compose_text(service, value);
}

void compose_command(struct service *service, const struct json *value)
{
	service->command = compose_words(service, value, &service->n_command);
}

void compose_entrypoint(struct service *service, const struct json *value)
{
	service->entry = compose_words(service, value, &service->n_entry);
}

/* "./x", "../x": from the directory of the compose file. */
static const char *beside(struct service *service, const char *path)
{
	return path[0] == '/' ? path : arena_printf(arena_of(service), "%s/%s", service->compose->dir, path);
}

void compose_env_file(struct service *service, const struct json *value)
{
	const struct json *item = value->type == JSON_STRING ? value : value->first;

	for (; item; item = item->next) {
		const struct json *path = item->type == JSON_OBJECT ? json_get(item, "path") : item;
		const char *text = path ? compose_text(service, path) : NULL;

		if (text)
			compose_option(service, "env-file", beside(service, text));
		if (item == value)
			break;
	}
}

void compose_logging(struct service *service, const struct json *value)
{
	static const char *const known[] = { "driver", "options" };
	const struct json *options = json_get(value, "options");

	compose_option(service, "log-driver", member(service, value, "driver"));
	if (options)
		compose_each(service, "log-opt", options);
	lose_others(service, value, known, ARRAY_SIZE(known));
}

static void health_command(struct service *service, const struct json *test)
{
	struct draft *draft = service->docker.draft;
	struct json *health;
	const char *const *words;
	size_t n;

	words = test->type == JSON_STRING ? NULL : compose_words(service, test, &n);
	if (test->type == JSON_STRING) {
		compose_option(service, "health-cmd", compose_text(service, test));
	} else if (!words || n == 0 || str_equal(words[0], "NONE")) {
		return;
	} else if (str_equal(words[0], "CMD-SHELL") && n == 2) {
		compose_option(service, "health-cmd", words[1]);
	} else if (str_equal(words[0], "CMD") && n > 1 && words[1][0] == '/') {
		health = draft_object(draft, draft->root, "health");
		for (size_t i = 1; i < n; i++)
			draft_string(draft, draft_array(draft, health, "command"), NULL, words[i]);
		draft_string(draft, health, "on_failure", "report");
	} else {
		compose_lost(service, test, "write [\"CMD\", …] with the program's path in the container");
	}
}

void compose_healthcheck(struct service *service, const struct json *value)
{
	static const char *const known[] = { "test",    "interval",     "timeout",
					     "retries", "start_period", "disable" };
	const char *disable = member(service, value, "disable");
	const struct json *test = json_get(value, "test");

	if (disable && str_equal(disable, "true"))
		return;
	if (!test) {
		compose_lost(service, value, "without a test it is the image's, which is not read");
		return;
	}
	health_command(service, test);
	if (!json_get(service->docker.draft->root, "health"))
		return;
	compose_option(service, "health-interval", member(service, value, "interval"));
	compose_option(service, "health-timeout", member(service, value, "timeout"));
	compose_option(service, "health-retries", member(service, value, "retries"));
	compose_option(service, "health-start-period", member(service, value, "start_period"));
	lose_others(service, value, known, ARRAY_SIZE(known));
}

static void long_port(struct service *service, const struct json *port)
{
	static const char *const known[] = { "target", "published", "protocol",    "host_ip",
					     "mode",   "name",      "app_protocol" };
	const char *target = member(service, port, "target"), *published = member(service, port, "published");
	const char *protocol = member(service, port, "protocol"), *host = member(service, port, "host_ip");

	lose_others(service, port, known, ARRAY_SIZE(known));
	if (!target) {
		compose_lost(service, port, "it needs a target");
		return;
	}
	compose_option(service, "publish",
		       arena_printf(arena_of(service), "%s%s%s%s%s/%s", host ? host : "", host ? ":" : "",
				    published ? published : "", published ? ":" : "", target,
				    protocol ? protocol : "tcp"));
}

void compose_ports(struct service *service, const struct json *value)
{
	for (const struct json *port = value->first; port; port = port->next) {
		if (port->type == JSON_OBJECT)
			long_port(service, port);
		else
			compose_option(service, "publish", compose_text(service, port));
	}
}

static void long_volume(struct service *service, const struct json *volume)
{
	static const char *const known[] = { "type",  "source", "target", "read_only",
					     "tmpfs", "bind",   "volume" };
	const char *type = member(service, volume, "type"), *source = member(service, volume, "source");
	const char *target = member(service, volume, "target"), *ro = member(service, volume, "read_only");
	const struct json *tmpfs = json_get(volume, "tmpfs");
	const char *size = member(service, tmpfs, "size"), *mode = member(service, tmpfs, "mode");

	lose_others(service, volume, known, ARRAY_SIZE(known));
	if (!type || !target || strchr(target, ',') || (source && strchr(source, ','))) {
		compose_lost(service, volume, "it needs a type and a target, without commas");
		return;
	}
	compose_option(service, "mount",
		       arena_printf(arena_of(service), "type=%s,target=%s%s%s%s%s%s%s%s", type, target,
				    source ? ",source=" : "", source ? source : "",
				    ro && str_equal(ro, "true") ? ",readonly" : "",
				    size ? ",tmpfs-size=" : "", size ? size : "", mode ? ",tmpfs-mode=" : "",
				    mode ? mode : ""));
}

void compose_volumes(struct service *service, const struct json *value)
{
	for (const struct json *volume = value->first; volume; volume = volume->next) {
		if (volume->type == JSON_OBJECT)
			long_volume(service, volume);
		else
			compose_option(service, "volume", compose_text(service, volume));
	}
}

void compose_ulimits(struct service *service, const struct json *value)
{
	for (const struct json *limit = value->first; limit; limit = limit->next) {
		const char *soft, *hard = NULL;

		if (limit->type == JSON_OBJECT) {
			soft = member(service, limit, "soft");
			hard = member(service, limit, "hard");
		} else {
			soft = compose_text(service, limit);
		}
		if (!limit->name || !soft)
			compose_lost(service, limit, "it needs a name and a soft limit");
		else
			compose_option(service, "ulimit",
				       arena_printf(arena_of(service), "%s=%s%s%s", limit->name, soft,
						    hard ? ":" : "", hard ? hard : ""));
	}
}

void compose_stop_grace_period(struct service *service, const struct json *value)
{
	const char *text = compose_text(service, value);
	struct draft *draft = service->docker.draft;
	uint64_t ms = 0;

	if (text && quantities_docker_time(text, &ms) == 0)
		draft_duration(draft, draft_object(draft, draft->root, "stop"), "timeout", ms);
	else if (text)
		compose_lost(service, value, "not a time, as 1m30s");
}

static void restart_policy(struct service *service, const struct json *policy)
{
	const char *condition = member(service, policy, "condition");
	const char *attempts = member(service, policy, "max_attempts");

	if (!condition || str_equal(condition, "any"))
		compose_option(service, "restart", "always");
	else if (str_equal(condition, "on-failure"))
		compose_option(service, "restart",
			       arena_printf(arena_of(service), "on-failure%s%s", attempts ? ":" : "",
					    attempts ? attempts : ""));
}

void compose_deploy(struct service *service, const struct json *value)
{
	static const char *const known[] = { "resources", "restart_policy" };
	static const char *const limit_names[] = { "cpus", "memory", "pids" };
	const struct json *resources = json_get(value, "resources"), *limits = json_get(resources, "limits");

	if (limits) {
		compose_option(service, "cpus", member(service, limits, "cpus"));
		compose_option(service, "memory", member(service, limits, "memory"));
		compose_option(service, "pids-limit", member(service, limits, "pids"));
		lose_others(service, limits, limit_names, ARRAY_SIZE(limit_names));
	}
	if (json_get(resources, "reservations"))
		compose_lost(service, value, "reservations: kapsel protects no memory and reserves no CPU");
	if (json_get(value, "restart_policy"))
		restart_policy(service, json_get(value, "restart_policy"));
	lose_others(service, value, known, ARRAY_SIZE(known));
}

/* One of the service's "secrets" or "configs", with the file that the top of the document names. */
static const char *find_file(struct service *service, const struct json *item, const char *kind,
			     const char **ret_target)
{
	const char *name =
		item->type == JSON_OBJECT ? member(service, item, "source") : compose_text(service, item);
	const char *file = NULL;

	if (name)
		file = member(service, json_get(json_get(service->compose->root, kind), name), "file");
	*ret_target = item->type == JSON_OBJECT ? member(service, item, "target") : NULL;
	if (!*ret_target)
		*ret_target = name;
	if (!file)
		compose_lost(service, item, "only files (\"file:\") can be carried over");
	return file ? beside(service, str_starts(file, "./") ? file + 2 : file) : NULL;
}

void compose_secrets(struct service *service, const struct json *value)
{
	struct draft *draft = service->docker.draft;

	for (const struct json *item = value->first; item; item = item->next) {
		const char *target = NULL, *file = find_file(service, item, "secrets", &target);
		struct json *secrets = draft_object(draft, draft->root, "secrets");

		if (file && target)
			draft_string(draft, draft_object(draft, secrets, target), "source", file);
	}
}

void compose_configs(struct service *service, const struct json *value)
{
	for (const struct json *item = value->first; item; item = item->next) {
		const char *target = NULL, *file = find_file(service, item, "configs", &target);

		if (file && target)
			compose_option(service, "volume",
				       arena_printf(arena_of(service), "%s:%s%s:ro", file,
						    target[0] == '/' ? "" : "/", target));
	}
}
