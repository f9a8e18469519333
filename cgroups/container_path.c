/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/container_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

enum { UNIT_NAME_MAX = 255 }; /* systemd's own limit, the type's suffix included */

static int append_component(char path[CGROUP_PATH_MAX], const char *name, size_t length)
{
	size_t used = strlen(path);

	if (length == 2 && memcmp(name, "..", 2) == 0)
		return -EINVAL;
	if (length == 0 || (length == 1 && name[0] == '.'))
		return 0;
	if (used + 1 + length >= CGROUP_PATH_MAX)
		return -ENAMETOOLONG;
	path[used] = '/';
	memcpy(path + used + 1, name, length);
	path[used + 1 + length] = '\0';
	return 0;
}

int container_path_join(const char *base, const char *path, char ret[CGROUP_PATH_MAX])
{
	const char *const parts[] = { base, path };
	char joined[CGROUP_PATH_MAX] = "";

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *part = parts[i];

		while (*part) {
			size_t length = strcspn(part, "/");
			int r = append_component(joined, part, length);

			if (r < 0)
				return r;
			part += length;
			part += *part == '/';
		}
	}
	memcpy(ret, joined[0] ? joined : "/", joined[0] ? sizeof(joined) : 2);
	return 0;
}

int container_path_slice(const char *slice, char ret[CGROUP_PATH_MAX])
{
	static const char suffix[] = ".slice";
	char path[CGROUP_PATH_MAX] = "";
	size_t length = strlen(slice), stem, used = 0;

	if (length <= strlen(suffix) || length > UNIT_NAME_MAX || strchr(slice, '/') ||
	    !str_equal(slice + length - strlen(suffix), suffix))
		return -EINVAL;
	stem = length - strlen(suffix);
	ret[0] = '\0';
	if (stem == 1 && slice[0] == '-')
		return 0;
	for (size_t end = 1; end <= stem; end++) {
		if (end < stem && slice[end] != '-')
			continue;
		/* "-a", "a--b" and "a-" would have a slice without a name. */
		if (slice[end - 1] == '-')
			return -EINVAL;
		used += (size_t)snprintf(path + used, sizeof(path) - used, "/%.*s%s", (int)end, slice,
					 suffix);
		if (used >= sizeof(path))
			return -ENAMETOOLONG;
	}
	if (slice[0] == '-')
		return -EINVAL;
	memcpy(ret, path, sizeof(path));
	return 0;
}

/* Append @text to a unit's name, escaped. Return: 0 or -ENAMETOOLONG. */
static int append_escaped(char *unit, size_t size, const char *text)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@";
	size_t used = strlen(unit);

	for (; *text; text++) {
		char piece[sizeof("\\xff")] = { *text };

		if (!strchr(allowed, *text))
			snprintf(piece, sizeof(piece), "\\x%02x", (unsigned int)(unsigned char)*text);
		used += (size_t)snprintf(unit + used, size - used, "%s", piece);
		if (used >= size)
			return -ENAMETOOLONG;
	}
	return 0;
}

static int make_unit(const char *prefix, const char *name, char *ret, size_t size)
{
	int r = 0;

	ret[0] = '\0';
	if (prefix[0]) {
		r = append_escaped(ret, size, prefix);
		if (r == 0)
			r = append_escaped(ret, size, "-");
	}
	if (r == 0)
		r = append_escaped(ret, size, name);
	return r < 0 ? r : append_escaped(ret, size, ".scope");
}

/* Cut "slice:prefix:name" in @text into its parts. */
static int split(char *text, const char *parts[3])
{
	for (int i = 0; i < 3; i++) {
		parts[i] = strsep(&text, ":");
		if (!parts[i])
			return -EINVAL;
	}
	return text || !parts[2][0] || strchr(parts[1], '/') || strchr(parts[2], '/') ? -EINVAL : 0;
}

int container_path_systemd(const char *cgroups_path, const char *id, struct cgroup_container *group,
			   struct error *err)
{
	const char *parts[3] = { "", "kapsel", id };
	char text[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX];
	int r;

