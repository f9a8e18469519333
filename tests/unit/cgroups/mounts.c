/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/mounts.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct mounts parse(const char *text)
{
	struct mounts mounts = { 0 };
	char copy[4096], *rest = copy, *line;

	cr_assert(lt(sz, strlen(text), sizeof(copy)));
	strcpy(copy, text);
	while ((line = strsep(&rest, "\n")))
		mounts_add_line(&mounts, line);
	return mounts;
}

Test(mounts, finds_the_hierarchy_on_a_pure_v2_host)
{
	struct mounts mounts = parse(
		"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		"26 22 0:23 / /sys rw,nosuid shared:2 - sysfs sysfs rw\n"
		"30 26 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 "
		"rw,nsdelegate,memory_recursiveprot\n");

	cr_assert(eq(sz, mounts.n_v2, 1));
	cr_assert(eq(str, mounts.v2[0].path, "/sys/fs/cgroup"));
	cr_assert(eq(str, mounts.v2[0].root, "/"));
	cr_assert(not(mounts.v2[0].read_only));
	cr_assert(not(mounts.v1));
}

Test(mounts, names_the_v1_mounts_of_a_hybrid_host)
{
	struct mounts mounts =
		parse("31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
		      "32 31 0:29 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw\n"
		      "33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
		      "34 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
		      "35 31 0:32 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"
		      "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");

	cr_assert(eq(sz, mounts.n_v2, 1));
	cr_assert(eq(str, mounts.v2[0].path, "/sys/fs/cgroup/unified"));
	cr_assert(mounts.v1);
	cr_assert(eq(uint, mounts.v1_controllers, CGROUP_CPU | CGROUP_IO | CGROUP_MEMORY));
	cr_assert(eq(str, mounts.v1_paths[1], "/sys/fs/cgroup/cpu,cpuacct"));
	cr_assert(eq(str, mounts.v1_paths[3], "/sys/fs/cgroup/memory"));
	cr_assert(eq(str, mounts.v1_paths[4], ""));
}

Test(mounts, finds_no_v2_on_a_v1_host)
{
	struct mounts mounts = parse("36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n");

	cr_assert(eq(sz, mounts.n_v2, 0));
	cr_assert(eq(uint, mounts.v1_controllers, CGROUP_PIDS));
}

Test(mounts, takes_the_widest_writable_view_first)
{
	struct mounts mounts = parse("40 1 0:26 /user.slice /mnt/part rw - cgroup2 none rw\n"
				     "41 1 0:26 / /mnt/locked ro,nosuid - cgroup2 none rw\n"
				     "42 1 0:26 / /mnt/whole rw,nosuid - cgroup2 none rw\n");

	cr_assert(eq(sz, mounts.n_v2, 3));
	cr_assert(eq(str, mounts.v2[0].path, "/mnt/whole"));
	cr_assert(eq(str, mounts.v2[1].path, "/mnt/part"));
	cr_assert(eq(str, mounts.v2[2].path, "/mnt/locked"));
	cr_assert(mounts.v2[2].read_only);
}

Test(mounts, keeps_the_later_of_two_mounts_on_one_point)
{
	struct mounts mounts = parse("40 1 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n"
				     "41 40 0:26 /a /sys/fs/cgroup rw - cgroup2 none rw\n");

	cr_assert(eq(sz, mounts.n_v2, 1));
	cr_assert(eq(str, mounts.v2[0].root, "/a"));
}

Test(mounts, keeps_the_best_when_there_are_too_many)
{
	struct mounts mounts =
		parse("40 1 0:26 /a/b /1 rw - cgroup2 none rw\n40 1 0:26 /a/b /2 rw - cgroup2 none rw\n"
		      "40 1 0:26 /a/b /3 rw - cgroup2 none rw\n40 1 0:26 /a/b /4 rw - cgroup2 none rw\n"
		      "40 1 0:26 /a/b /5 rw - cgroup2 none rw\n40 1 0:26 / /6 rw - cgroup2 none rw\n");

	cr_assert(eq(sz, mounts.n_v2, MOUNTS_V2_MAX));
	cr_assert(eq(str, mounts.v2[0].path, "/6"));
	cr_assert(eq(str, mounts.v2[1].path, "/1"));
}

Test(mounts, resolves_octal_escapes)
{
	struct mounts mounts = parse("40 1 0:26 /a\\134b /mnt/two\\040words\\011x rw - cgroup2 none rw\n");

	cr_assert(eq(sz, mounts.n_v2, 1));
	cr_assert(eq(str, mounts.v2[0].path, "/mnt/two words\tx"));
	cr_assert(eq(str, mounts.v2[0].root, "/a\\b"));
}

