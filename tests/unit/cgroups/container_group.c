/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container_group.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

struct cgroup_container container_group_name(struct scratch *scratch, unsigned int controllers,
					     const char *below)
{
	struct cgroup_container group = { .manager = CGROUP_MANAGER_CGROUPFS };
	int length;

	scratch_init(scratch, controllers);
	if (scratch->place.top[1] != '\0' && controllers)
		cr_skip_test(
			"controllers are switched on from the root of the hierarchy, which isn't ours here");
	memcpy(group.mount, scratch->place.mount, sizeof(group.mount));
	length = snprintf(group.path, sizeof(group.path), "%s/%s", scratch->place.parent, below);
	cr_assert(length < (int)sizeof(group.path));
	return group;
}

int container_group_make(const struct cgroup_container *group, unsigned int needed)
{
	struct error err = { 0 };
	int fd = -1;

	cr_assert(zero(int, cgroup_container_create(group, needed, &fd, &err)), "%s: %s; %s", err.msg,
		  error_name(err.code), err.remedy);
	cr_assert(ne(int, fcntl(fd, F_GETFD) & FD_CLOEXEC, 0));
	return fd;
}

void container_group_remove(const struct cgroup_container *group)
{
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_container_remove(group, &err)), "%s: %s", err.msg, error_name(err.code));
	cr_assert(eq(int, cgroup_container_open(group), -ENOENT));
}

bool container_group_is_there(const struct scratch *scratch, const char *below)
{
	struct stat st;

	return stat(scratch_path(scratch, below), &st) == 0;
}
