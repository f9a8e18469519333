/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observation.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

static struct observation *one, *two;

static void begin(void)
{
	one = observation_new();
	two = observation_new();
	cr_assert(ne(ptr, one, NULL));
	cr_assert(ne(ptr, two, NULL));
}

static void end(void)
{
	observation_free(one);
	observation_free(two);
}

TestSuite(observation, .init = begin, .fini = end);

Test(observation, counts_a_call_and_remembers_who_made_it_first)
{
	observation_call(one, SYSCALL_ROW_mkdir, 1, "first");
	observation_call(one, SYSCALL_ROW_mkdir, 2, "second");
	cr_assert(eq(u64, one->calls[SYSCALL_ROW_mkdir].count, 3));
	cr_assert(eq(str, one->calls[SYSCALL_ROW_mkdir].comm, "first"));
}

Test(observation, lets_no_name_of_a_process_break_a_comment)
{
	observation_call(one, SYSCALL_ROW_mkdir, 1, "a\n*/ \x1b[2J\xff");
	cr_assert(eq(str, one->calls[SYSCALL_ROW_mkdir].comm, "a__/__[2J_"));
}

Test(observation, merges_the_accesses_of_a_path)
{
	observation_path(one, "/a", ACCESS_READ, "x");
	observation_path(one, "/a", ACCESS_WRITE, "y");
	cr_assert(eq(sz, one->n_paths, 1));
	cr_assert(eq(uint, one->paths[0].access, ACCESS_READ | ACCESS_WRITE));
	cr_assert(eq(u64, one->paths[0].count, 2));
}

Test(observation, takes_a_hostile_name_for_something_in_its_directory)
{
	static const char *const hostile[] = { "/tmp/a\nb",     "/tmp/\x1b[31m", "/tmp/\xff\xfe",
					       "/tmp/\xc2\x9b", "/tmp/\x7f",     "/tmp/x\xc3" };

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		observation_path(one, hostile[i], ACCESS_CREATE, "x");
	cr_assert(eq(sz, one->n_paths, 1));
	cr_assert(eq(str, one->paths[0].path, "/tmp/(a name that is not text)"));
	observation_path(one, "/tmp/\xc3\xa9t\xc3\xa9", ACCESS_CREATE, "x");
	cr_assert(eq(str, one->paths[1].path, "/tmp/\xc3\xa9t\xc3\xa9"));
}

Test(observation, holds_the_longest_path)
{
	char path[PATH_MAX];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	observation_path(one, path, ACCESS_READ, "x");
	cr_assert(eq(str, one->paths[0].path, path));
}

Test(observation, stops_at_its_limit_and_counts_what_it_left_out)
{
	char path[32];

	for (int i = 0; i < OBSERVATION_PATHS_MAX + 5; i++) {
		snprintf(path, sizeof(path), "/tmp/%d", i);
		observation_path(one, path, ACCESS_CREATE, "x");
	}
	cr_assert(eq(sz, one->n_paths, OBSERVATION_PATHS_MAX));
	cr_assert(eq(sz, one->n_paths_left_out, 5));
	cr_assert(ne(ptr, observation_find(one, "/tmp/9999"), NULL));
	cr_assert(eq(ptr, observation_find(one, "/tmp/10001"), NULL));
}

Test(observation, adds_up_counts_and_keeps_the_higher_peak_when_merged)
{
	observation_call(one, SYSCALL_ROW_mkdir, 1, "a");
	observation_call(two, SYSCALL_ROW_mkdir, 2, "b");
	observation_call(two, SYSCALL_ROW_rmdir, 4, "b");
	observation_path(one, "/x", ACCESS_READ, "a");
	observation_path(two, "/x", ACCESS_WRITE, "b")->size_bytes = 9;
	one->peaks.memory_bytes = 5;
	two->peaks.memory_bytes = 3;
	two->peaks.pids = 7;
	one->runs = two->runs = 1;
	two->facts = FACT_JIT;
	observation_capability(two, CAP_CHOWN, SYSCALL_ROW_chown);
	observation_address(two, "127.0.0.1:80", true, 1);
	observation_merge(one, two);
	cr_assert(eq(u64, one->calls[SYSCALL_ROW_mkdir].count, 3));
	cr_assert(eq(u64, one->calls[SYSCALL_ROW_rmdir].count, 4));
	cr_assert(eq(u64, one->paths[0].count, 2));
	cr_assert(eq(u64, one->paths[0].size_bytes, 9));
	cr_assert(eq(u64, one->peaks.memory_bytes, 5));
	cr_assert(eq(u64, one->peaks.pids, 7));
	cr_assert(eq(u64, one->runs, 2));
	cr_assert(eq(uint, one->facts, FACT_JIT));
	cr_assert(eq(u64, one->capabilities, UINT64_C(1) << CAP_CHOWN));
	cr_assert(eq(sz, one->n_addresses, 1));
}

Test(observation, keeps_bound_and_connected_addresses_apart)
{
	observation_address(one, "127.0.0.1:80", true, 1);
	observation_address(one, "127.0.0.1:80", false, 1);
	observation_address(one, "127.0.0.1:80", true, 1);
	cr_assert(eq(sz, one->n_addresses, 2));
	cr_assert(eq(u64, one->addresses[0].count, 2));
}
