/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/mounts.h"
#include "launcher/oci/steps/idmap_namespace.h"
#include "profiles/oci/oci.h"

enum { ALL_IDS = 65536, DEPTH_MAX = 3 };

struct id_items {
	struct oci_id_map items[4];
	size_t n;
};

/* Id 0 on disk is shown as the workload's own, its own as 0; the rest stays. */
static void map_ids(const struct observe_ids *ids, uint32_t inside, uint32_t host, struct id_items *ret)
{
	uint32_t own = inside < ALL_IDS ? inside : 0;
	const struct oci_id_map items[] = {
		{ 0, host, 1 },
		{ own, ids->first_id, 1 },
		{ 1, ids->first_id + 1, own > 0 ? own - 1 : ALL_IDS - 1 },
		{ own + 1, ids->first_id + own + 1, ALL_IDS - 1 - own },
	};

	ret->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		if (items[i].size > 0 && (own > 0 || i == 0 || i == 2))
			ret->items[ret->n++] = items[i];
}

/* Root's files become the workload's, so that it can write wherever it wants, as in an image made for it. */
static int id_map(int tree, const struct observe_ids *ids, struct arena *arena, struct error *err)
{
	struct id_items uids, gids;
	_cleanup_fd_ int namespace = -1;

	map_ids(ids, ids->uid, ids->host_uid, &uids);
	map_ids(ids, ids->gid, ids->host_gid, &gids);
	namespace = idmap_namespace_open(arena, &(struct oci_id_maps){ uids.items, uids.n },
					 &(struct oci_id_maps){ gids.items, gids.n }, err);
	return namespace < 0 ? namespace : mounts_idmap(tree, false, namespace);
}

