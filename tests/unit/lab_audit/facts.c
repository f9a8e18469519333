/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of the kernel, hostile names in them, and what can't be read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"

static int parse_mounts(struct fixture *fixture, const char *text, struct facts_mounts *ret)
{
	return facts_parse_mounts(arena_strdup(fixture->arena, text), fixture->arena, ret);
}

Test(facts, mountinfo_keeps_hostile_names_apart)
{
	struct fixture *fixture = fixture_open();
	struct facts_mounts mounts;

	cr_assert(eq(int,
		     parse_mounts(fixture,
				  "1 0 8:1 / /a\\040-\\040proc\\012x rw - tmpfs none rw,size=1k\n"
				  "2 1 8:1 /r\\134 /- ro shared:1 master:2 - ext4 /dev/x ro\n",
				  &mounts),
		     0));
	cr_assert(eq(sz, mounts.n, 2));
	cr_expect(same_text(mounts.items[0].target, "/a - proc\nx"));
	cr_expect(same_text(mounts.items[0].fstype, "tmpfs"));
	cr_expect(same_text(mounts.items[1].root, "/r\\"));
	cr_expect(same_text(mounts.items[1].fstype, "ext4"));
	cr_expect(mounts.items[1].shared && !mounts.items[0].shared);
	fixture_close(fixture);
}

Test(facts, mountinfo_that_is_cut_or_odd_is_refused)
{
	static const char *const texts[] = {
		"1 0 8:1 / /a rw - tmpfs none\n",
		"1 0 8:1 / /a rw tmpfs none rw\n",
		"1 0 8:1 / /a\n",
		"x 0 8:1 / /a rw - tmpfs none rw\n",
		"1 0 eight / /a rw - tmpfs none rw\n",
		"1\n",
		" \n",
	};
	struct fixture *fixture = fixture_open();
	struct facts_mounts mounts;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_expect(eq(int, parse_mounts(fixture, texts[i], &mounts), -EBADMSG), "%s", texts[i]);
	cr_expect(eq(int, parse_mounts(fixture, "", &mounts), -ENODATA));
	fixture_close(fixture);
}

Test(facts, id_maps_are_read_whole_or_not_at_all)
{
	static struct facts_map map;

	cr_assert(eq(int, facts_parse_map("0 200000 1000\n1000 0 1\n", &map), 0));
	cr_expect(eq(i64, facts_inside(&map, 200005), 5));
	cr_expect(eq(i64, facts_inside(&map, 0), 1000));
	cr_expect(eq(i64, facts_inside(&map, 201000), -1));
	cr_expect(eq(int, facts_parse_map("0 200000\n", &map), -EBADMSG));
	cr_expect(eq(int, facts_parse_map("0 200000 1 x\n", &map), -EBADMSG));
	cr_expect(eq(int, facts_parse_map("", &map), 0));
}

Test(facts, limits_with_a_missing_line_are_refused)
{
	struct facts_limit limits[FACTS_RLIMITS];

	cr_expect(eq(int, facts_parse_limits("Max open files 1 2 files\n", limits), -EBADMSG));
	cr_assert(eq(int,
		     facts_parse_limits("Max core file size 1 unlimited bytes\nMax open files 1 2 files\n"
					"Max file size 3 4 bytes\nMax locked memory 5 6 bytes\n",
					limits),
		     0));
	cr_expect(eq(u64, limits[FACTS_CORE].hard, UINT64_MAX));
	cr_expect(eq(u64, limits[FACTS_OPEN_FILES].soft, 1));
	cr_expect(eq(int,
		     facts_parse_limits("Max core file size x y bytes\nMax open files 1 2 files\n"
					"Max file size 3 4 bytes\nMax locked memory 5 6 bytes\n",
					limits),
		     -EBADMSG));
}

Test(facts, a_name_with_brackets_hides_no_terminal)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };

	fixture_change(fixture, "proc/42/stat", NULL, "42 (x) S 1 1 1 0 () S 1 42 42 34816 -1 4194304\n");
	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0));
	cr_expect(eq(int, fixture->facts.terminal, 34816));
	fixture_close(fixture);
}

Test(facts, what_is_not_readable_counts_in_neither_sum)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };
	const struct result *result;

	fixture_change(fixture, "proc/42/mountinfo", NULL, "nonsense\n");
	fixture_change(fixture, "proc/42/limits", NULL, "nonsense\n");
	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0));
	result = fixture_result(&assessment, "root-read-only");
	cr_expect(eq(int, result->effective.state, OPINION_NOT_READABLE));
	cr_expect(strstr(result->effective.evidence, "EBADMSG") != NULL, "%s", result->effective.evidence);
	cr_expect(eq(int, fixture_result(&assessment, "core-dump")->effective.state, OPINION_NOT_READABLE));
	cr_expect(gt(u32, assessment.effective.n_not_readable, 8));
	cr_expect(eq(u32, assessment.effective.tenths, 100));
	fixture_close(fixture);
}

