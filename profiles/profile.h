/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reads a profile: JSON with comments, parents merged first, drop-ins last, then checked
 * against the key table (keys.h) and turned into a spec. Nothing unknown passes.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "profiles/spec.h"

struct arena;
struct findings;
struct source;

/* Words that other folders own, for checking and for "did you mean". */
struct vocabulary {
	const char *const *syscalls; /* every known system call, sorted */
	size_t n_syscalls;
	const char *const *groups; /* "@base", … */
	size_t n_groups;
};

struct profile_options {
	const struct vocabulary *vocabulary; /* NULL: no name of a system call is known */
	const char *const *arguments;        /* after "--"; NULL-terminated, NULL: none */
	const char *system_dir;              /* where extends looks last: "/usr/share/kapsel/profiles" */
	bool check_owner;                    /* refuse files that others could have written */
	/*
	 * It tightens a container that an OCI bundle describes: rootfs and command are not required, and what
	 * tightens nothing is refused. Filled in: syscalls, on_violation, allow_*, exec_allow, capabilities,
	 * and target and write of mounts; nothing else.
	 */
	bool layer;
};

/**
 * profile_read() - read, merge and check the profile at @path
 * @arena:    owns everything in @ret, and the texts that @findings point into
 * @findings: gets every error and warning, up to 20, sorted by place
 *
 * Reads $CREDENTIALS_DIRECTORY and the variables in env_from_host.
 * Return: 0 and *ret set, or -EINVAL when @findings has at least one error, or -ENOMEM.
 */
int profile_read(const char *path, const struct profile_options *options, struct arena *arena,
		 struct findings *findings, const struct spec **ret) _must_check_;

/** profile_read_text() - as profile_read() for a text; opens no file, so "extends" is refused. */
int profile_read_text(const struct source *source, const struct profile_options *options, struct arena *arena,
		      struct findings *findings, const struct spec **ret) _must_check_;
