/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose_places.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/str.h"
#include "lab/learn/observation.h"
#include "profiles/spec.h"

enum { BLOCK = 4096 };

struct places {
	const struct observation *observation;
	const struct spec *present;
	const struct propose_image *image;
	struct arena *arena;
	struct propose_places *ret;
	bool exhausted;
};

bool propose_places_within(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (str_equal(top, "/"))
		return path[0] == '/';
	return strncmp(path, top, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

const char *const *propose_places_image(size_t *ret_n)
{
	static const char *const tops[] = { "/usr", "/etc",   "/bin",   "/sbin",
					    "/lib", "/lib32", "/lib64", "/boot" };

	*ret_n = ARRAY_SIZE(tops);
	return tops;
}

bool propose_places_is_image(const char *path)
{
	size_t n;
	const char *const *tops = propose_places_image(&n);

	for (size_t i = 0; i < n; i++)
		if (propose_places_within(path, tops[i]))
			return true;
	return false;
}

/* Set up by kapsel itself: devices can be written, nothing can be made. */
static bool is_kernel(const char *directory)
{
	static const char *const tops[] = { "/proc", "/sys", "/dev" };

	if (propose_places_within(directory, "/dev/shm") || propose_places_within(directory, "/dev/mqueue"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (propose_places_within(directory, tops[i]))
			return true;
	return false;
}

static const struct spec_mount *mount_of(const struct spec *spec, const char *path)
{
	const struct spec_mount *best = NULL;

	for (size_t i = 0; i < spec->n_mounts; i++)
		if (propose_places_within(path, spec->mounts[i].target))
			best = &spec->mounts[i]; /* sorted: parents first */
	return best;
}

static void remark(struct places *places, const char *directory, const struct observed_path *path,
		   const char *but)
{
	struct propose_places *ret = places->ret;
	const char *text = arena_printf(places->arena, "%s was to be written by %s%s", directory,
					path->comm[0] ? path->comm : "it", but);

	places->exhausted = places->exhausted || !text;
	for (size_t i = 0; text && i < ret->n_remarks; i++)
		if (str_equal(ret->remarks[i], text))
			return;
	if (text && ret->n_remarks < PROPOSE_REMARKS_MAX)
		ret->remarks[ret->n_remarks++] = text;
}

static bool is_known(const struct propose_places *ret, const char *target)
{
	for (size_t i = 0; i < ret->n; i++)
		if (str_equal(ret->items[i].target, target))
			return true;
	return false;
}

/* Whether the workload itself made the directory, so that no mount point is needed for it. */
static bool was_made(const struct places *places, const char *directory)
{
	const struct observed_path *path = observation_find(places->observation, directory);

	return path && (path->access & ACCESS_CREATE) &&
	       !places->image->has_directory(places->image->arg, directory);
}

/* Where kapsel mounts the profile's secrets nothing else can be mounted. */
static bool is_secrets(const struct places *places, const char *directory)
{
	return places->present->n_secrets > 0 && propose_places_within(directory, "/run/secrets");
}

static void add_directory(struct places *places, const char *directory, const struct observed_path *path)
{
	struct propose_places *ret = places->ret;
	const struct spec_mount *mount = mount_of(places->present, directory);
	struct propose_place *place;

	if (is_kernel(directory) || (mount && mount->write) || is_known(ret, directory) ||
	    was_made(places, directory))
		return;
	if (propose_places_is_image(directory) || str_equal(directory, "/") || is_secrets(places, directory))
		remark(places, directory, path, ": it stays read-only");
	else if (mount)
		remark(places, directory, path, ", but is mounted read-only");
	else if (!propose_places_within(directory, "/dev") &&
		 !places->image->has_directory(places->image->arg, directory))
		remark(places, directory, path, ": there is no such directory");
	else if (ret->n == PROPOSE_PLACES_MAX)
		remark(places, directory, path, ": more directories were written than fit here");
	else {
		place = &ret->items[ret->n++];
		*place = (struct propose_place){ .target = directory };
		place->why = arena_printf(places->arena, "%s writes %s", path->comm[0] ? path->comm : "it",
					  path->path);
		places->exhausted = places->exhausted || !place->why;
	}
}

static char *directory_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? arena_strdup(arena, "/") : arena_memdup(arena, path, (size_t)(slash - path));
}

/* kapsel itself needs a mount point for them, which only a tmpfs gets made. */
static void add_secrets(struct places *places)
{
	char path[] = "/run/secrets";
	const struct observed_path secrets = { .path = path, .comm = "kapsel" };

	if (places->present->n_secrets > 0 && !places->image->has_directory(places->image->arg, path))
		add_directory(places, "/run", &secrets);
}

/* Files of the image that it reads would vanish below a tmpfs. */
static bool covers_files(const struct places *places, const char *target)
{
	const struct observation *observation = places->observation;

	for (size_t i = 0; i < observation->n_paths; i++) {
		const struct observed_path *path = &observation->paths[i];

		if (propose_places_within(path->path, target) && !str_equal(path->path, target) &&
		    places->image->has_file(places->image->arg, path->path))
			return true;
	}
	return false;
}

/* A directory below another one is writable with it, unless the image has it: a tmpfs begins empty. */
static void drop_covered(struct places *places)
{
	struct propose_places *ret = places->ret;
	size_t kept = 0;

	for (size_t i = 0; i < ret->n; i++) {
		bool covered = false;

		for (size_t j = 0; j < ret->n && !covered; j++)
			covered = j != i &&
				  propose_places_within(ret->items[i].target, ret->items[j].target) &&
				  (ret->items[j].source ||
				   !places->image->has_directory(places->image->arg, ret->items[i].target));
		if (!covered)
			ret->items[kept++] = ret->items[i];
	}
	ret->n = kept;
}

static void sort(struct propose_places *ret)
{
	for (size_t i = 1; i < ret->n; i++)
		for (size_t j = i; j > 0 && strcmp(ret->items[j].target, ret->items[j - 1].target) < 0; j--) {
			struct propose_place swap = ret->items[j];

			ret->items[j] = ret->items[j - 1];
			ret->items[j - 1] = swap;
		}
}

void propose_places_use(const struct observation *observation, struct propose_place *place)
{
	place->used_bytes = 0;
	place->n_files = 0;
	for (size_t i = 0; i < observation->n_paths; i++) {
		const struct observed_path *path = &observation->paths[i];

		if (!propose_places_within(path->path, place->target))
			continue;
		if (path->access & ACCESS_EXEC)
			place->exec = true;
		if (!(path->access & (ACCESS_WRITE | ACCESS_CREATE)))
			continue;
		place->n_files++;
		place->used_bytes += (path->size_bytes + BLOCK - 1) / BLOCK * BLOCK;
	}
}

int propose_places(const struct observation *observation, const struct spec *present,
		   const struct propose_image *image, struct arena *arena, struct propose_places *ret)
{
	struct places places = { observation, present, image, arena, ret, false };

	ret->n = ret->n_remarks = 0;
	for (size_t i = 0; i < observation->n_paths && !places.exhausted; i++) {
		const struct observed_path *path = &observation->paths[i];
		const char *directory;

		if (!(path->access & (ACCESS_WRITE | ACCESS_CREATE)) || is_kernel(path->path))
			continue;
		directory = directory_of(arena, path->path);
		places.exhausted = !directory;
		if (directory)
			add_directory(&places, directory, path);
	}
	add_secrets(&places);
	for (size_t i = 0; i < ret->n; i++) {
		struct propose_place *place = &ret->items[i];

		propose_places_use(observation, place);
		if (!covers_files(&places, place->target))
			continue;
		place->source = arena_printf(arena, "%s%s", present->rootfs, place->target);
		places.exhausted = places.exhausted || !place->source;
	}
	drop_covered(&places);
	sort(ret);
	return places.exhausted ? -ENOMEM : 0;
}