Test(facts, a_status_that_lacks_a_field_is_no_process_without_rights)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };

	fixture_change(fixture, "proc/42/status", "CapEff:\t0000000000000000\n", "");
	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), -EBADMSG));
	fixture_close(fixture);
}

Test(facts, a_process_that_is_not_there_is_an_error)
{
	struct fixture *fixture = fixture_open();
	struct error err = { 0 };

	cr_assert(eq(int, facts_read(&fixture->source, 43, fixture->arena, &fixture->facts, &err), -ESRCH));
	cr_assert(same_text(err.msg, "find process 43"));
	fixture_close(fixture);
}

Test(facts, a_limit_of_a_group_above_holds_below)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };
	const struct result *result;

	fixture_change(fixture, "cgroups/box/memory.max", NULL, "max\n");
	fixture_change(fixture, "cgroups/memory.max", NULL, "8192\n");
	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0));
	result = fixture_result(&assessment, "memory");
	cr_expect(eq(u64, fixture->facts.group.values[FACTS_MEMORY_MAX].value, 8192));
	cr_expect(eq(u32, result->effective.badness, 0));
	cr_expect(same_text(result->effective.evidence, "memory.max 8192 in /"));
	fixture_close(fixture);
}

Test(facts, a_controller_of_version_1_is_not_judged)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };
	char path[160];

	snprintf(path, sizeof(path), "rm %s/cgroups/memory.max %s/cgroups/box/memory.max", fixture->path,
		 fixture->path);
	cr_assert(eq(int, system(path), 0));
	fixture_change(fixture, "proc/42/cgroup", NULL, "4:memory:/box\n0::/box\n");
	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0));
	cr_expect(eq(int, fixture_result(&assessment, "memory")->effective.state, OPINION_NOT_READABLE));
	fixture_close(fixture);
}

Test(facts, another_limit_than_declared_is_a_difference_though_both_are_good)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };

	fixture_change(fixture, "cgroups/box/memory.max", NULL, "134217728\n");
	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0));
	for (size_t i = 0; i < assessment.n; i++)
		cr_expect(eq(int, assessment_differs(&assessment.results[i]),
			     str_equal(assessment.results[i].check->id, "memory")),
			  "%s", assessment.results[i].check->id);
	cr_expect(eq(u32, assessment.effective.tenths, 100));
	fixture_close(fixture);
}

Test(facts, no_value_of_a_secret_is_kept)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };

	fixture_change(fixture, "proc/42/environ", NULL, "DB_PASSWORD=hunter2");
	fixture_change(fixture, "proc/42/cmdline", NULL, "--password=hunter2");
	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0));
	cr_expect(same_text(fixture->facts.secrets_in_environ, "DB_PASSWORD"));
	cr_expect(memmem(&fixture->facts, sizeof(fixture->facts), "hunter2", 7) == NULL);
	cr_expect(memmem(&assessment, sizeof(assessment), "hunter2", 7) == NULL);
	fixture_close(fixture);
}

Test(facts, of_a_foreign_process_the_launcher_verified_nothing)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };

	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0));
	fixture->facts.declared = NULL;
	assessment_make(NULL, &fixture->facts, &assessment);
	cr_expect(eq(int, fixture_result(&assessment, "landlock")->effective.state, OPINION_NOT_READABLE));
	cr_expect(eq(int, fixture_result(&assessment, "calls-mount")->effective.state, OPINION_NOT_READABLE));
	cr_expect(eq(int, fixture_result(&assessment, "landlock")->declared.state, OPINION_NONE));
	cr_expect(assessment.declared.known == false && assessment.effective.known);
	fixture_close(fixture);
}

Test(facts, a_part_of_a_tmpfs_of_the_host_is_the_host_s)
{
	static const char *const roots[] = { "0:43 / /x", "0:43 /sub /x", "0:99 / /x" };
	static struct assessment assessment;

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct fixture *fixture = fixture_open();
		struct error err = { 0 };

		fixture_change(fixture, "proc/42/mountinfo", "0:43 / /scratch\\040space", roots[i]);
		fixture_change(fixture, "proc/self/mountinfo", NULL,
			       "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:99 / /run rw - tmpfs none rw\n");
		cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0), "%s", err.msg);
		cr_expect(eq(u32, fixture_result(&assessment, "host-write")->effective.badness, i > 0), "%s",
			  roots[i]);
		fixture_close(fixture);
	}
}
