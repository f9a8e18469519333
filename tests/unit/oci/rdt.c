/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Against a tree of plain files: few machines have a CPU with RDT. What the kernel does by itself, files that
 * come with a new directory, is done here by hand between the calls.
 */
#include "launcher/oci/rdt.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/rdt_schemata.h"
#include "tests/unit/base/scratch.h"

static const char kernel_text[] = "    L3:0=7ff;1=01f\n    MB:0= 100;1=  70\n";

static struct arena *arena;
static struct scratch scratch;

static void set_up(void)
{
	arena = arena_new();
	scratch = scratch_new();
	scratch_file(&scratch, "schemata", kernel_text);
	scratch_file(&scratch, "tasks", "");
	scratch_dir(&scratch, "info");
	scratch_file(&scratch, "info/last_cmd_status", "ok\n");
	scratch_dir(&scratch, "mon_groups");
}

static void tear_down(void)
{
	scratch_free(&scratch);
	arena_free(arena);
}

TestSuite(rdt, .init = set_up, .fini = tear_down);

/* As the kernel fills the directory of a new group. */
static void fill_group(const char *name)
{
	scratch_file(&scratch, arena_printf(arena, "%s/schemata", name), kernel_text);
	scratch_file(&scratch, arena_printf(arena, "%s/tasks", name), "");
	scratch_dir(&scratch, arena_printf(arena, "%s/mon_groups", name));
}

static void make_group(const char *name)
{
	scratch_dir(&scratch, name);
	fill_group(name);
}

static char *content(const char *name)
{
	char *text = arena_alloc(arena, 4096);

	cr_assert(ge(long,
		     fd_read_file(AT_FDCWD, arena_printf(arena, "%s/%s", scratch.path, name), text, 4096),
		     0));
	return text;
}

static bool there(const char *name)
{
	return faccessat(AT_FDCWD, arena_printf(arena, "%s/%s", scratch.path, name), F_OK, 0) == 0;
}

static struct rdt_group resolve(const struct oci_intel_rdt *config)
{
	struct error err = { 0 };
	struct rdt_group group;

	cr_assert(zero(int, rdt_resolve(config, "web", scratch.path, arena, &group, &err)), "%s", err.msg);
	return group;
}

static int check(const struct oci_intel_rdt *config, struct error *err)
{
	struct rdt_group group = resolve(config);

	return rdt_check(config, &group, arena, err);
}

/* --- the mount --- */

static bool parse(const char *line, char place[PATH_MAX])
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", line);
	return rdt_mount_parse(copy, place);
}

Test(rdt, finds_the_mount_where_it_is)
{
	char place[PATH_MAX];

	cr_assert(parse("36 25 0:31 / /my\\040dir rw,relatime shared:9 - resctrl resctrl rw", place));
	cr_assert(eq(str, place, "/my dir"));
}

Test(rdt, takes_no_other_mount_for_it)
{
	char place[PATH_MAX];

	cr_assert(not(parse("36 25 0:31 / /sys/fs/resctrl rw - tmpfs resctrl rw", place)));
	cr_assert(not(parse("36 25 0:31 /group /sys/fs/resctrl rw - resctrl resctrl rw", place)));
	cr_assert(not(parse("36 25 0:31 / /sys/fs/resctrl rw resctrl", place)));
	cr_assert(not(parse("- resctrl ", place)));
	cr_assert(not(parse("", place)));
}

Test(rdt, says_how_to_mount_it_where_it_is_not)
{
	struct error err = { 0 };
	char place[PATH_MAX];

	if (rdt_mount_find(place, &err) == 0)
		cr_skip_test("this machine has resctrl mounted");
	cr_assert(eq(int, err.code, ENODEV));
	cr_assert(eq(str, err.msg, "use linux.intelRdt: no resctrl file system is mounted"));
	cr_assert(ne(ptr, strstr(err.remedy, "mount -t resctrl"), NULL));
}

/* --- which group --- */

