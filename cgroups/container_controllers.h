/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Controllers of an OCI container's group: all that the host offers are switched on from the top of
 * the mount down to it, because engines read memory.events and cpu.stat of every container. Those
 * that limits need are an error if they can't be had, the others are not.
 */
#include <stddef.h>

#include "base/macro.h"
#include "cgroups/cgroup.h"

struct error;

enum { CONTAINER_KEYS_MAX = 256 };

/** container_controllers_keys() - "linux.resources.memory, linux.resources.pids": what needs @controllers. */
void container_controllers_keys(unsigned int controllers, char *buffer, size_t size);

/**
 * container_controllers_enable() - switch controllers on in every group above @path
 * @mount_fd: the cgroup2 mount; @fd: the group @path
 * @needed: controllers that the group must have in the end
 *
 * Return: 0, or -errno with *err filled: -EOPNOTSUPP for a controller that isn't there, -EBUSY where a
 * group above holds processes.
 */
int container_controllers_enable(int mount_fd, const char *path, int fd, unsigned int needed,
				 struct error *err) _must_check_;

/**
 * container_controllers_check() - whether group @fd has the controllers @needed
 *
 * Return: 0, or -EOPNOTSUPP naming keys, controllers and the remedy.
 */
int container_controllers_check(int fd, unsigned int needed, struct error *err) _must_check_;
