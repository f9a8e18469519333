/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/controllers.h"
#include "cgroups/mounts.h"

/* What the limits of a profile can need. */
enum { USED = CGROUP_CPUSET | CGROUP_CPU | CGROUP_IO | CGROUP_MEMORY | CGROUP_PIDS };

#define BOOT_REMEDY                                                                                          \
	"boot with \"systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all\" on the kernel command line"
#define USER_REMEDY                                                                                          \
	"put [Service] Delegate=cpu cpuset io memory pids into "                                             \
	"/etc/systemd/system/user@.service.d/delegate.conf, run \"systemctl daemon-reload\", "               \
	"log in again"
#define SCOPE_REMEDY "start with \"systemd-run --user --scope -p Delegate=yes kapsel ...\""

/* "/a/b" to "/a", "/a" to "/". False for "/". */
static bool cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || path[1] == '\0')
		return false;
	slash[slash == path] = '\0';
	return true;
}

static void set_parent(struct cgroup_place *place, const char *parent, const char *top)
{
	place->found = true;
	snprintf(place->parent, sizeof(place->parent), "%s", parent);
	snprintf(place->top, sizeof(place->top), "%s", top);
}

/* The own group or, where systemd put us into a leaf of it (DelegateSubgroup=), the one above. */
static bool choose_delegated(const struct place_world *world, struct cgroup_place *ret)
{
	char group[CGROUP_PATH_MAX];

	snprintf(group, sizeof(group), "%s", world->own);
	for (int i = 0; i < 2 && group[1] != '\0'; i++) {
		if (world->delegated(world, group)) {
			set_parent(ret, group, group);
			return true;
		}
		if (!cut_last(group))
			break;
	}
	return false;
}

static bool choose_topmost(const struct place_world *world, struct cgroup_place *ret)
{
	char group[CGROUP_PATH_MAX] = "/";
	size_t length = 0;

	for (;;) {
		if (world->writable(world, group)) {
			set_parent(ret, group, group);
			return true;
		}
		if (world->own[length] == '\0' || world->own[1] == '\0')
			return false;
		length += 1 + strcspn(world->own + length + 1, "/");
		snprintf(group, sizeof(group), "%.*s", (int)length, world->own);
	}
}

void place_choose(const struct place_world *world, struct cgroup_place *ret)
{
	ret->found = false;
	if (world->root && choose_delegated(world, ret))
		return;
	if (world->root && world->writable(world, "/")) {
		set_parent(ret, "/kapsel", "/");
		return;
	}
	/* Root of a container, and everybody else. */
	if (choose_topmost(world, ret))
		return;
	snprintf(ret->reason, sizeof(ret->reason), "no group from / down to the own one (%.150s) is writable",
		 world->own);
	snprintf(ret->remedy, sizeof(ret->remedy), "%s",
		 world->root ? "mount the cgroup2 file system writable in here" : SCOPE_REMEDY);
}

/* "memory (/sys/fs/cgroup/memory) pids (not mounted here) held by cgroup version 1" */
static void explain_v1(struct cgroup_place *place, const struct mounts *mounts, unsigned int held)
{
	size_t used = 0;

	for (size_t i = 0; i < MOUNTS_CONTROLLERS && used < sizeof(place->reason); i++)
		if (held & (1U << i))
			used += (size_t)snprintf(place->reason + used, sizeof(place->reason) - used,
						 "%s (%s) ", cgroup_controller_name(1U << i),
						 mounts->v1_paths[i][0] ? mounts->v1_paths[i]
									: "not mounted here");
	if (used < sizeof(place->reason))
		snprintf(place->reason + used, sizeof(place->reason) - used, "held by cgroup version 1");
	snprintf(place->remedy, sizeof(place->remedy), "%s", BOOT_REMEDY);
}

void place_explain(struct cgroup_place *place, const struct mounts *mounts, bool root)
{
	unsigned int missing = USED & ~place->available;
	char names[CGROUP_VALUE_MAX];

	if (missing == 0)
		return;
	controllers_print(missing, "", names, sizeof(names));
	if (missing & place->v1) {
		explain_v1(place, mounts, missing & place->v1);
	} else if (str_equal(place->top, "/")) {
		snprintf(place->reason, sizeof(place->reason),
			 "%s not offered at the root of the hierarchy that is seen from here", names);
		snprintf(
			place->remedy, sizeof(place->remedy),
			"remove cgroup_disable= from the kernel command line; in a container, start that one with "
			"the controllers");
	} else {
		snprintf(place->reason, sizeof(place->reason), "%s not delegated to %.100s", names,
			 place->top);
		snprintf(place->remedy, sizeof(place->remedy), "%s",
			 root ? "add Delegate=yes to the service or scope that the group belongs to"
			      : USER_REMEDY);
	}
}

static void join_path(char *buffer, size_t size, const char *mount, const char *group)
{
	snprintf(buffer, size, "%s%s", mount, group[1] ? group : "");
}