Test(rdt, takes_the_containers_id_without_a_class)
{
	const struct oci_intel_rdt none = { .given = true }, empty = { .given = true, .clos_id = "" };
	struct rdt_group group = resolve(&none);

	cr_assert(str_starts(group.path, scratch.path) &&
		  str_equal(group.path + strlen(scratch.path), "/web"));
	cr_assert(not(group.named));
	cr_assert(not(group.exists));
	cr_assert(eq(ptr, group.monitor, NULL));
	cr_assert(not(resolve(&empty).named));
}

Test(rdt, takes_the_root_group_for_a_slash)
{
	const struct oci_intel_rdt config = { .given = true, .clos_id = "/", .enable_monitoring = true };
	struct rdt_group group = resolve(&config);

	cr_assert(eq(str, group.path, scratch.path));
	cr_assert(group.exists);
	cr_assert(eq(str, group.monitor, arena_printf(arena, "%s/mon_groups/web", scratch.path)));
	cr_assert(eq(str, rdt_group_made(&group), group.monitor));
}

Test(rdt, refuses_names_of_what_is_no_group)
{
	static const char *const bad[] = { "info", "mon_groups", "mon_data", "tasks", "..",
					   ".",    "a/b",        "../x",     "a\nb" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct oci_intel_rdt config = { .given = true, .clos_id = bad[i] };
		struct error err = { 0 };
		struct rdt_group group;

		cr_assert(eq(int, rdt_resolve(&config, "web", scratch.path, arena, &group, &err), -EINVAL),
			  "%s", bad[i]);
		cr_assert(eq(
			int,
			rdt_resolve(&(struct oci_intel_rdt){ 0 }, bad[i], scratch.path, arena, &group, &err),
			-EINVAL));
	}
}

/* --- may it be used --- */

Test(rdt, wants_a_named_group_without_shares_to_be_there)
{
	const struct oci_intel_rdt config = { .given = true, .clos_id = "fast" };
	struct error err = { 0 };

	cr_assert(eq(int, check(&config, &err), -EINVAL));
	make_group("fast");
	cr_assert(zero(int, check(&config, &err)), "%s", err.msg);
}

Test(rdt, makes_a_named_group_that_has_shares)
{
	const struct oci_intel_rdt config = { .given = true, .clos_id = "fast", .l3_cache_schema = "L3:0=f" };
	struct error err = { 0 };

	cr_assert(zero(int, check(&config, &err)), "%s", err.msg);
}

Test(rdt, wants_the_shares_of_a_named_group_that_is_there_to_be_the_same)
{
	struct oci_intel_rdt config = { .given = true,
					.clos_id = "fast",
					.l3_cache_schema = "L3:0=7ff;1=1f" };
	const char *const lines[] = { "L3:1=1f", "MB:1=70", NULL };
	struct error err = { 0 };

	make_group("fast");
	cr_assert(zero(int, check(&config, &err)), "%s", err.msg);
	config.mem_bw_schema = "MB:0=90";
	cr_assert(eq(int, check(&config, &err), -EINVAL));
	cr_assert(ne(ptr, strstr(err.msg, "\"MB:0=90\""), NULL), "%s", err.msg);
	/* What "schemata" says comes last and holds. */
	config.schemata = (struct spec_strings){ .items = lines, .n = 2 };
	cr_assert(zero(int, check(&config, &err)), "%s", err.msg);
}

Test(rdt, refuses_a_group_of_the_containers_id_that_is_there)
{
	const struct oci_intel_rdt config = { .given = true };
	struct error err = { 0 };

	make_group("web");
	cr_assert(eq(int, check(&config, &err), -EEXIST));
	cr_assert(ne(ptr, strstr(err.remedy, "closID"), NULL));
}

Test(rdt, refuses_a_monitoring_group_that_is_there)
{
	const struct oci_intel_rdt config = { .given = true, .clos_id = "/", .enable_monitoring = true };
	struct error err = { 0 };

	scratch_dir(&scratch, "mon_groups/web");
	cr_assert(eq(int, check(&config, &err), -EEXIST));
}

/* --- shares --- */

