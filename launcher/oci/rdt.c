/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/rdt_schemata.h"

#define MONITORS "mon_groups"

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void free_text(char **text)
{
	free(*text);
}

/* Space, tab, newline and backslash are written as three octal digits (proc(5)). */
static bool unescape(const char *text, char ret[PATH_MAX])
{
	size_t used = 0;

	while (*text) {
		if (used + 1 >= PATH_MAX)
			return false;
		if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
			ret[used++] = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			ret[used++] = *text++;
		}
	}
	ret[used] = '\0';
	return used > 0;
}

bool rdt_mount_parse(char *line, char ret[PATH_MAX])
{
	char *type = strstr(line, " - "), *save = NULL, *field = NULL;
	const char *place = NULL;

	if (!type || !str_starts(type + 3, "resctrl "))
		return false;
	*type = '\0';
	field = strtok_r(line, " ", &save);
	for (int i = 1; field; i++, field = strtok_r(NULL, " ", &save)) {
		/* A bind mount of a part of it has another root. */
		if (i == 4 && !str_equal(field, "/"))
			return false;
		if (i == 5)
			place = field;
	}
	return place && unescape(place, ret);
}

int rdt_mount_find(char ret[PATH_MAX], struct error *err)
{
	_cleanup_(close_file) FILE *file = fopen("/proc/self/mountinfo", "re");
	_cleanup_(free_text) char *line = NULL;
	size_t room = 0;
	ssize_t length;

	if (!file)
		return error_set(err, errno, "read /proc/self/mountinfo");
	while ((length = getline(&line, &room, file)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (rdt_mount_parse(line, ret))
			return 0;
	}
	error_set(err, ENODEV, "use linux.intelRdt: no resctrl file system is mounted");
	return error_remedy(err, "on a CPU with RDT: mount -t resctrl resctrl /sys/fs/resctrl");
}

int rdt_lock(const char *root, struct error *err)
{
	_cleanup_fd_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -1 : 0;

	while (r == 0 && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			r = -1;
	return r < 0 ? error_set(err, errno, "lock the resctrl file system at %s", root) : take_fd(&fd);
}

/* The root group has these beside the groups. */
static bool is_group_name(const char *name)
{
	static const char *const others[] = { ".",        "..",    "info",     MONITORS,
					      "mon_data", "tasks", "schemata", "cpus" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (str_equal(name, others[i]))
			return false;
	return *name != '\0' && !strpbrk(name, "/\n") && strlen(name) <= NAME_MAX;
}

int rdt_resolve(const struct oci_intel_rdt *config, const char *id, const char *root, struct arena *arena,
		struct rdt_group *ret, struct error *err)
{
	bool named = config->clos_id && *config->clos_id;
	const char *name = named ? config->clos_id : id;
	bool is_root = str_equal(name, "/");
	struct stat st;

	if (!is_root && !is_group_name(name)) {
		error_set(err, EINVAL, "use \"%.100s\" as a resctrl group: that is no name of a group", name);
		return error_remedy(err, "give another linux.intelRdt.closID");
	}
	*ret = (struct rdt_group){ .named = named };
	ret->root = arena_strdup(arena, root);
	ret->path = is_root ? ret->root : arena_printf(arena, "%s/%s", root, name);
	if (config->enable_monitoring)
		ret->monitor = arena_printf(arena, "%s/" MONITORS "/%s", ret->path ? ret->path : "", id);
	if (!ret->root || !ret->path || (config->enable_monitoring && !ret->monitor))
		return error_set(err, ENOMEM, "name the resctrl group");
	ret->exists = stat(ret->path, &st) == 0;
	return 0;
}

static int check_monitor(const struct rdt_group *group, struct error *err)
{
	struct stat st;

	if (!group->monitor || stat(group->monitor, &st) < 0)
		return 0;
	error_set(err, EEXIST, "make the resctrl group %s: it exists already", group->monitor);
	return error_remedy(err, "rmdir removes one that nobody uses");
}

int rdt_check(const struct oci_intel_rdt *config, const struct rdt_group *group, struct arena *arena,
	      struct error *err)
{
	bool shares = rdt_schemata_given(config);

	if (!group->exists && group->named && !shares) {
		error_set(err, EINVAL,
			  "use the resctrl group %s: there is none, and the config has no shares to make one",
			  group->path);
		return error_remedy(err, "make the group before, or give linux.intelRdt.schemata");
	}
	if (group->exists && !group->named) {
		error_set(err, EEXIST, "make the resctrl group %s: it exists already", group->path);
		return error_remedy(err, "give linux.intelRdt.closID if the container shall use it");
	}
	if (group->exists && shares) {
		int r = rdt_schemata_compare(config, group->path, arena, err);

		if (r < 0)
			return r;
	}
	return group->exists ? check_monitor(group, err) : 0;
}

const char *rdt_group_made(const struct rdt_group *group)
{
	return group->exists ? group->monitor : group->path;
}

int rdt_make(const struct rdt_group *group, struct error *err)
{
	if (group->exists || mkdir(group->path, 0755) == 0)
		return 0;
	error_set(err, errno, "make the resctrl group %s", group->path);
	return errno == ENOSPC ? error_remedy(err, "the CPU has no more classes of service: remove a group")
			       : -err->code;
}

int rdt_configure(const struct oci_intel_rdt *config, const struct rdt_group *group, struct arena *arena,
		  struct error *err)
{
	int r = group->exists ? 0 : rdt_schemata_write(config, group->root, group->path, arena, err);

	if (r < 0 || !group->monitor || mkdir(group->monitor, 0755) == 0)
		return r;
	error_set(err, errno, "make the monitoring group %s", group->monitor);
	return errno == ENOENT
		       ? error_remedy(err, "this CPU or kernel can't monitor: leave enableMonitoring out")
		       : -err->code;
}

static int enter_one(const char *path, pid_t pid, struct error *err)
{
	char file[PATH_MAX], text[16];
	int r = snprintf(file, sizeof(file), "%s/tasks", path);

	if (r < 0 || (size_t)r >= sizeof(file))
		return error_set(err, ENAMETOOLONG, "open the tasks of %s", path);
	snprintf(text, sizeof(text), "%d", (int)pid);
	r = fd_write_file(AT_FDCWD, file, text);
	return r < 0 ? error_set(err, -r, "put process %s into the resctrl group %s", text, path) : 0;
}

int rdt_enter(const struct rdt_group *group, pid_t pid, struct error *err)
{
	/* The class first: the kernel takes into a monitoring group only who is in its class. */
	int r = enter_one(group->path, pid, err);

	return r == 0 && group->monitor ? enter_one(group->monitor, pid, err) : r;
}

/* Return: 1 when any process (or that one, if not 0) is in the group, 0 when not, -errno. */
static int holds(const char *path, pid_t pid)
{
	_cleanup_(close_file) FILE *file = NULL;
	char name[PATH_MAX];
	int listed, r = snprintf(name, sizeof(name), "%s/tasks", path);

	if (r < 0 || (size_t)r >= sizeof(name))
		return -ENAMETOOLONG;
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (fscanf(file, "%d", &listed) == 1)
		if (pid == 0 || listed == (int)pid)
			return 1;
	return ferror(file) ? -EIO : 0;
}

int rdt_has(const struct rdt_group *group, pid_t pid, struct error *err)
{
	const char *const paths[] = { group->path, group->monitor };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = paths[i] ? holds(paths[i], pid) : 1;

		if (r < 0)
			return error_set(err, -r, "read the tasks of the resctrl group %s", paths[i]);
		if (r == 0)
			return error_set(err, EBADE, "the process is not in the resctrl group %s", paths[i]);
	}
	return 0;
}

/* Return: the last component of @path, and in @ret_parent what is before it. */
static const char *split(const char *path, char ret_parent[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || strlen(path) >= PATH_MAX)
		return NULL;
	memcpy(ret_parent, path, (size_t)(slash - path));
	ret_parent[slash - path] = '\0';
	return slash + 1;
}

static bool is_monitor(const char *parent)
{
	size_t length = strlen(parent), suffix = strlen("/" MONITORS);

	return length >= suffix && str_equal(parent + length - suffix, "/" MONITORS);
}

int rdt_update(const char *made, const char *l3_cache, const char *mem_bw, struct error *err)
{
	char root[PATH_MAX];

	if (!(l3_cache && *l3_cache) && !(mem_bw && *mem_bw))
		return 0;
	if (!made || !split(made, root) || is_monitor(root)) {
		error_set(err, EOPNOTSUPP,
			  "change the cache shares: the container has no resctrl group of its own");
		return error_remedy(
			err, "create it with linux.intelRdt in its config, and without a closID that exists");
	}
	return rdt_schemata_change(root, made, l3_cache, mem_bw, err);
}

static int remove_one(const char *path, struct error *err)
{
	return rmdir(path) < 0 && errno != ENOENT ? error_set(err, errno, "remove the resctrl group %s", path)
						  : 0;
}

int rdt_remove(const char *made, const char *id, struct error *err)
{
	char parent[PATH_MAX], monitor[PATH_MAX];
	_cleanup_fd_ int lock = -1;
	const char *name;
	int r;

	if (!made)
		return 0;
	name = split(made, parent);
	if (!name || access(parent, F_OK) < 0) /* resctrl has been unmounted: its groups are gone */
		return 0;
	if (is_monitor(parent))
		return remove_one(made, err);
	lock = rdt_lock(parent, err);
	if (lock < 0)
		return lock;
	r = snprintf(monitor, sizeof(monitor), "%s/" MONITORS "/%s", made, id);
	r = r > 0 && (size_t)r < sizeof(monitor) && access(monitor, F_OK) == 0 ? remove_one(monitor, err) : 0;
	if (r < 0 || (!str_equal(name, id) && holds(made, 0) == 1))
		return r;
	return remove_one(made, err);
}
