/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Volumes, binds, tmpfs and devices. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/docker.h"
#include "lab/convert/docker_parts.h"
#include "lab/convert/draft.h"
#include "lab/convert/quantities.h"
#include "profiles/spec.h"

#define TMPFS_SIZE (UINT64_C(64) << 20)
#define TMPFS_MODE "1777"

static struct json *new_mount(struct docker *docker, const char *target, const char *type)
{
	struct draft *draft = docker->draft;
	struct json *mount = draft_object(draft, draft_object(draft, draft->root, "mounts"), target);

	draft_string(draft, mount, "type", type);
	return mount;
}

/* Relative names are Compose's, from the file's directory, and those of newer versions of Docker. */
static const char *absolute(struct docker *docker, const char *path)
{
	char base[PATH_MAX];

	if (path[0] == '/')
		return path;
	if (docker->base_dir)
		snprintf(base, sizeof(base), "%s", docker->base_dir);
	else if (!getcwd(base, sizeof(base)))
		return path;
	while (path[0] == '.' && (path[1] == '/' || path[1] == '\0' || str_starts(path, ".."))) {
		char *slash = path[1] == '.' ? strrchr(base, '/') : NULL;

		if (slash)
			*slash = '\0';
		path += strspn(path, ".");
		path += strspn(path, "/");
	}
	return arena_printf(docker->draft->arena, "%s%s%s", base, path[0] ? "/" : base[0] ? "" : "/", path);
}

static void add_bind(struct docker *docker, const char *source, const char *target, bool readonly)
{
	struct json *mount = new_mount(docker, target, "bind");
	const char *path = absolute(docker, source);

	draft_string(docker->draft, mount, "source", path ? path : source);
	if (!readonly)
		draft_bool(docker->draft, mount, "write", true);
	docker->bind = true;
}

static void volume_option(struct docker *docker, const char *whole, const char *option, bool *readonly)
{
	if (str_equal(option, "ro") || str_equal(option, "readonly"))
		*readonly = true;
	else if (str_equal(option, "rw") || !option[0])
		*readonly = false;
	else if (str_equal(option, "z") || str_equal(option, "Z"))
		draft_lost(docker->draft, "-v %s: %s: label the directory yourself, or use \"selinux\"",
			   whole, option);
	else if (strstr(option, "private") || strstr(option, "shared") || strstr(option, "slave"))
		draft_lost(docker->draft, "-v %s: %s: mounts are always private", whole, option);
	else
		draft_lost(docker->draft, "-v %s: %s: kapsel has no such option", whole, option);
}

void docker_volume(struct docker *docker, const char *value)
{
	char *source = arena_strdup(docker->draft->arena, value), *target = source, *options;
	bool readonly = false;

	if (!source) {
		docker->draft->exhausted = true;
		return;
	}
	strsep(&target, ":");
	if (!target) {
		draft_lost(docker->draft,
			   "-v %s: an anonymous volume: bind a directory of the host there, or mount a tmpfs",
			   value);
		return;
	}
	options = target;
	strsep(&options, ":");
	while (options)
		volume_option(docker, value, strsep(&options, ","), &readonly);
	if (target[0] != '/') {
		docker_fail(docker, "volume", value, "the path in the container must be absolute");
		return;
	}
	if (source[0] != '/' && source[0] != '.' && source[0] != '~') {
		draft_lost(docker->draft,
			   "-v %s: a named volume: bind its directory (docker volume inspect %s names it)",
			   value, source);
		return;
	}
	add_bind(docker, source, target, readonly);
}

/* What --mount and --tmpfs say about one mount. */
struct description {
	const char *type, *source, *target;
	bool readonly, exec;
	uint64_t size, inodes;
	const char *mode;
};

static void tmpfs_option(struct docker *docker, const char *whole, const char *option,
			 struct description *description)
{
	const char *value = strchr(option, '=');

	value = value ? value + 1 : "";
	if (str_starts(option, "size=") || str_starts(option, "tmpfs-size=")) {
		if (quantities_docker_size(value, &description->size) < 0)
			docker_fail(docker, "tmpfs", whole, "its size is none, as 64m");
	} else if (str_starts(option, "mode=") || str_starts(option, "tmpfs-mode=")) {
		description->mode = value;
	} else if (str_starts(option, "nr_inodes=")) {
		if (quantities_docker_size(value, &description->inodes) < 0)
			docker_fail(docker, "tmpfs", whole, "its number of inodes is none");
	} else if (str_equal(option, "ro") || str_equal(option, "readonly")) {
		description->readonly = true;
	} else if (str_equal(option, "exec")) {
		description->exec = true;
	} else if (option[0] && !str_equal(option, "rw") && !str_equal(option, "noexec") &&
		   !str_equal(option, "nosuid") && !str_equal(option, "nodev")) {
		draft_lost(docker->draft, "--tmpfs %s: %s: kapsel has no such option", whole, option);
	}
}