Test(rdt, reads_numbers_as_the_kernel_pads_them)
{
	static const char *const same[] = { "L3:0=7ff",      "L3:0=7FF;1=1f", "L3:1=0x1f",       "L3:00=07ff",
					    "MB:0=100;1=70", " MB:1=70;",     "L3:0=7ff\nMB:0=1" };
	static const char *const other[] = { "L3:0=7fe",  "L3:2=7ff", "L2:0=7ff",      "MB:0=10",
					     "MB:0=1000", "L3:0",     "L3:",           "L3",
					     "",          "L3:0=",    "L3:0=7ff;1=2f", "L:0=7ff" };

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		cr_assert(rdt_schemata_match(kernel_text, same[i]), "%s", same[i]);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		cr_assert(not(rdt_schemata_match(kernel_text, other[i])), "%s", other[i]);
}

Test(rdt, takes_the_bandwidth_from_its_own_field)
{
	struct oci_intel_rdt config = { .l3_cache_schema = "L3:0=f\nMB:0=20\nL3CODE:0=1" };

	cr_assert(eq(str, rdt_schemata_combine(&config, arena), "L3:0=f\nMB:0=20\nL3CODE:0=1\n"));
	config.mem_bw_schema = "MB:0=70";
	cr_assert(eq(str, rdt_schemata_combine(&config, arena), "L3:0=f\nL3CODE:0=1\nMB:0=70\n"));
	config.l3_cache_schema = NULL;
	cr_assert(eq(str, rdt_schemata_combine(&config, arena), "MB:0=70\n"));
	config.mem_bw_schema = NULL;
	cr_assert(eq(str, rdt_schemata_combine(&config, arena), ""));
}

/* --- a container's life --- */

Test(rdt, makes_configures_fills_and_removes_the_containers_own_group)
{
	const char *const lines[] = { "L3:0=7f0", "MB:0=20", NULL };
	const struct oci_intel_rdt config = {
		.given = true,
		.enable_monitoring = true,
		.schemata = { .items = lines, .n = 2 },
	};
	struct rdt_group group = resolve(&config);
	struct error err = { 0 };
	const char *made = rdt_group_made(&group);

	cr_assert(zero(int, rdt_make(&group, &err)), "%s", err.msg);
	cr_assert(eq(str, made, group.path));
	fill_group("web");
	cr_assert(zero(int, rdt_configure(&config, &group, arena, &err)), "%s", err.msg);
	cr_assert(str_starts(content("web/schemata"), "L3:0=7f0\nMB:0=20\n"));
	cr_assert(there("web/mon_groups/web"));
	scratch_file(&scratch, "web/mon_groups/web/tasks", "");
	cr_assert(eq(int, rdt_has(&group, 4711, &err), -EBADE));
	cr_assert(zero(int, rdt_enter(&group, 4711, &err)), "%s", err.msg);
	cr_assert(eq(str, content("web/tasks"), "4711"));
	cr_assert(zero(int, rdt_has(&group, 4711, &err)), "%s", err.msg);
	cr_assert(eq(int, rdt_has(&group, 471, &err), -EBADE));
}

Test(rdt, leaves_the_shares_of_a_group_that_was_there)
{
	const struct oci_intel_rdt config = { .given = true,
					      .clos_id = "fast",
					      .l3_cache_schema = "L3:0=7ff" };
	struct rdt_group group;
	struct error err = { 0 };

	make_group("fast");
	group = resolve(&config);
	cr_assert(zero(int, rdt_make(&group, &err)));
	cr_assert(zero(int, rdt_configure(&config, &group, arena, &err)));
	cr_assert(eq(str, content("fast/schemata"), kernel_text));
	cr_assert(eq(ptr, rdt_group_made(&group), NULL));
}

Test(rdt, says_that_the_machine_can_not_monitor)
{
	const struct oci_intel_rdt config = { .given = true, .enable_monitoring = true };
	struct rdt_group group = resolve(&config);
	struct error err = { 0 };

	cr_assert(zero(int, rdt_make(&group, &err)));
	cr_assert(eq(int, rdt_configure(&config, &group, arena, &err), -ENOENT));
	cr_assert(ne(ptr, strstr(err.remedy, "enableMonitoring"), NULL));
}

