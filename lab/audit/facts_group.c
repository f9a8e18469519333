/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the process's control group limits. A limit of a group above counts as well: the lowest one holds. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/devices.h"
#include "cgroups/mounts.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"

enum { PROCS_MAX = 256 };

static const struct group_file {
	const char *name;
	const char *controller; /* as version 1 calls it; NULL: none */
} files[FACTS_GROUP_FILES] = {
	[FACTS_MEMORY_MAX] = { "memory.max", "memory" },
	[FACTS_SWAP_MAX] = { "memory.swap.max", "memory" },
	[FACTS_OOM_GROUP] = { "memory.oom.group", "memory" },
	[FACTS_PIDS_MAX] = { "pids.max", "pids" },
	[FACTS_CPU_MAX] = { "cpu.max", "cpu" },
	[FACTS_IO_MAX] = { "io.max", "blkio" },
	[FACTS_DESCENDANTS] = { "cgroup.max.descendants", NULL },
};

/* Return: the limit as a number, UINT64_MAX for none. */
static uint64_t parse_value(enum facts_group_file file, const char *text)
{
	uint64_t number, period = 0;

	if (file == FACTS_IO_MAX) {
		number = 0;
		for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
			number++;
		return number > 0 ? number : UINT64_MAX;
	}
	if (sscanf(text, "%" SCNu64 " %" SCNu64, &number, &period) < 1)
		return UINT64_MAX; /* "max" */
	if (file == FACTS_CPU_MAX)
		return period > 0 ? number * 1000 / period : UINT64_MAX;
	return number;
}

/* Only what is the group's own wish, and not a limit that holds from above. */
static bool own_only(enum facts_group_file file)
{
	return file == FACTS_OOM_GROUP;
}

/* Takes in one group's file, if it is lower than what the groups below it say. */
static void take_value(int group, const char *path, enum facts_group_file file,
		       struct facts_group_value *value)
{
	char text[4096], line[40];
	uint64_t number;

	if (fd_read_file(group, files[file].name, text, sizeof(text)) < 0)
		return;
	number = parse_value(file, text);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	if (value->error == 0 && number >= value->value)
		return;
	value->error = 0;
	value->value = number;
	snprintf(value->text, sizeof(value->text), "%s %s in %.80s", files[file].name,
		 *line ? line : "(no disk)", path);
}

/* The line "4:memory:/path" of version 1: what a limit there is, is not read. */
static void take_version_1(char *text, struct facts_group *group)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *number = strsep(&line, ":"), *names = strsep(&line, ":");

		if (!names || !line || str_equal(number, "0"))
			continue;
		for (size_t i = 0; i < FACTS_GROUP_FILES; i++) {
			struct facts_group_value *value = &group->values[i];

			if (value->error != ENOENT || !files[i].controller ||
			    !facts_option(names, files[i].controller))
				continue;
			/* The top group of a hierarchy has no limits. */
			value->error = str_equal(line, "/") ? 0 : EOPNOTSUPP;
			value->value = UINT64_MAX;
			snprintf(value->text, sizeof(value->text), "cgroup v1 holds %s: %.60s",
				 files[i].controller, line);
		}
	}
}

static const char *const other_services[] = {
	"sshd",     "dropbear", "telnetd", "in.telnetd", "cron",  "crond",     "supervisord", "systemd",
	"rsyslogd", "inetd",    "xinetd",  "runsvdir",   "monit", "s6-svscan", "vncserver",   "Xvnc",
};

static void read_procs(const struct facts_source *source, int group, struct arena *arena, struct facts *facts)
{
	char *text = NULL, *word;
	ssize_t got = facts_text(group, "cgroup.procs", arena, &text);

	facts->group.procs_error = got < 0 ? (int)-got : 0;
	while (got >= 0 && (word = strsep(&text, "\n")) && facts->group.n_procs < PROCS_MAX) {
		char path[512], name[64];

		if (*word == '\0')
			continue;
		facts->group.n_procs++;
		snprintf(path, sizeof(path), "%s/%s/comm", source->proc, word);
		if (fd_read_file(AT_FDCWD, path, name, sizeof(name)) < 0)
			continue;
		name[strcspn(name, "\n")] = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(other_services); i++)
			if (str_equal(name, other_services[i]))
				snprintf(facts->group.other_service, sizeof(facts->group.other_service),
					 "%.31s", name);
	}
}

static void read_values(const struct facts_source *source, struct arena *arena, struct facts *facts)
{
	char path[CGROUP_PATH_MAX], *slash;

	if (mounts_below(source->cgroup_root, facts->group.path, path) < 0) {
		facts->group.error = EXDEV;
		return;
	}
	for (bool first = true;; first = false) {
		char place[2 * CGROUP_PATH_MAX];
		_cleanup_fd_ int group = -1;

		snprintf(place, sizeof(place), "%s%s", source->cgroups, path);
		group = open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (group < 0 && first) {
			facts->group.error = errno;
			return;
		}
		for (size_t i = 0; i < FACTS_GROUP_FILES && group >= 0; i++)
			if (first || !own_only(i))
				take_value(group, path, i, &facts->group.values[i]);
		if (first) {
			facts->group.device_filters = devices_attached(group);
			read_procs(source, group, arena, facts);
		}
		slash = strrchr(path, '/');
		if (str_equal(path, "/") || !slash)
			return;
		slash[slash == path] = '\0';
	}
}

void facts_read_group(const struct facts_source *source, int process, struct arena *arena,
		      struct facts *facts)
{
	char *text = NULL, *line;
	ssize_t got = facts_text(process, "cgroup", arena, &text);

	facts->group.error = got < 0 ? (int)-got : 0;
	facts->group.device_filters = -ENOENT;
	for (size_t i = 0; i < FACTS_GROUP_FILES; i++)
		facts->group.values[i] = (struct facts_group_value){ .error = ENOENT, .value = UINT64_MAX };
	if (got < 0)
		return;
	line = str_starts(text, "0::") ? text : strstr(text, "\n0::");
	if (!line || !source->cgroups) {
		facts->group.error = ENOENT;
		return;
	}
	line += *line == '\n' ? strlen("\n0::") : strlen("0::");
	snprintf(facts->group.path, sizeof(facts->group.path), "%.*s", (int)strcspn(line, "\n"), line);
	read_values(source, arena, facts);
	take_version_1(text, &facts->group);
	/* Nowhere a file of that name: the controller is switched off all the way up, so nothing limits. */
	for (size_t i = 0; i < FACTS_GROUP_FILES && facts->group.error == 0; i++)
		if (facts->group.values[i].error == ENOENT) {
			facts->group.values[i].error = 0;
			snprintf(facts->group.values[i].text, sizeof(facts->group.values[i].text),
				 "no %s up to the top", files[i].name);
		}
}
