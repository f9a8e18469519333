/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/place.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "cgroups/controllers.h"
#include "cgroups/mounts.h"

/* A machine where the listed groups are writable or delegated. */
struct machine {
	const char *writable[4];
	const char *delegated[4];
};

static bool listed(const char *const *list, const char *group)
{
	for (int i = 0; i < 4; i++)
		if (list[i] && strcmp(list[i], group) == 0)
			return true;
	return false;
}

static bool is_writable(const struct place_world *world, const char *group)
{
	return listed(((const struct machine *)world->context)->writable, group);
}

static bool is_delegated(const struct place_world *world, const char *group)
{
	return listed(((const struct machine *)world->context)->delegated, group);
}

static struct cgroup_place choose(bool root, const char *own, const struct machine *machine)
{
	const struct place_world world = { .root = root,
					   .own = own,
					   .context = machine,
					   .writable = is_writable,
					   .delegated = is_delegated };
	struct cgroup_place place = { .mount = "/sys/fs/cgroup" };

	place_choose(&world, &place);
	return place;
}

Test(place, puts_roots_containers_below_kapsel)
{
	const struct machine machine = { .writable = { "/", "/user.slice" } };
	struct cgroup_place place = choose(true, "/user.slice/user-0.slice/session-1.scope", &machine);

	cr_assert(place.found);
	cr_assert(eq(str, place.parent, "/kapsel"));
	cr_assert(eq(str, place.top, "/"));
}

Test(place, stays_in_a_delegated_group_of_root)
{
	const struct machine machine = { .writable = { "/" }, .delegated = { "/system.slice/web.service" } };
	struct cgroup_place place = choose(true, "/system.slice/web.service", &machine);

	cr_assert(eq(str, place.parent, "/system.slice/web.service"));
	cr_assert(eq(str, place.top, "/system.slice/web.service"));
}

Test(place, finds_the_delegated_group_above_the_subgroup_that_systemd_made)
{
	const struct machine machine = { .writable = { "/" }, .delegated = { "/system.slice/web.service" } };
	struct cgroup_place place = choose(true, "/system.slice/web.service/supervisor", &machine);

	cr_assert(eq(str, place.parent, "/system.slice/web.service"));
}

Test(place, does_not_take_a_delegated_group_from_far_above)
{
	const struct machine machine = { .writable = { "/" }, .delegated = { "/system.slice" } };

	cr_assert(eq(str, choose(true, "/system.slice/a.service/b", &machine).parent, "/kapsel"));
}

Test(place, takes_the_topmost_group_that_a_user_may_write)
{
	const struct machine machine = {
		.writable = { "/user.slice/user-1000.slice/user@1000.service",
			      "/user.slice/user-1000.slice/user@1000.service/app.slice",
			      "/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope" },
	};
	struct cgroup_place place =
		choose(false, "/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope", &machine);

	cr_assert(place.found);
	cr_assert(eq(str, place.parent, "/user.slice/user-1000.slice/user@1000.service"));
	cr_assert(eq(str, place.top, place.parent));
}

Test(place, takes_the_own_group_when_only_that_is_writable)
{
	const struct machine machine = { .writable = { "/a/b" } };

	cr_assert(eq(str, choose(false, "/a/b", &machine).parent, "/a/b"));
}

Test(place, takes_the_root_of_a_containers_view)
{
	const struct machine machine = { .writable = { "/" } };
	struct cgroup_place place = choose(false, "/", &machine);

	cr_assert(eq(str, place.parent, "/"));
	cr_assert(eq(str, place.top, "/"));
}

Test(place, treats_root_without_the_real_root_group_like_a_user)
{
	const struct machine machine = { .writable = { "/box" } };

	cr_assert(eq(str, choose(true, "/box", &machine).parent, "/box"));
}

Test(place, says_what_to_do_when_nothing_is_writable)
{
	const struct machine machine = { 0 };
	struct cgroup_place place = choose(false, "/user.slice/user-1000.slice/session-2.scope", &machine);

	cr_assert(not(place.found));
	cr_assert(eq(
		str, place.reason,
		"no group from / down to the own one (/user.slice/user-1000.slice/session-2.scope) is writable"));
	cr_assert(ne(ptr, strstr(place.remedy, "systemd-run --user --scope -p Delegate=yes"), NULL));
	cr_assert(not(choose(false, "/", &machine).found));
}

Test(place, names_the_v1_mounts_that_hold_controllers)
{
	struct cgroup_place place = { .found = true,
				      .top = "/",
				      .v1 = CGROUP_MEMORY | CGROUP_PIDS,
				      .available = CGROUP_CPU | CGROUP_CPUSET | CGROUP_IO };
	struct mounts mounts = { .v1_paths = { [3] = "/sys/fs/cgroup/memory" } };

	place_explain(&place, &mounts, true);
	cr_assert(eq(str, place.reason,
		     "memory (/sys/fs/cgroup/memory) pids (not mounted here) held by cgroup version 1"));
	cr_assert(ne(ptr, strstr(place.remedy, "systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all"), NULL));
}