/* The group's file as a path relative to the mount: "." is "/". */
static bool may_write(int mount_fd, const char *group, const char *file)
{
	char path[CGROUP_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s%s%s", group + 1, group[1] ? "/" : "", file);
	return faccessat(mount_fd, path, W_OK, AT_EACCESS) == 0;
}

struct looking {
	int mount_fd;
	const char *mount;
	uid_t euid;
};

static bool is_writable(const struct place_world *world, const char *group)
{
	const struct looking *looking = world->context;

	return may_write(looking->mount_fd, group, "cgroup.subtree_control") &&
	       may_write(looking->mount_fd, group, "cgroup.procs");
}

/*
 * systemd marks a delegated group with trusted.delegate (system manager) or
 * user.delegate (user manager). A group marked so that another user owns is that
 * user's: he could move processes of ours about.
 */
static bool is_delegated(const struct place_world *world, const char *group)
{
	const struct looking *looking = world->context;
	char path[2 * CGROUP_PATH_MAX], value[4];
	const char *const names[] = { "trusted.delegate", "user.delegate" };
	struct stat st;

	join_path(path, sizeof(path), looking->mount, group);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (getxattr(path, names[i], value, sizeof(value)) == 1 && value[0] == '1')
			return stat(path, &st) == 0 && st.st_uid == looking->euid;
	return false;
}

/* The first view of the hierarchy that is really there (a mount point may be covered) and has our group. */
static int open_mount(const struct mounts *mounts, const struct mounts_own *own, struct cgroup_place *ret,
		      char below[CGROUP_PATH_MAX])
{
	for (size_t i = 0; i < mounts->n_v2; i++) {
		const struct mounts_v2 *v2 = &mounts->v2[i];
		_cleanup_fd_ int fd = -1;
		struct statfs fs;

		if (mounts_below(v2->root, own->path, below) < 0)
			continue;
		fd = open(v2->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		memcpy(ret->mount, v2->path, sizeof(ret->mount));
		return take_fd(&fd);
	}
	return -ENOENT;
}

static void explain_no_mount(const struct mounts *mounts, const struct mounts_own *own,
			     struct cgroup_place *ret)
{
	if (mounts->n_v2 > 0) {
		snprintf(ret->reason, sizeof(ret->reason),
			 "the own group %.120s can't be reached through the cgroup2 mount at %.60s",
			 own->path, mounts->v2[0].path);
		snprintf(ret->remedy, sizeof(ret->remedy),
			 "mount the cgroup2 file system at /sys/fs/cgroup in here");
	} else if (own->v1) {
		snprintf(ret->reason, sizeof(ret->reason),
			 "this machine uses cgroup version 1; cgroup2 isn't mounted");
		snprintf(ret->remedy, sizeof(ret->remedy), "%s", BOOT_REMEDY);
	} else {
		snprintf(ret->reason, sizeof(ret->reason), "no cgroup2 file system is mounted");
		snprintf(ret->remedy, sizeof(ret->remedy), "mount -t cgroup2 none /sys/fs/cgroup");
	}
}

static void read_available(int mount_fd, struct cgroup_place *place)
{
	char path[CGROUP_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s%scgroup.controllers", place->top + 1, place->top[1] ? "/" : "");
	if (controllers_read(mount_fd, path, &place->available) < 0)
		place->available = 0;
}

int cgroup_place_find(struct cgroup_place *ret, struct error *err)
{
	char below[CGROUP_PATH_MAX];
	struct cgroup_place place = { 0 };
	struct mounts_own own;
	struct mounts mounts;
	_cleanup_fd_ int mount_fd = -1;
	const uid_t euid = geteuid();
	int r;

	r = mounts_read(&mounts);
	if (r < 0)
		return error_set(err, -r, "read /proc/self/mountinfo");
	r = mounts_read_own(&own);
	if (r < 0)
		return error_set(err, -r, "read /proc/self/cgroup");

	place.v1 = own.v1_controllers | mounts.v1_controllers;
	place.pure = own.v2 && !own.v1 && !mounts.v1;
	mount_fd = own.v2 ? open_mount(&mounts, &own, &place, below) : -1;
	if (mount_fd < 0) {
		explain_no_mount(&mounts, &own, &place);
	} else {
		const struct looking looking = { mount_fd, place.mount, euid };
		const struct place_world world = { .root = euid == 0,
						   .own = below,
						   .context = &looking,
						   .writable = is_writable,
						   .delegated = is_delegated };

		place_choose(&world, &place);
	}
	if (!place.found && place.v1)
		snprintf(place.remedy, sizeof(place.remedy), "%s", BOOT_REMEDY);
	if (place.found) {
		read_available(mount_fd, &place);
		place_explain(&place, &mounts, euid == 0);
	}
	*ret = place;
	return 0;
}

/* "limits.memory, limits.pids": the keys of what needs one of these controllers. */
static void print_keys(const struct cgroup_limits *limits, unsigned int controllers, char *buffer,
		       size_t size)
{
	const char *last = NULL;
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < limits->n && used < size; i++) {
		const struct cgroup_setting *setting = &limits->items[i];

		if (!(setting->controller & controllers) || setting->key == last)
			continue;
		last = setting->key;
		used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? ", " : "", last);
	}
}

int cgroup_check(const struct cgroup_place *place, const struct cgroup_limits *limits, struct error *err)
{
	unsigned int missing = limits->controllers & ~(place->found ? place->available : 0);
	char names[CGROUP_VALUE_MAX], offers[CGROUP_VALUE_MAX], keys[200];

	print_keys(limits, missing, keys, sizeof(keys));
	if (!place->found) {
		error_set(err, EOPNOTSUPP, "%s%sfind a place for a cgroup: %s", keys, keys[0] ? ": " : "",
			  place->reason);
		return error_remedy(err, "%s%s", place->remedy,
				    keys[0] ? "; or set these limits to \"unlimited\"" : "");
	}
	if (missing == 0)
		return 0;
	controllers_print(missing, "", names, sizeof(names));
	controllers_print(place->available, "", offers, sizeof(offers));
	error_set(err, EOPNOTSUPP, "%s: needs the cgroup controllers %s, but %s has %s; %s", keys, names,
		  place->top, offers, place->reason);
	return error_remedy(err, "%s; or set these limits to \"unlimited\"", place->remedy);
}