	if (cgroups_path && cgroups_path[0]) {
		r = snprintf(text, sizeof(text), "%s", cgroups_path) < (int)sizeof(text) ? split(text, parts)
											 : -ENAMETOOLONG;
		if (r < 0) {
			error_set(err, -r,
				  "linux.cgroupsPath: \"%.200s\" isn't of the form slice:prefix:name",
				  cgroups_path);
			return error_remedy(
				err,
				"that form belongs to --systemd-cgroup; without it the path is one of cgroupfs");
		}
	}
	/* systemd names the slices of system services and of user sessions so. */
	if (!parts[0][0])
		parts[0] = group->user_manager ? "user.slice" : "system.slice";
	r = container_path_slice(parts[0], path);
	if (r < 0)
		return error_set(err, -r, "linux.cgroupsPath: \"%.200s\" isn't the name of a slice",
				 parts[0]);
	snprintf(group->slice, sizeof(group->slice), "%s", parts[0]);
	r = make_unit(parts[1], parts[2], group->unit, sizeof(group->unit));
	if (r < 0 || strlen(group->unit) > UNIT_NAME_MAX)
		return error_set(err, ENAMETOOLONG,
				 "linux.cgroupsPath: the unit name of \"%.200s\" is too long", parts[2]);
	if (group->user_manager)
		return 0;
	if (snprintf(group->path, sizeof(group->path), "%s/%s", path, group->unit) >=
	    (int)sizeof(group->path))
		return error_set(err, ENAMETOOLONG, "linux.cgroupsPath: the path of %.200s is too long",
				 group->unit);
	return 0;
}

/* Without a usable group, a caller without rights goes on without one; limits are refused later, by name. */
static int go_without(struct cgroup_container *ret)
{
	*ret = (struct cgroup_container){ .manager = CGROUP_MANAGER_DISABLED };
	return 0;
}

static bool is_below(const char *path, const char *top)
{
	size_t length = top[1] ? strlen(top) : 0;

	return strncmp(path, top, length) == 0 && path[length] == '/';
}

/*
 * Whether a caller without rights can make the group and move a process into it: the nearest directory
 * above must be his, and the common ancestor of his own group and that one, too (cgroup-v2.rst,
 * "Delegation Containment").
 */
static bool can_make(const struct cgroup_place *place, const char *path)
{
	_cleanup_fd_ int mount_fd = open(place->mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char above[CGROUP_PATH_MAX];

	if (!place->found || mount_fd < 0 || !is_below(path, place->top))
		return false;
	memcpy(above, path, sizeof(above));
	while (above[0]) {
		*strrchr(above, '/') = '\0';
		if (faccessat(mount_fd, above[0] ? above + 1 : ".", W_OK | X_OK, AT_EACCESS) == 0)
			return true;
		if (errno != ENOENT)
			return false;
	}
	return false;
}

static int resolve_cgroupfs(const struct cgroup_place *place, const char *cgroups_path, const char *id,
			    bool rootless, struct cgroup_container *ret, struct error *err)
{
	const bool whole = str_equal(place->top, "/") && str_equal(place->parent, "/kapsel");
	const char *base = whole ? CONTAINER_PATH_BASE : place->parent;
	const char *path = cgroups_path && cgroups_path[0] ? cgroups_path : id;
	struct cgroup_container group = { .manager = CGROUP_MANAGER_CGROUPFS };
	int r;

	if (!place->found && (path[0] != '/' || path == id)) {
		if (rootless)
			return go_without(ret);
		error_set(err, EOPNOTSUPP, "find a place for the container's cgroup: %s", place->reason);
		return error_remedy(err, "%s", place->remedy);
	}
	r = container_path_join(path[0] == '/' ? "" : base, path, group.path);
	/* Nothing added names the base itself, with all other containers below it. */
	if (r == 0 && (group.path[1] == '\0' || path[strspn(path, "./")] == '\0'))
		r = -EINVAL;
	if (r < 0) {
		error_set(err, -r, "linux.cgroupsPath: \"%.200s\" can't name the container's cgroup", path);
		return error_remedy(
			err, "give a path below the cgroup2 mount without \"..\", shorter than %d bytes",
			CGROUP_PATH_MAX);
	}
	if (rootless && !can_make(place, group.path))
		return go_without(ret);
	memcpy(group.mount, place->mount, sizeof(group.mount));
	*ret = group;
	return 0;
}

int cgroup_container_resolve(const char *cgroups_path, const char *id, enum cgroup_manager manager,
			     bool rootless, struct cgroup_container *ret, struct error *err)
{
	struct cgroup_container group = { .manager = manager };
	struct cgroup_place place;
	int r;

	if (manager == CGROUP_MANAGER_DISABLED)
		return go_without(ret);
	r = cgroup_place_find(&place, err);
	if (r < 0)
		return r;
	if (place.mount[0] == '\0') {
		if (rootless)
			return go_without(ret);
		error_set(err, EOPNOTSUPP, "find the cgroup2 file system: %s", place.reason);
		return error_remedy(err, "%s", place.remedy);
	}
	if (manager == CGROUP_MANAGER_CGROUPFS)
		return resolve_cgroupfs(&place, cgroups_path, id, rootless, ret, err);
	group.user_manager = rootless;
	r = container_path_systemd(cgroups_path, id, &group, err);
	if (r < 0)
		return r;
	memcpy(group.mount, place.mount, sizeof(group.mount));
	*ret = group;
	return 0;
}
