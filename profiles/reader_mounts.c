/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/reader.h"

/* Whether @path is @top or below it. */
static bool is_within(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strncmp(path, top, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* Owning one of these sockets means owning the host: the engine behind it starts anything, as root. */
static bool is_engine(const char *source)
{
	static const char *const sockets[] = { "docker.sock", "containerd.sock",  "podman.sock",
					       "crio.sock",   "cri-dockerd.sock", "buildkitd.sock" };
	static const char *const directories[] = { "/run/docker", "/run/containerd", "/run/podman",
						   "/run/crio", "/run/buildkit" };
	const char *base = strrchr(source, '/') + 1;

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		if (str_equal(base, sockets[i]))
			return true;
	if (str_starts(source, "/var/run"))
		source += strlen("/var");
	if (str_equal(source, "/run"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (str_equal(source, directories[i]))
			return true;
	return false;
}

static bool check_source(struct reader *reader, const struct place *place, const char *source)
{
	static const char *const kernel[] = { "/proc", "/sys", "/dev" };
	struct finding *finding;

	if (str_equal(source, "/")) {
		finding = reader_error(reader, "E022", place, "binding / exposes the host");
		finding_help(finding, "bind the one directory that is needed");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++) {
		if (!is_within(source, kernel[i]) || is_within(source, "/dev/shm"))
			continue;
		finding = reader_error(reader, "E022", place, "binding %s exposes the host", source);
		finding_help(finding, i == 2   ? "name single devices in \"devices\""
				      : i == 0 ? "\"proc\": \"full\" gives the container a /proc of its own"
					       : "what the kernel shows there is not the container's own");
		return false;
	}
	if (is_engine(source)) {
		finding = reader_error(reader, "E023", place, "binding %s hands the host over", source);
		finding_help(finding, "whoever talks to a container engine can start anything as root");
		return false;
	}
	return true;
}

static bool check_target(struct reader *reader, const struct json *mount, const char *target)
{
	static const char *const own[] = { "/proc", "/sys", "/dev" };
	struct finding *finding;

	if (str_equal(target, "/")) {
		finding = reader_error(reader, "E021", &mount->name_place, "nothing can be mounted on /");
		finding_help(finding, "\"rootfs\" says what stands there");
		return false;
	}
	if (is_within(target, "/dev/shm") || is_within(target, "/dev/mqueue"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (!is_within(target, own[i]))
			continue;
		finding = reader_error(reader, "E021", &mount->name_place, "nothing can be mounted on %s",
				       target);
		finding_label(finding, "the launcher sets up %s itself", own[i]);
		if (i == 2)
			finding_help(
				finding,
				"only /dev/shm and /dev/mqueue can be covered; devices go into \"devices\"");
		else if (i == 0)
			finding_help(finding, "\"proc\" chooses what /proc shows");
		return false;
	}
	return true;
}

/* A key that the mount's type ignores would promise something that is not done. */
static void refuse_keys(struct reader *reader, const struct json *mount, const char *type,
			const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct json *member = json_get(mount, names[i]);

		if (!member)
			continue;
		finding_label(reader_error(reader, "E024", &member->name_place,
					   "\"%s\" has no meaning for %s", names[i], type),
			      "not a key of a %s mount", type);
	}
}

static void read_bind(struct reader *reader, const struct json *object, struct spec_mount *mount)
{
	static const char *const foreign[] = { "size", "inodes", "mode" };
	const struct json *source = json_get(object, "source");

	refuse_keys(reader, object, "bind", foreign, ARRAY_SIZE(foreign));
	mount->write = reader_bool(reader, object, "mounts.*.write");
	mount->recursive = reader_bool(reader, object, "mounts.*.recursive");
	mount->optional = reader_bool(reader, object, "mounts.*.optional");
	mount->idmap = reader_bool(reader, object, "mounts.*.idmap");
	mount->inodes = mount->size_bytes = SPEC_UNSET;
	if (!source) {
		finding_help(reader_error(reader, "E024", &object->place, "a bind mount needs a \"source\""),
			     "add \"source\": \"/path/on/the/host\"");
		return;
	}
	mount->source = reader_path(reader, object, "mounts.*.source");
	if (mount->source)
		check_source(reader, &source->place, mount->source);
}

static void read_tmpfs(struct reader *reader, const struct json *object, struct spec_mount *mount)
{
	static const char *const foreign[] = { "source", "recursive", "optional", "idmap" };

	refuse_keys(reader, object, "tmpfs", foreign, ARRAY_SIZE(foreign));
	/* An empty directory that nobody can fill is rarely meant; but it can be, to hide something. */
	mount->write = !json_get(object, "write") || reader_bool(reader, object, "mounts.*.write");
	mount->mode = reader_mode(reader, object, "mounts.*.mode");
	mount->inodes = json_get(object, "inodes")
				? (uint64_t)reader_integer(reader, object, "mounts.*.inodes")
				: SPEC_UNSET;
	if (!json_get(object, "size")) {
		finding_help(reader_error(reader, "E024", &object->place, "a tmpfs mount needs a \"size\""),
			     "add \"size\": \"8MiB\"; what is in it counts as memory");
		return;
	}
	mount->size_bytes = reader_size(reader, object, "mounts.*.size");
}

static bool read_mount(struct reader *reader, const struct json *object, struct spec_mount *mount)
{
	static const char *const types[] = { [SPEC_MOUNT_BIND] = "bind", [SPEC_MOUNT_TMPFS] = "tmpfs", NULL };
	size_t n_errors = reader->findings->n_errors;
	const struct json *type;

	mount->target = values_path(reader->findings, reader->arena, "the mount point", &object->name_place,
				    object->name);
	if (!mount->target) {
		reader->exhausted |= reader->findings->n_errors == n_errors;
		return false;
	}
	if (!check_target(reader, object, mount->target) || object->type != JSON_OBJECT)
		return false;
	mount->exec = reader_bool(reader, object, "mounts.*.exec");
	type = json_get(object, "type");
	if (!type) {
		finding_help(reader_error(reader, "E024", &object->place, "a mount needs a \"type\""),
			     "\"bind\" for a path of the host, \"tmpfs\" for memory");
		return false;
	}
	if (type->type != JSON_STRING || !keys_has_word(keys_find("mounts.*.type")->words, type->text))
		return false; /* was complained about, and what follows depends on it */
	mount->type = reader_word(reader, object, "mounts.*.type", types);
	if (mount->type == SPEC_MOUNT_BIND)
		read_bind(reader, object, mount);
	else
		read_tmpfs(reader, object, mount);
	return true;
}

/* Parents first: "/a" before "/a/b", also where "/a-b" lies between them in byte order. */
static int compare_targets(const void *a, const void *b)
{
	const unsigned char *left = (const unsigned char *)((const struct spec_mount *)a)->target;
	const unsigned char *right = (const unsigned char *)((const struct spec_mount *)b)->target;

	while (*left && *left == *right) {
		left++;
		right++;
	}
	if (*left == *right)
		return 0;
	if (*left == '\0' || *right == '\0')
		return *left == '\0' ? -1 : 1;
	if (*left == '/' || *right == '/')
		return *left == '/' ? -1 : 1;
	return *left < *right ? -1 : 1;
}

static void report_same_target(struct reader *reader, const struct json *mounts, const char *target)
{
	const struct json *last = NULL;

	/* Two spellings of one path, as "/a" and "/a/": the later one is shown. */
	for (const struct json *mount = mounts->first; mount; mount = mount->next) {
		struct findings unused = { 0 };
		const char *path = values_path(&unused, reader->arena, "", &mount->name_place, mount->name);

		if (path && str_equal(path, target))
			last = mount;
	}
	reader_error(reader, "E021", last ? &last->name_place : NULL, "%s is mounted twice", target);
}

static void read_rootfs(struct reader *reader)
{
	const struct json *rootfs = reader_get(reader->root, "rootfs");
	const struct json *path = rootfs;
	const char *root;

	if (!rootfs) {
		finding_help(reader_error(reader, "E007", &reader->root->place, "\"rootfs\" is missing"),
			     "add the directory that becomes /, like \"rootfs\": \"/srv/rootfs/web\"");
		return;
	}
	if (rootfs->type == JSON_OBJECT) {
		path = json_get(rootfs, "path");
		if (!path) {
			reader_error(reader, "E007", &rootfs->place, "\"rootfs\" needs a \"path\"");
			return;
		}
		root = reader_path(reader, rootfs, "rootfs.path");
	} else {
		root = reader_path(reader, reader->root, "rootfs");
	}
	if (root && str_equal(root, "/")) {
		finding_help(reader_error(reader, "E022", &path->place, "a rootfs of / exposes the host"),
			     "unpack an image into a directory of its own");
		return;
	}
	reader->spec->rootfs = root;
}

void reader_mounts(struct reader *reader)
{
	const struct json *mounts = reader_get(reader->root, "mounts");
	struct spec_mount *list;
	size_t n = 0;

	read_rootfs(reader);
	if (!mounts || mounts->type != JSON_OBJECT || !mounts->first)
		return;
	list = reader_alloc(reader, mounts->n, sizeof(*list));
	if (!list)
		return;
	for (const struct json *mount = mounts->first; mount; mount = mount->next)
		if (read_mount(reader, mount, &list[n]))
			n++;
		else
			memset(&list[n], 0, sizeof(list[n]));
	qsort(list, n, sizeof(*list), compare_targets);
	for (size_t i = 1; i < n; i++)
		if (str_equal(list[i - 1].target, list[i].target))
			report_same_target(reader, mounts, list[i].target);
	reader->spec->mounts = list;
	reader->spec->n_mounts = n;
}