static void add_tmpfs(struct docker *docker, const struct description *description)
{
	struct draft *draft = docker->draft;
	struct json *mount = new_mount(docker, description->target, "tmpfs");
	const char *mode = description->mode ? description->mode : TMPFS_MODE;
	char text[16];

	if (!description->size)
		draft_note(draft,
			   "mounts.%s: without a size Docker's grows to half of the memory; here it is 64MiB",
			   description->target);
	draft_size(draft, mount, "size", description->size ? description->size : TMPFS_SIZE);
	if (description->inodes)
		draft_number(draft, mount, "inodes", (int64_t)description->inodes);
	snprintf(text, sizeof(text), "%s%s", mode[0] == '0' || strlen(mode) > 3 ? "" : "0", mode);
	draft_string(draft, mount, "mode", text);
	if (description->readonly)
		draft_bool(draft, mount, "write", false);
	if (description->exec)
		draft_bool(draft, mount, "exec", true);
}

void docker_tmpfs(struct docker *docker, const char *value)
{
	char *target = arena_strdup(docker->draft->arena, value), *options = target;
	struct description description = { 0 };

	if (!target) {
		docker->draft->exhausted = true;
		return;
	}
	description.target = strsep(&options, ":");
	while (options)
		tmpfs_option(docker, value, strsep(&options, ","), &description);
	if (target[0] != '/')
		docker_fail(docker, "tmpfs", value, "the path in the container must be absolute");
	else
		add_tmpfs(docker, &description);
}

static void mount_field(struct docker *docker, const char *whole, const char *field,
			struct description *description)
{
	const char *value = strchr(field, '=');

	value = value ? value + 1 : "";
	if (str_starts(field, "type="))
		description->type = value;
	else if (str_starts(field, "source=") || str_starts(field, "src="))
		description->source = value;
	else if (str_starts(field, "target=") || str_starts(field, "destination=") ||
		 str_starts(field, "dst="))
		description->target = value;
	else if (str_starts(field, "readonly") || str_equal(field, "ro") || str_starts(field, "ro="))
		description->readonly = !str_equal(value, "false") && !str_equal(value, "0");
	else if (str_starts(field, "bind-propagation="))
		draft_lost(docker->draft, "--mount %s: %s: mounts are always private", whole, field);
	else if (str_starts(field, "tmpfs-"))
		tmpfs_option(docker, whole, field, description);
	else
		draft_lost(docker->draft, "--mount %s: %s: kapsel has no such option", whole, field);
}

void docker_mount(struct docker *docker, const char *value)
{
	char *rest = arena_strdup(docker->draft->arena, value);
	struct description description = { .type = "volume" };

	while (rest)
		mount_field(docker, value, strsep(&rest, ","), &description);
	if (!description.target || description.target[0] != '/') {
		docker_fail(docker, "mount", value, "it needs target=, an absolute path in the container");
	} else if (str_equal(description.type, "tmpfs")) {
		add_tmpfs(docker, &description);
	} else if (!str_equal(description.type, "bind")) {
		draft_lost(docker->draft,
			   "--mount %s: kapsel has no volumes: bind a directory of the host (type=bind)",
			   value);
	} else if (!description.source || !description.source[0]) {
		docker_fail(docker, "mount", value, "a bind needs source=");
	} else {
		add_bind(docker, description.source, description.target, description.readonly);
	}
}

void docker_shm_size(struct docker *docker, const char *value)
{
	struct description description = { .target = "/dev/shm", .mode = TMPFS_MODE };

	if (quantities_docker_size(value, &description.size) < 0 || description.size == 0)
		docker_fail(docker, "shm-size", value, "not a size, as 64m");
	else
		add_tmpfs(docker, &description);
}

void docker_device(struct docker *docker, const char *value)
{
	struct draft *draft = docker->draft;
	char *path = arena_strdup(draft->arena, value), *target = path, *access;
	bool reads, writes;

	if (!path) {
		draft->exhausted = true;
		return;
	}
	strsep(&target, ":");
	access = target;
	strsep(&access, ":");
	if (target && target[0] != '/' && !access) { /* "/dev/x:rw" */
		access = target;
		target = NULL;
	}
	if (target && !str_equal(target, path)) {
		draft_lost(draft, "--device %s: under another name: a device keeps its path", value);
		return;
	}
	reads = !access || strchr(access, 'r');
	writes = !access || strchr(access, 'w');
	if (!reads && !writes)
		docker_fail(docker, "device", value, "no access: write r, w or rw");
	else
		draft_string(draft, draft_object(draft, draft->root, "devices"), path,
			     reads && writes ? "rw"
			     : writes        ? "w"
					     : "r");
}

void docker_read_only(struct docker *docker, const char *value)
{
	(void)value;
	docker->read_only = true;
}
