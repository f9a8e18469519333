/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Who is audited: a profile, a running container of kapsel's, or any process; and all that is known of it. */
#include <sys/types.h>

#include "base/macro.h"
#include "lab/audit/checks.h"

struct arena;
struct assessment;
struct error;
struct host;

/** subject_profile() - a profile that was read from @path. */
void subject_profile(const struct spec *spec, const char *path, struct assessment *ret);

/**
 * subject_container() - a running container by its name or id: its stored profile and its process
 *
 * Return: 0, or -errno with *err filled: -ENOENT where there is none of that name, -ESRCH where it does not
 * run.
 */
int subject_container(const struct host *host, const char *which, struct arena *arena, struct assessment *ret,
		      struct error *err) _must_check_;

/** subject_process() - any process. 0 or -errno with *err filled. */
int subject_process(pid_t pid, struct arena *arena, struct assessment *ret, struct error *err) _must_check_;
