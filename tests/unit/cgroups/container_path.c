/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/container_path.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/macro.h"

Test(container_path_join, cleans_what_engines_write)
{
	static const struct {
		const char *base, *path, *joined;
	} rows[] = {
		{ "", "/docker/1f2e", "/docker/1f2e" },
		{ "", "//a///b//", "/a/b" },
		{ "/kapsel-oci", "box", "/kapsel-oci/box" },
		{ "/a/", "./b/.", "/a/b" },
		{ "", "/", "/" },
		{ "/", "", "/" },
		{ "", "/a..b/...", "/a..b/..." },
		{ "", "/.hidden", "/.hidden" },
	};
	char path[CGROUP_PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert(zero(int, container_path_join(rows[i].base, rows[i].path, path)), "row %zu", i);
		cr_assert(eq(str, path, rows[i].joined));
	}
}

Test(container_path_join, refuses_the_way_up_wherever_it_stands)
{
	static const char *const paths[] = { "..", "/..", "a/..", "/a/../b", "../a", "/a//..//" };
	char path[CGROUP_PATH_MAX] = "untouched";

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		cr_assert(eq(int, container_path_join("/base", paths[i], path), -EINVAL), "%s", paths[i]);
	cr_assert(eq(str, path, "untouched"));
}

Test(container_path_join, takes_paths_up_to_the_limit_and_no_longer)
{
	char path[CGROUP_PATH_MAX], name[CGROUP_PATH_MAX];

	memset(name, 'x', sizeof(name));
	name[CGROUP_PATH_MAX - 2] = '\0';
	cr_assert(zero(int, container_path_join("", name, path)));
	cr_assert(eq(sz, strlen(path), CGROUP_PATH_MAX - 1));
	cr_assert(eq(int, container_path_join("/a", name, path), -ENAMETOOLONG));
}

Test(container_path_slice, unfolds_the_slices_that_a_name_stands_in)
{
	char path[CGROUP_PATH_MAX];

	cr_assert(zero(int, container_path_slice("system.slice", path)));
	cr_assert(eq(str, path, "/system.slice"));
	cr_assert(zero(int, container_path_slice("kubepods-besteffort-pod12_3.slice", path)));
	cr_assert(
		eq(str, path, "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod12_3.slice"));
	cr_assert(zero(int, container_path_slice("-.slice", path)));
	cr_assert(eq(str, path, ""));
}

Test(container_path_slice, refuses_what_is_no_slice)
{
	static const char *const names[] = { "",         ".slice",   "system",     "a.scope",  "a/b.slice",
					     "-a.slice", "a-.slice", "a--b.slice", "--.slice", "../a.slice" };
	char path[CGROUP_PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_assert(eq(int, container_path_slice(names[i], path), -EINVAL), "%s", names[i]);
}

static struct cgroup_container systemd(const char *cgroups_path, const char *id, bool user)
{
	struct cgroup_container group = { .manager = CGROUP_MANAGER_SYSTEMD, .user_manager = user };
	struct error err = { 0 };

	cr_assert(zero(int, container_path_systemd(cgroups_path, id, &group, &err)), "%s", err.msg);
	return group;
}

Test(container_path_systemd, makes_slice_and_scope_of_an_engines_words)
{
	struct cgroup_container group = systemd("system.slice:docker:1f2e", "1f2e", false);

	cr_assert(eq(str, group.slice, "system.slice"));
	cr_assert(eq(str, group.unit, "docker-1f2e.scope"));
	cr_assert(eq(str, group.path, "/system.slice/docker-1f2e.scope"));
	group = systemd("a-b.slice:cri-containerd:77", "77", false);
	cr_assert(eq(str, group.path, "/a.slice/a-b.slice/cri-containerd-77.scope"));
	group = systemd("-.slice::bare", "bare", false);
	cr_assert(eq(str, group.path, "/bare.scope"));
}

Test(container_path_systemd, has_defaults_for_root_and_for_users)
{
	struct cgroup_container group = systemd(NULL, "box", false);

	cr_assert(eq(str, group.slice, "system.slice"));
	cr_assert(eq(str, group.unit, "kapsel-box.scope"));
	group = systemd("", "box", true);
	cr_assert(eq(str, group.slice, "user.slice"));
	cr_assert(eq(str, group.path, ""), "only the user's manager knows where its tree begins");
	group = systemd(":libpod:9", "9", true);
	cr_assert(eq(str, group.slice, "user.slice"));
	cr_assert(eq(str, group.unit, "libpod-9.scope"));
}

Test(container_path_systemd, escapes_what_a_unit_can_not_be_called)
{
	struct cgroup_container group = systemd(NULL, "a+b", false);

	cr_assert(eq(str, group.unit, "kapsel-a\\x2bb.scope"));
}

Test(container_path_systemd, refuses_other_forms)
{
	static const char *const paths[] = { "/docker/1f2e",      "docker",        "a.slice:b",
					     "a.slice:b:c:d",     "a.slice:b:",    "a.slice:b/c:d",
					     "a.slice:b:../../d", "notaslice:b:c", "a/../b.slice:c:d",
					     "/a.slice:b:c" };
	struct cgroup_container group = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		cr_assert(eq(int, container_path_systemd(paths[i], "x", &group, &err), -EINVAL), "%s",
			  paths[i]);
		cr_assert(ne(ptr, strstr(err.msg, "linux.cgroupsPath"), NULL));
	}
	cr_assert(lt(int, container_path_systemd("/docker/1f2e", "x", &group, &err), 0));
	cr_assert(ne(ptr, strstr(err.remedy, "--systemd-cgroup"), NULL));
}
