/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Where a path of the container comes from, and what stands there: what an error about it means. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

struct spec;
struct spec_mount;

enum { WHY_PATH_MAX = 1024, WHY_PATH_PROBLEM_MAX = 1400 };

enum why_path_place {
	WHY_PATH_ROOT,    /* the image */
	WHY_PATH_BIND,    /* mount of the profile */
	WHY_PATH_TMPFS,   /* mount of the profile; gone with the run */
	WHY_PATH_SECRETS, /* /run/secrets */
	WHY_PATH_PROC,
	WHY_PATH_SYS, /* not there unless the image has a directory of that name */
	WHY_PATH_DEV,
};

struct why_path {
	enum why_path_place place;
	const struct spec_mount *mount; /* BIND, TMPFS */
	bool known;                     /* its place can be looked at from here; then: */
	int error;                      /* errno of looking for it: ENOENT; 0: the rest is set */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	/* Why the kernel does not execute it, "": nothing is known against it, or it is no file. */
	char problem[WHY_PATH_PROBLEM_MAX];
};

/**
 * why_path_find() - in a line of text, the path that an error at @at is about
 * @workdir: what a name without a slash begins with, NULL: only absolute paths
 * @ret: normalised
 *
 * The last one before the error, else the first one behind it. Return: whether there is one.
 */
bool why_path_find(const char *line, size_t size, size_t at, const char *workdir, char ret[WHY_PATH_MAX]);

/** why_path_hides() - Return: whether the image has something in the directory @path, which a mount there
 * would hide. */
bool why_path_hides(const struct spec *spec, const char *path);

/** why_path_look() - fill @ret for the absolute @path in a container of @spec; nothing in it is executed. */
void why_path_look(const struct spec *spec, const char *path, struct why_path *ret);