Test(rdt, tells_what_the_kernel_said_of_shares_it_refused)
{
	const struct oci_intel_rdt config = { .given = true, .l3_cache_schema = "L3:0=0" };
	struct rdt_group group = resolve(&config);
	struct error err = { 0 };

	cr_assert(zero(int,
		       unlinkat(AT_FDCWD, arena_printf(arena, "%s/info/last_cmd_status", scratch.path), 0)));
	scratch_file(&scratch, "info/last_cmd_status", "Mask out of range\n");
	cr_assert(zero(int, rdt_make(&group, &err)));
	cr_assert(lt(int, rdt_configure(&config, &group, arena, &err), 0)); /* no schemata file */
	cr_assert(eq(str, err.remedy, "the kernel says: Mask out of range"));
}

Test(rdt, removes_a_group_and_is_content_when_it_is_gone)
{
	char *made = arena_printf(arena, "%s/web", scratch.path);
	struct error err = { 0 };

	scratch_dir(&scratch, "web");
	cr_assert(zero(int, rdt_remove(made, "web", &err)), "%s", err.msg);
	cr_assert(not(there("web")));
	cr_assert(zero(int, rdt_remove(made, "web", &err)), "%s", err.msg);
	cr_assert(zero(int, rdt_remove("/nowhere/resctrl/web", "web", &err)), "%s", err.msg);
	cr_assert(zero(int, rdt_remove(NULL, "web", &err)));
}

Test(rdt, removes_only_the_monitoring_group_of_a_class_that_others_use)
{
	char *made = arena_printf(arena, "%s/fast", scratch.path);
	struct error err = { 0 };

	scratch_dir(&scratch, "fast");
	scratch_file(&scratch, "fast/tasks", "17\n");
	scratch_dir(&scratch, "fast/mon_groups");
	scratch_dir(&scratch, "fast/mon_groups/web");
	cr_assert(zero(int, rdt_remove(made, "web", &err)), "%s", err.msg);
	cr_assert(there("fast/tasks"));
	cr_assert(not(there("fast/mon_groups/web")));
}

Test(rdt, removes_a_class_that_nobody_uses)
{
	char *made = arena_printf(arena, "%s/fast", scratch.path);
	struct error err = { 0 };

	scratch_dir(&scratch, "fast");
	cr_assert(zero(int, rdt_remove(made, "web", &err)), "%s", err.msg);
	cr_assert(not(there("fast")));
}

Test(rdt, removes_a_monitoring_group_alone_where_only_that_was_made)
{
	char *made = arena_printf(arena, "%s/mon_groups/web", scratch.path);
	struct error err = { 0 };

	scratch_dir(&scratch, "mon_groups/web");
	cr_assert(zero(int, rdt_remove(made, "web", &err)), "%s", err.msg);
	cr_assert(there("mon_groups"));
	cr_assert(not(there("mon_groups/web")));
}

Test(rdt, updates_the_shares_of_a_group_of_ours_only)
{
	char *own = arena_printf(arena, "%s/web", scratch.path);
	struct error err = { 0 };

	make_group("web");
	cr_assert(zero(int, rdt_update(own, "0=f", NULL, &err)), "%s", err.msg);
	cr_assert(str_starts(content("web/schemata"), "L3:0=f\n"));
	cr_assert(zero(int, rdt_update(own, "", "MB:0=30", &err)), "%s", err.msg);
	cr_assert(str_starts(content("web/schemata"), "MB:0=30\n"));
	cr_assert(zero(int, rdt_update(NULL, NULL, "", &err)));
	cr_assert(eq(int, rdt_update(NULL, "0=f", NULL, &err), -EOPNOTSUPP));
	cr_assert(eq(int,
		     rdt_update(arena_printf(arena, "%s/mon_groups/web", scratch.path), "0=f", NULL, &err),
		     -EOPNOTSUPP));
}

Test(rdt, holds_the_lock_of_the_file_system)
{
	struct error err = { 0 };
	int lock = rdt_lock(scratch.path, &err),
	    other = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(ge(int, lock, 0));
	cr_assert(eq(int, flock(other, LOCK_EX | LOCK_NB), -1));
	close(lock);
	cr_assert(zero(int, flock(other, LOCK_EX | LOCK_NB)));
	close(other);
}