/* Return: the lower layer's path, or NULL when it can't be id-mapped. */
static const char *map_lower(const struct observe_stage_options *options, struct arena *arena)
{
	const char *path = arena_printf(arena, "%s/lower", options->directory);
	_cleanup_fd_ int tree =
		mounts_clone(options->bundle.rootfs, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	_cleanup_fd_ int place = -1;
	struct error ignored = { 0 };

	if (!path || tree < 0 || id_map(tree, options->bundle.ids, arena, &ignored) < 0 ||
	    mkdir(path, 0755) < 0)
		return NULL;
	place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return place < 0 || mounts_attach(tree, place) < 0 ? NULL : path;
}

/* Return: the overlay's path; NULL when the kernel does not want one here. */
static const char *make_overlay(const struct observe_stage_options *options, const char *lower,
				struct arena *arena)
{
	const char *directory = options->directory;
	const char *upper = arena_printf(arena, "%s/upper", directory);
	const char *work = arena_printf(arena, "%s/work", directory);
	const char *root = arena_printf(arena, "%s/root", directory);
	const struct mounts_option parts[] = {
		{ "lowerdir", lower }, { "upperdir", upper },
		{ "workdir", work },   { options->bundle.ids->alone ? "userxattr" : NULL, NULL },
		{ NULL, NULL },
	};
	_cleanup_fd_ int tree = -1;
	_cleanup_fd_ int place = -1;

	if (!upper || !work || !root || mkdir(work, 0700) < 0 || mkdir(root, 0755) < 0)
		return NULL;
	tree = mounts_new("overlay", parts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	place = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return tree < 0 || place < 0 || mounts_attach(tree, place) < 0 ? NULL : root;
}

static int make_upper(const struct observe_stage_options *options, struct arena *arena)
{
	const char *upper = arena_printf(arena, "%s/upper", options->directory);
	const struct observe_ids *ids = options->bundle.ids;
	_cleanup_fd_ int fd = -1;

	if (!upper || mkdir(upper, 0755) < 0)
		return -1;
	fd = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fchown(fd, ids->host_uid, ids->host_gid) < 0 || fchmod(fd, 0755) < 0 ? -1
											      : take_fd(&fd);
}

/*
 * Where files keep their owners, the places where services write become the workload's own; what
 * stands in them does not. Of the host's root it must not read root's secrets.
 */
static void open_directory(int lower, int upper, const char *name, const struct observe_ids *ids, int depth)
{
	_cleanup_fd_ int from = openat(lower, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int to = -1;
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (from < 0 || fstat(from, &st) < 0 || (mkdirat(upper, name, 0700) < 0 && errno != EEXIST))
		return;
	to = openat(upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0 || fchown(to, ids->host_uid, ids->host_gid) < 0 ||
	    fchmod(to, (st.st_mode & 07777) | 0700) < 0 || depth == 0)
		return;
	dir = fdopendir(from);
	if (!dir)
		return;
	(void)take_fd(&from);
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			open_directory(dirfd(dir), to, entry->d_name, ids, depth - 1);
	closedir(dir);
}

static void open_places(int root, int upper, const struct observe_ids *ids)
{
	static const struct {
		const char *parent, *name;
		int depth;
	} places[] = {
		{ ".", "run", 1 },   { ".", "tmp", 0 },           { ".", "data", 1 },
		{ ".", "var", 0 },   { "var", "lib", DEPTH_MAX }, { "var", "cache", DEPTH_MAX },
		{ "var", "log", 2 }, { "var", "spool", 2 },       { "var", "tmp", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_fd_ int from =
			openat(root, places[i].parent, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		_cleanup_fd_ int to =
			openat(upper, places[i].parent, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (from >= 0 && to >= 0)
			open_directory(from, to, places[i].name, ids, places[i].depth);
	}
}

/* An empty root with the host's directories and links; the image's parts are bound into it. */
static const char *make_skeleton(const struct observe_stage_options *options, struct arena *arena)
{
	const char *root = arena_printf(arena, "%s/skeleton", options->directory);
	_cleanup_fd_ int to = -1;
	struct dirent *entry;
	char target[256];
	DIR *dir;

	if (!root || mkdir(root, 0755) < 0)
		return NULL;
	to = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	dir = to < 0 ? NULL : opendir("/");
	while (dir && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (n > 0) {
			target[n] = '\0';
			if (symlinkat(target, to, entry->d_name) < 0)
				continue; /* a link less; the program says what it misses */
		} else if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
			if (mkdirat(to, entry->d_name, 0755) < 0)
				continue;
		}
	}
	if (dir)
		closedir(dir);
	return dir ? root : NULL;
}

static bool is_own(const char *rootfs)
{
	struct stat st;

	return stat(rootfs, &st) == 0 && st.st_uid == geteuid();
}

/* What is written where its owner does not let it; else the whole root is the workload's. */
static const char *make_shared(const struct observe_stage_options *options, int upper, struct arena *arena)
{
	const char *rootfs = options->bundle.rootfs;
	_cleanup_fd_ int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root >= 0)
		open_places(root, upper, options->bundle.ids);
	return make_overlay(options, rootfs, arena);
}

struct observe_root_made observe_root_make(const struct observe_stage_options *options, struct arena *arena)
{
	const char *rootfs = options->bundle.rootfs, *lower = NULL;
	bool host = str_equal(rootfs, "/"), alone = options->bundle.ids->alone;
	struct observe_root_made made = { .kind = OBSERVE_ROOT_OWNED, .remark = "" };
	_cleanup_fd_ int upper = make_upper(options, arena);

	if (!host && alone && is_own(rootfs))
		lower = rootfs;
	else if (!host && !alone)
		lower = map_lower(options, arena);
	made.path = upper >= 0 && lower ? make_overlay(options, lower, arena) : NULL;
	if (made.path)
		return made;

	made.kind = OBSERVE_ROOT_SHARED;
	made.remark = host || alone ? "its files keep their owners" : "its file system can't be id-mapped";
	if (upper >= 0 && !lower)
		made.path = make_shared(options, upper, arena);
	if (made.path)
		return made;

	/* Only root may lay something over "/", where mounts of the host hide directories. */
	made.kind = OBSERVE_ROOT_SKELETON;
	made.remark = "beside /usr, /etc and the like it begins empty";
	made.path = host ? make_skeleton(options, arena) : NULL;
	if (made.path)
		return made;
	made.kind = OBSERVE_ROOT_READONLY;
	made.remark = "the kernel refuses an overlay here";
	made.path = rootfs;
	return made;
}
