/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One tree out of a profile, its parents and its drop-ins. Merging is RFC 7396 (JSON
 * Merge Patch): objects merge, everything else replaces, null removes. Each value keeps
 * the place it was written at.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;
struct findings;
struct json;
struct source;

enum { MERGE_LEVELS_MAX = 8, MERGE_FILES_MAX = 64 };

struct merge_options {
	const char *system_dir; /* where extends looks last, NULL: nowhere */
	bool check_owner;       /* see source.h */
};

/**
 * merge_load() - read the profile at @path, first its parents, last its drop-ins
 *
 * Parents are looked for beside the file that names them, then in system_dir. Drop-ins
 * are the *.jsonc in the directory @path plus ".d", in the order of their names. Every
 * file is checked against the key table.
 * Return: 0 with *ret set, even if @findings has errors about keys; -EINVAL when there is
 * no tree to go on with; -ENOMEM.
 */
int merge_load(const char *path, const struct merge_options *options, struct arena *arena,
	       struct findings *findings, struct json **ret) _must_check_;

/** merge_load_text() - as merge_load() for one text; it has no directory, so it can't extend. */
int merge_load_text(const struct source *source, struct arena *arena, struct findings *findings,
		    struct json **ret) _must_check_;

/**
 * merge_apply() - RFC 7396: change @target by @patch, both objects
 *
 * Nodes of @patch are copied, what arrays hold is shared. Return: 0 or -ENOMEM.
 */
int merge_apply(struct json *target, const struct json *patch, struct arena *arena) _must_check_;
