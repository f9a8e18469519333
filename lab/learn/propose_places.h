/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* From the paths that were written to the mounts that make them writable, directory by directory. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct observation;
struct spec;

enum { PROPOSE_PLACES_MAX = 64, PROPOSE_REMARKS_MAX = 32 };

struct propose_place {
	const char *target;
	const char *source;  /* of a bind, NULL: a tmpfs */
	bool exec;           /* something in it was executed */
	uint64_t used_bytes; /* that its files had at most */
	size_t n_files;
	const char *why;
};

struct propose_places {
	struct propose_place items[PROPOSE_PLACES_MAX];
	size_t n;
	const char *remarks[PROPOSE_REMARKS_MAX];
	size_t n_remarks;
};

/* What the image has, asked by path; the tests have their own. */
struct propose_image {
	bool (*has_file)(void *arg, const char *path);
	bool (*has_directory)(void *arg, const char *path);
	void *arg;
};

/**
 * propose_places() - find the directories that were written and that @present does not open
 *
 * Never the image's own parts (/usr, /etc …): they stay read-only, and a remark says what was tried.
 * Return: 0 or -ENOMEM.
 */
int propose_places(const struct observation *observation, const struct spec *present,
		   const struct propose_image *image, struct arena *arena, struct propose_places *ret);

/** propose_places_use() - fill what files of @target's tree were seen: bytes, number, whether one was
 * executed. */
void propose_places_use(const struct observation *observation, struct propose_place *place);

/**
 * propose_places_image() - the image's own parts, which stay read-only: "/usr", "/etc" …
 *
 * What writes there tries to change programs or their configuration. Return: @ret_n directories.
 */
const char *const *propose_places_image(size_t *ret_n);

/** propose_places_is_image() - Return: whether @path is in one of them. */
bool propose_places_is_image(const char *path);

/** propose_places_within() - Return: whether @path is @top or below it. */
bool propose_places_within(const char *path, const char *top);