Test(place, tells_a_user_how_to_have_controllers_delegated)
{
	struct cgroup_place place = { .found = true,
				      .top = "/user.slice/user-7.slice/user@7.service",
				      .available = CGROUP_MEMORY | CGROUP_PIDS };
	struct mounts mounts = { 0 };

	place_explain(&place, &mounts, false);
	cr_assert(eq(str, place.reason,
		     "cpuset cpu io not delegated to /user.slice/user-7.slice/user@7.service"));
	cr_assert(ne(ptr, strstr(place.remedy, "Delegate=cpu cpuset io memory pids"), NULL));
	cr_assert(ne(ptr, strstr(place.remedy, "log in again"), NULL), "the remedy is cut off: %s",
		  place.remedy);
}

Test(place, says_nothing_when_all_controllers_are_there)
{
	struct cgroup_place place = { .found = true, .top = "/", .available = 0xff };
	struct mounts mounts = { 0 };

	place_explain(&place, &mounts, true);
	cr_assert(eq(str, place.reason, ""));
	cr_assert(eq(str, place.remedy, ""));
}

Test(place, refuses_limits_without_their_controllers_by_key)
{
	const struct cgroup_place place = {
		.found = true, .top = "/", .available = CGROUP_CPU, .reason = "because", .remedy = "do this"
	};
	const struct cgroup_limits limits = {
		.items = { { .file = "cgroup.max.depth", .value = "0" },
			   { .file = "memory.max", .controller = CGROUP_MEMORY, .key = "limits.memory" },
			   { .file = "cpu.max", .controller = CGROUP_CPU, .key = "limits.cpu" },
			   { .file = "pids.max", .controller = CGROUP_PIDS, .key = "limits.pids" } },
		.n = 4,
		.controllers = CGROUP_MEMORY | CGROUP_CPU | CGROUP_PIDS,
	};
	struct error err = { 0 };

	cr_assert(eq(int, cgroup_check(&place, &limits, &err), -EOPNOTSUPP));
	cr_assert(eq(
		str, err.msg,
		"limits.memory, limits.pids: needs the cgroup controllers memory pids, but / has cpu; because"));
	cr_assert(eq(str, err.remedy, "do this; or set these limits to \"unlimited\""));
}

Test(place, accepts_limits_that_need_no_missing_controller)
{
	const struct cgroup_place place = { .found = true, .top = "/", .available = CGROUP_CPU };
	const struct cgroup_limits limits = { .controllers = CGROUP_CPU };
	const struct cgroup_place nowhere = { .reason = "no cgroup2", .remedy = "mount it" };
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_check(&place, &limits, &err)));
	cr_assert(eq(int, cgroup_check(&nowhere, &limits, &err), -EOPNOTSUPP));
	cr_assert(eq(str, err.remedy, "mount it"));
}

Test(place, names_the_limits_that_have_no_place)
{
	const struct cgroup_place nowhere = { .reason = "no cgroup2", .remedy = "mount it" };
	const struct cgroup_limits limits = {
		.items = { { .file = "cgroup.max.depth", .value = "0" },
			   { .file = "memory.max", .controller = CGROUP_MEMORY, .key = "limits.memory" },
			   { .file = "pids.max", .controller = CGROUP_PIDS, .key = "limits.pids" } },
		.n = 3,
		.controllers = CGROUP_MEMORY | CGROUP_PIDS,
	};
	struct error err = { 0 };

	cr_assert(eq(int, cgroup_check(&nowhere, &limits, &err), -EOPNOTSUPP));
	cr_assert(eq(str, err.msg, "limits.memory, limits.pids: find a place for a cgroup: no cgroup2"));
	cr_assert(eq(str, err.remedy, "mount it; or set these limits to \"unlimited\""));
}

Test(controllers, parses_the_words_of_both_versions)
{
	cr_assert(
		eq(uint, controllers_parse("cpuset cpu io memory hugetlb pids rdma misc dmem\n", ' '), 0xff));
	cr_assert(eq(uint, controllers_parse("rw,blkio,cpuacct,cpu", ','), CGROUP_IO | CGROUP_CPU));
	cr_assert(eq(uint, controllers_parse("\n", ' '), 0));
	cr_assert(eq(uint, controllers_parse("memor memoryy", ' '), 0));
}

Test(controllers, prints_what_subtree_control_takes)
{
	char text[CGROUP_VALUE_MAX];

	controllers_print(CGROUP_MEMORY | CGROUP_PIDS, "+", text, sizeof(text));
	cr_assert(eq(str, text, "+memory +pids"));
	controllers_print(0, "+", text, sizeof(text));
	cr_assert(eq(str, text, "none"));
	cr_assert(eq(str, (char *)(uintptr_t)cgroup_controller_name(CGROUP_MEMORY), "memory"));
	cr_assert(eq(ptr, (void *)(uintptr_t)cgroup_controller_name(CGROUP_MEMORY | CGROUP_CPU), NULL));
}
