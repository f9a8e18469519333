/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Other limits for a container that runs. */
#include <stddef.h>

#include "base/macro.h"

struct error;
struct host;
struct spec;

/**
 * update_limits() - apply limits and, once the kernel has them, put them into the spec
 * @cgroup_fd: the container's group, -1: it has none
 * @words: @n of "memory=268435456", as control.h lists them
 *
 * All or nothing: what was written before a failure is written back.
 * Return: 0 or -errno with *err filled.
 */
int update_limits(struct spec *spec, const struct host *host, int cgroup_fd, char *const *words, size_t n,
		  struct error *err) _must_check_;
