/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths that a unit opens: they become mounts, since a container has a root file system of its own. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "lab/convert/import_systemd_parts.h"
#include "lab/convert/quantities.h"

#define TMPFS_SIZE (UINT64_C(64) << 20)

static struct json *mount(struct systemd *systemd, const char *target, const char *type)
{
	struct draft *draft = systemd->draft;
	struct json *entry = draft_object(draft, draft_object(draft, draft->root, "mounts"), target);

	draft_string(draft, entry, "type", type);
	return entry;
}

static void add_bind(struct systemd *systemd, const char *source, const char *target, bool write)
{
	bool optional = false;
	struct json *entry;

	for (; *source == '-' || *source == '+'; source++)
		optional = optional || *source == '-';
	for (; *target == '-' || *target == '+'; target++)
		;
	if (source[0] != '/' || target[0] != '/') {
		systemd_lost(systemd, "not an absolute path");
		return;
	}
	entry = mount(systemd, target, "bind");
	draft_string(systemd->draft, entry, "source", source);
	if (write)
		draft_bool(systemd->draft, entry, "write", true);
	if (optional)
		draft_bool(systemd->draft, entry, "optional", true);
}

void systemd_read_write_paths(struct systemd *systemd, const char *value)
{
	const char *const *words = systemd_words(systemd);

	(void)value;
	for (; words && *words; words++)
		add_bind(systemd, *words, *words, true);
}

static void bind_paths(struct systemd *systemd, bool write)
{
	const char *const *words = systemd_words(systemd);

	for (; words && *words; words++) {
		char *source = arena_strdup(systemd->draft->arena, *words), *target = source, *options,
		     *entry;

		if (!source) {
			systemd->draft->exhausted = true;
			return;
		}
		entry = strsep(&target, ":");
		options = target;
		strsep(&options, ":");
		add_bind(systemd, entry, target && target[0] ? target : entry, write);
	}
}

void systemd_bind_paths(struct systemd *systemd, const char *value)
{
	(void)value;
	bind_paths(systemd, true);
}

void systemd_bind_read_only_paths(struct systemd *systemd, const char *value)
{
	(void)value;
	bind_paths(systemd, false);
}

static void add_tmpfs(struct systemd *systemd, const char *target, const char *mode, char *options)
{
	struct json *entry = mount(systemd, target, "tmpfs");
	uint64_t size = TMPFS_SIZE;

	while (options) {
		const char *option = strsep(&options, ",");

		if (str_starts(option, "size=") &&
		    quantities_docker_size(option + strlen("size="), &size) < 0)
			systemd_lost(systemd, "its size is no number of bytes");
		else if (str_starts(option, "mode="))
			mode = option + strlen("mode=");
		else if (str_equal(option, "ro"))
			draft_bool(systemd->draft, entry, "write", false);
		else if (str_equal(option, "exec"))
			draft_bool(systemd->draft, entry, "exec", true);
	}
	draft_size(systemd->draft, entry, "size", size);
	draft_string(systemd->draft, entry, "mode", mode);
}

void systemd_temporary_file_system(struct systemd *systemd, const char *value)
{
	const char *const *words = systemd_words(systemd);

	(void)value;
	for (; words && *words; words++) {
		char *target = arena_strdup(systemd->draft->arena, *words), *options = target;

		if (!target) {
			systemd->draft->exhausted = true;
			return;
		}
		strsep(&options, ":");
		add_tmpfs(systemd, target, "0755", options);
	}
}

void systemd_private_tmp(struct systemd *systemd, const char *value)
{
	if (!systemd_true(value) && !str_equal(value, "disconnected"))
		return;
	add_tmpfs(systemd, "/tmp", "1777", NULL);
	add_tmpfs(systemd, "/var/tmp", "1777", NULL);
	draft_note(systemd->draft, "PrivateTmp=: tmpfs of 64MiB each, in memory");
}

/* "name", "a/b": directories that systemd makes and gives to the user. */
static void directories(struct systemd *systemd, const char *above, bool write)
{
	const char *const *words = systemd_words(systemd);

	for (; words && *words; words++) {
		const char *path = arena_printf(systemd->draft->arena, "%s/%.*s", above,
						(int)strcspn(*words, ":"), *words);

		if (path)
			add_bind(systemd, path, path, write);
		else
			systemd->draft->exhausted = true;
		if (write)
			draft_note(systemd->draft,
				   "%s: make it, and give it to the container's host id or use "
				   "\"idmap\"",
				   path ? path : above);
	}
}

void systemd_state_directory(struct systemd *systemd, const char *value)
{
	(void)value;
	directories(systemd, "/var/lib", true);
}

void systemd_cache_directory(struct systemd *systemd, const char *value)
{
	(void)value;
	directories(systemd, "/var/cache", true);
}

void systemd_logs_directory(struct systemd *systemd, const char *value)
{
	(void)value;
	directories(systemd, "/var/log", true);
}

void systemd_configuration_directory(struct systemd *systemd, const char *value)
{
	(void)value;
	directories(systemd, "/etc", false);
}

void systemd_runtime_directory(struct systemd *systemd, const char *value)
{
	const char *const *words = systemd_words(systemd);

	(void)value;
	for (; words && *words; words++) {
		const char *path = arena_printf(systemd->draft->arena, "/run/%s", *words);

		if (path)
			add_tmpfs(systemd, path, "0755", NULL);
		else
			systemd->draft->exhausted = true;
	}
}

void systemd_load_credential(struct systemd *systemd, const char *value)
{
	struct draft *draft = systemd->draft;
	const char *colon = strchr(value, ':');
	char *name = arena_memdup(draft->arena, value, strcspn(value, ":"));
	struct json *secret;

	if (!name) {
		draft->exhausted = true;
		return;
	}
	secret = draft_object(draft, draft_object(draft, draft->root, "secrets"), name);
	if (colon && colon[1] == '/')
		draft_string(draft, secret, "source", colon + 1);
	else
		draft_string(draft, secret, "credential", name);
	draft_note(draft, "LoadCredential=: it is the file /run/secrets/%s, not below $CREDENTIALS_DIRECTORY",
		   name);
}