Test(mounts, ignores_malformed_lines)
{
	struct mounts mounts =
		parse("\n40\n40 1 0:26 / /x rw\n40 1 0:26 / /x rw -\n40 1 0:26 / /x rw - cgroup2\n"
		      "40 1 0:26 / /bad\\9 rw - cgroup2 none rw\n40 1 0:26 / /bad\\00 rw - cgroup2 none rw\n"
		      "40 1 0:26 / /sys/fs/cgroup rw - tmpfs cgroup2 rw\n");

	cr_assert(eq(sz, mounts.n_v2, 0));
	cr_assert(not(mounts.v1));
}

Test(mounts, ignores_a_mount_point_that_is_too_long)
{
	char line[CGROUP_PATH_MAX + 100], path[CGROUP_PATH_MAX + 1];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[CGROUP_PATH_MAX] = '\0';
	snprintf(line, sizeof(line), "40 1 0:26 / %s rw - cgroup2 none rw", path);
	cr_assert(eq(sz, parse(line).n_v2, 0));
	path[CGROUP_PATH_MAX - 1] = '\0';
	snprintf(line, sizeof(line), "40 1 0:26 / %s rw - cgroup2 none rw", path);
	cr_assert(eq(sz, parse(line).n_v2, 1));
}

Test(mounts, tells_a_group_below_the_mount)
{
	char below[CGROUP_PATH_MAX];

	cr_assert(zero(int, mounts_below("/", "/a/b", below)));
	cr_assert(eq(str, below, "/a/b"));
	cr_assert(zero(int, mounts_below("/a", "/a/b", below)));
	cr_assert(eq(str, below, "/b"));
	cr_assert(zero(int, mounts_below("/a", "/a", below)));
	cr_assert(eq(str, below, "/"));
	cr_assert(zero(int, mounts_below("/", "/", below)));
	cr_assert(eq(str, below, "/"));
}

Test(mounts, refuses_a_group_that_the_mount_does_not_show)
{
	char below[CGROUP_PATH_MAX];

	cr_assert(eq(int, mounts_below("/a", "/ab", below), -EXDEV));
	cr_assert(eq(int, mounts_below("/a", "/", below), -EXDEV));
	cr_assert(eq(int, mounts_below("/../..", "/", below), -EXDEV));
	cr_assert(eq(int, mounts_below("/", "/../x", below), -EXDEV));
	cr_assert(eq(int, mounts_below("", "/x", below), -EXDEV));
}

static int parse_own(const char *text, struct mounts_own *ret)
{
	char copy[2048];

	cr_assert(lt(sz, strlen(text), sizeof(copy)));
	strcpy(copy, text);
	return mounts_parse_own(copy, ret);
}

Test(mounts_own, reads_a_pure_v2_host)
{
	struct mounts_own own;

	cr_assert(zero(int, parse_own("0::/user.slice/user-1000.slice/session-2.scope\n", &own)));
	cr_assert(own.v2);
	cr_assert(eq(str, own.path, "/user.slice/user-1000.slice/session-2.scope"));
	cr_assert(not(own.v1));
}

Test(mounts_own, reads_a_hybrid_host)
{
	struct mounts_own own;

	cr_assert(zero(
		int, parse_own("5:cpu,cpuacct:/\n4:memory:/x:y\n3:blkio:/\n1:name=systemd:/\n0::/\n", &own)));
	cr_assert(own.v2);
	cr_assert(eq(str, own.path, "/"));
	cr_assert(own.v1);
	cr_assert(eq(uint, own.v1_controllers, CGROUP_CPU | CGROUP_MEMORY | CGROUP_IO));
}

Test(mounts_own, reads_a_v1_host)
{
	struct mounts_own own;

	cr_assert(zero(int, parse_own("1:pids:/\n", &own)));
	cr_assert(not(own.v2));
	cr_assert(eq(uint, own.v1_controllers, CGROUP_PIDS));
}

Test(mounts_own, keeps_colons_and_drops_the_mark_of_a_removed_group)
{
	struct mounts_own own;

	cr_assert(zero(int, parse_own("0::/a:b/c (deleted)\n", &own)));
	cr_assert(eq(str, own.path, "/a:b/c"));
}

Test(mounts_own, refuses_lines_of_another_form)
{
	struct mounts_own own;

	cr_assert(eq(int, parse_own("0:/\n", &own), -EBADMSG));
	cr_assert(eq(int, parse_own("0::relative\n", &own), -EBADMSG));
	cr_assert(eq(int, parse_own("nonsense\n", &own), -EBADMSG));
}

Test(mounts_own, reads_the_kernels_own_text)
{
	struct mounts mounts;
	struct mounts_own own;

	cr_assert(zero(int, mounts_read(&mounts)));
	cr_assert(zero(int, mounts_read_own(&own)));
	cr_assert(own.v2 || own.v1);
}
