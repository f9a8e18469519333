/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A place of its own for each test that needs a real cgroup: below the place that
 * containers would get, removed at the end with all that is in it.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "cgroups/cgroup.h"

struct scratch {
	struct cgroup_place place; /* parent: "…/kapsel-test-PID", which doesn't exist yet */
	int fd, parent_fd;         /* of the group "box", -1 before scratch_create() */
};

/** scratch_init() - skip the test, saying why, unless groups with @controllers can be made. */
void scratch_init(struct scratch *scratch, unsigned int controllers);

/** scratch_create() - make the group "box" with @controllers; fails the test otherwise. */
void scratch_create(struct scratch *scratch, unsigned int controllers);

/** scratch_finish() - kill and remove everything; fails the test if something stays. */
void scratch_finish(struct scratch *scratch);

/** scratch_spawn() - run @body in the group @fd; its return value is the exit status. Return: the pid. */
pid_t scratch_spawn(int fd, int (*body)(void *), void *arg);

/** scratch_wait() - Return: exit status, 128 + signal for a killed child, -1 on failure. */
int scratch_wait(pid_t pid);

/** scratch_path() - the absolute path of the parent, or of something in it. Return: a static buffer. */
const char *scratch_path(const struct scratch *scratch, const char *below);

/* A body: sleeps until it is killed. */
int scratch_sleep(void *arg);
