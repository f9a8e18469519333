/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a container's group stands for whom: root, and users with and without a delegated group. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cgroups/container.h"
#include "container_group.h"

Test(container, gives_its_user_what_the_kernel_lists_and_no_limit)
{
	struct scratch scratch;
	struct cgroup_container group = container_group_name(&scratch, 0, "box");
	struct error err = { 0 };
	struct stat st;
	int fd;

	if (geteuid() != 0)
		cr_skip_test("only root can give files away");
	fd = container_group_make(&group, 0);
	cr_assert(zero(int, cgroup_container_delegate(fd, 12345, &err)), "%s", err.msg);
	cr_assert(zero(int, fstat(fd, &st)));
	cr_assert(eq(uint, st.st_uid, 12345));
	cr_assert(zero(int, fstatat(fd, "cgroup.procs", &st, 0)));
	cr_assert(eq(uint, st.st_uid, 12345));
	cr_assert(zero(int, fstatat(fd, "cgroup.subtree_control", &st, 0)));
	cr_assert(eq(uint, st.st_uid, 12345));
	cr_assert(zero(int, fstatat(fd, "cgroup.max.depth", &st, 0)));
	cr_assert(zero(uint, st.st_uid));
	close(fd);
	container_group_remove(&group);
	scratch_finish(&scratch);
}

Test(container, resolves_paths_of_all_forms)
{
	struct cgroup_container group;
	struct cgroup_place place;
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_place_find(&place, &err)));
	if (!place.found || geteuid() != 0 || place.top[1] != '\0')
		cr_skip_test("the root of the hierarchy isn't ours here");
	cr_assert(zero(int, cgroup_container_resolve("/docker/x", "x", CGROUP_MANAGER_CGROUPFS, false, &group,
						     &err)));
	cr_assert(eq(str, group.path, "/docker/x"));
	cr_assert(eq(str, group.mount, place.mount));
	cr_assert(zero(int, cgroup_container_resolve("docker/x", "x", CGROUP_MANAGER_CGROUPFS, false, &group,
						     &err)));
	cr_assert(eq(str, group.path, "/kapsel-oci/docker/x"));
	cr_assert(zero(int,
		       cgroup_container_resolve(NULL, "x.y", CGROUP_MANAGER_CGROUPFS, true, &group, &err)));
	cr_assert(eq(str, group.path, "/kapsel-oci/x.y"));
	cr_assert(zero(int, cgroup_container_resolve("a.slice:b:c", "x", CGROUP_MANAGER_SYSTEMD, false,
						     &group, &err)));
	cr_assert(eq(str, group.path, "/a.slice/b-c.scope"));
	cr_assert(
		zero(int, cgroup_container_resolve("/x", "x", CGROUP_MANAGER_DISABLED, false, &group, &err)));
	cr_assert(eq(str, group.path, ""));
	cr_assert(
		eq(int,
		   cgroup_container_resolve("/a/../../b", "x", CGROUP_MANAGER_CGROUPFS, false, &group, &err),
		   -EINVAL));
	cr_assert(eq(int, cgroup_container_resolve("/", "x", CGROUP_MANAGER_CGROUPFS, false, &group, &err),
		     -EINVAL));
}

static int resolve_as_nobody(void *arg)
{
	const char *path = arg;
	struct cgroup_container group;
	struct error err = { 0 };

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 2;
	if (cgroup_container_resolve(path, "x", CGROUP_MANAGER_CGROUPFS, true, &group, &err) < 0)
		return 3;
	return group.path[0] == '\0' && group.manager == CGROUP_MANAGER_DISABLED ? 0 : 1;
}

Test(container, of_a_user_without_a_delegated_group_has_none)
{
	struct scratch scratch;

	if (geteuid() != 0)
		cr_skip_test("only root can become a user without a group of his own");
	scratch_init(&scratch, 0);
	cr_assert(zero(int, scratch_wait(scratch_spawn(-1, resolve_as_nobody, "/docker/x"))));
	cr_assert(zero(int, scratch_wait(scratch_spawn(-1, resolve_as_nobody, NULL))));
	scratch_finish(&scratch);
}

struct delegated {
	const char *path;
	uid_t uid;
};

static int live_in_a_delegated_group(void *arg)
{
	const struct delegated *delegated = arg;
	struct cgroup_container group;
	struct error err = { 0 };
	int fd = -1;

	if (setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(delegated->uid, delegated->uid, delegated->uid) < 0)
		return 2;
	if (cgroup_container_resolve(delegated->path, "x", CGROUP_MANAGER_CGROUPFS, true, &group, &err) < 0)
		return 3;
	if (group.path[0] == '\0')
		return 4;
	if (cgroup_container_create(&group, 0, &fd, &err) < 0)
		return 5;
	if (scratch_spawn(fd, scratch_sleep, NULL) < 0)
		return 6;
	return cgroup_container_remove(&group, &err) < 0 ? 7 : 0;
}

Test(container, of_a_user_goes_below_his_delegated_group)
{
	struct scratch scratch;
	struct cgroup_container own = container_group_name(&scratch, 0, "user"),
				leaf = container_group_name(&scratch, 0, "user/leaf");
	char path[CGROUP_PATH_MAX + 16];
	struct delegated delegated = { NULL, 65534 };
	struct error err = { 0 };
	int fd, leaf_fd;

	if (geteuid() != 0)
		cr_skip_test("only root can delegate a group");
	fd = container_group_make(&own, 0);
	leaf_fd = container_group_make(&leaf, 0);
	cr_assert(zero(int, cgroup_container_delegate(fd, 65534, &err)));
	cr_assert(zero(int, cgroup_container_delegate(leaf_fd, 65534, &err)));
	cr_assert(zero(int, scratch_wait(scratch_spawn(leaf_fd, live_in_a_delegated_group, &delegated))));
	snprintf(path, sizeof(path), "%s/by-path", own.path);
	delegated.path = path;
	cr_assert(zero(int, scratch_wait(scratch_spawn(leaf_fd, live_in_a_delegated_group, &delegated))));
	delegated.path = "/elsewhere/x";
	cr_assert(eq(int, scratch_wait(scratch_spawn(leaf_fd, live_in_a_delegated_group, &delegated)), 4));
	close(leaf_fd);
	close(fd);
	container_group_remove(&own);
	scratch_finish(&scratch);
}
