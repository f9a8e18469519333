/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/globals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

static const struct oci_option options[] = {
	{ "root", 0, "DIR", "directory for the state of containers (default: /run/kapsel-oci)" },
	{ "log", 0, "FILE", "append the error, if there is one, to FILE" },
	{ "log-format", 0, "text|json", "how it is written there" },
	{ "log-level", 0, "LEVEL", "accepted for the sake of callers: only errors are logged" },
	{ "debug", 0, NULL, "accepted for the sake of callers" },
	{ "systemd-cgroup", 0, NULL, "cgroups are systemd scopes; cgroupsPath is slice:prefix:name" },
	{ "cgroup-manager", 0, "NAME", "cgroupfs, systemd or disabled" },
	{ "rootless", 0, "[true|false|auto]", "whether the caller has no rights over the host" },
	{ "criu", 0, "PATH", "accepted for the sake of callers: there is no checkpoint" },
	{ "version", 'v', NULL, "print the version" },
	{ 0 },
};

const struct oci_command globals_command = {
	.name = "",
	.usage = "[GLOBAL OPTIONS] VERB [OPTIONS] ID",
	.summary = "Runs containers by the Open Container Initiative's runtime specification.",
	.options = options,
	.command_follows = true,
	.max_operands = -1,
	.failure = 1,
};

static const char *absolute(const char *path, struct arena *arena)
{
	char cwd[PATH_MAX];

	if (path[0] == '/')
		return path;
	return getcwd(cwd, sizeof(cwd)) ? arena_printf(arena, "%s/%s", cwd, path) : NULL;
}

int globals_log(const struct oci_parse *parse, struct arena *arena, struct oci_globals *ret,
		struct error *err)
{
	const char *format = oci_option_value(parse, "log-format");
	const char *log = oci_option_value(parse, "log");
	_cleanup_fd_ int fd = -1;

	ret->log_json = format && str_equal(format, "json");
	if (log && *log) {
		log = absolute(log, arena);
		if (!log)
			return error_set(err, errno, "find the working directory");
		fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
		if (fd < 0)
			return error_set(err, errno, "open the log %s", log);
		ret->log = log;
	}
	if (format && *format && !str_equal(format, "json") && !str_equal(format, "text"))
		return error_set(err, EINVAL, "--log-format is text or json, not \"%s\"", format);
	return 0;
}

bool globals_initial_userns(const char *uid_map)
{
	unsigned long inside, outside, size;
	int used = 0;

	return sscanf(uid_map, " %lu %lu %lu %n", &inside, &outside, &size, &used) == 3 && inside == 0 &&
	       outside == 0 && size == UINT32_MAX && uid_map[used] == '\0';
}

/* Root of a user namespace of its own (rootless podman calls us so) has no more rights over the host. */
static bool is_rootless(void)
{
	char map[4096];

	if (geteuid() != 0)
		return true;
	if (fd_read_file(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) < 0)
		return false; /* a kernel without user namespaces */
	return !globals_initial_userns(map);
}

static int decide_rootless(const char *word, bool *ret, struct error *err)
{
	int given;

	if (!word || str_equal(word, "auto")) {
		*ret = is_rootless();
		return 0;
	}
	given = *word ? oci_command_bool(word) : 1;
	if (given < 0)
		return error_set(err, EINVAL, "--rootless is true, false or auto, not \"%s\"", word);
	*ret = given;
	return 0;
}

static int decide_manager(const struct oci_parse *parse, enum cgroup_manager *ret, struct error *err)
{
	const char *name = oci_option_value(parse, "cgroup-manager");

	*ret = oci_option_value(parse, "systemd-cgroup") ? CGROUP_MANAGER_SYSTEMD : CGROUP_MANAGER_CGROUPFS;
	if (!name)
		return 0;
	if (str_equal(name, "cgroupfs"))
		*ret = CGROUP_MANAGER_CGROUPFS;
	else if (str_equal(name, "systemd"))
		*ret = CGROUP_MANAGER_SYSTEMD;
	else if (str_equal(name, "disabled"))
		*ret = CGROUP_MANAGER_DISABLED;
	else
		return error_set(err, EINVAL, "--cgroup-manager is cgroupfs, systemd or disabled, not \"%s\"",
				 name);
	return 0;
}

int globals_decide(const struct oci_parse *parse, struct oci_globals *ret, struct error *err)
{
	int r = decide_rootless(oci_option_value(parse, "rootless"), &ret->rootless, err);

	return r < 0 ? r : decide_manager(parse, &ret->manager, err);
}

int globals_root(const struct oci_parse *parse, struct arena *arena, struct oci_globals *ret,
		 struct error *err)
{
	const char *given = oci_option_value(parse, "root");
	size_t length;
	char *path;

	ret->root.given = given && *given;
	if (!ret->root.given) {
		ret->root.path = oci_state_default_root(arena, ret->rootless, err);
		return ret->root.path ? 0 : -err->code;
	}
	given = absolute(given, arena);
	path = given ? arena_strdup(arena, given) : NULL;
	if (!path)
		return error_set(err, errno, "find the working directory");
	for (length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
	ret->root.path = path;
	return 0;
}
