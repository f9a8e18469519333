/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "cache_dir.h"
#include "oci_fixture.h"

TestSuite(oci_filter_cache, .init = cache_dir_make, .fini = cache_dir_remove);

/* Build through the cache; true if the filter came from there, and it is the right one. */
static bool build_cached(const struct oci_seccomp *seccomp, const char *directory)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_filter filter, fresh;
	struct error err = { 0 };

	cr_assert(eq(int, oci_filter_build(seccomp, directory, arena, &filter, &err), 0), "%s", err.msg);
	oci_fixture_build(seccomp, arena, &fresh);
	cr_assert(not(fresh.cached));
	cr_assert(eq(sz, filter.n, fresh.n));
	cr_assert(eq(int, memcmp(filter.program, fresh.program, fresh.n * sizeof(*fresh.program)), 0));
	cr_assert(eq(int, filter.notify, fresh.notify));
	cr_assert(eq(uint, filter.flags, fresh.flags));
	return filter.cached;
}

static const char *const calls[] = { "mkdirat", "openat2", NULL };
static const struct oci_seccomp_arg args[] = { { 0, 1, 2, SCMP_CMP_MASKED_EQ }, { 1, 3, 0, SCMP_CMP_LT } };
static const struct oci_seccomp_rule rules[] = {
	{ { calls, 2 }, SECCOMP_RET_USER_NOTIF },
	{ { calls, 1 }, SECCOMP_RET_USER_NOTIF, .args = args, .n_args = 2 },
};
static const struct oci_seccomp plain = {
	.default_action = SECCOMP_RET_ALLOW,
	.listener_path = "/run/agent",
	.rules = rules,
	.n_rules = 1,
};

Test(oci_filter_cache, second_build_comes_from_the_cache)
{
	struct oci_seccomp seccomp;

	cr_assert(not(build_cached(&plain, cache_dir)));
	cr_assert(build_cached(&plain, cache_dir));
	oci_fixture_docker(&seccomp);
	cr_assert(not(build_cached(&seccomp, cache_dir)));
	cr_assert(build_cached(&seccomp, cache_dir));
}

/* Engines write other metadata for each container: that must not cost a compilation, or a file. */
Test(oci_filter_cache, what_is_not_in_the_program_is_not_in_the_key)
{
	struct oci_seccomp other = plain;
	char path[CACHE_DIR_PATH_MAX];

	cr_assert(not(build_cached(&plain, cache_dir)));
	other.listener_metadata = "container 2";
	other.listener_path = "/run/agent2";
	other.flags = SECCOMP_FILTER_FLAG_LOG;
	cr_assert(build_cached(&other, cache_dir));
	cache_dir_entry(path);
}

Test(oci_filter_cache, all_that_is_in_the_program_is_in_the_key)
{
	struct oci_seccomp_arg other_args[2];
	struct oci_seccomp_rule other_rules[2];
	struct oci_seccomp other = plain;
	static const char *const words[] = { COMPAT_WORD, NULL };

	other.n_rules = 2;
	other.rules = other_rules;
	memcpy(other_rules, rules, sizeof(rules));
	other_rules[0].names.n = 1;
	other_rules[1].args = other_args;
	memcpy(other_args, args, sizeof(args));
	cr_assert(not(build_cached(&plain, cache_dir)));
	cr_assert(not(build_cached(&other, cache_dir)));
	other_args[0].value = 7;
	cr_assert(not(build_cached(&other, cache_dir)));
	other_args[0].value_two = 6;
	cr_assert(not(build_cached(&other, cache_dir)));
	other_args[0].index = 4;
	cr_assert(not(build_cached(&other, cache_dir)));
	other_args[0].op = SCMP_CMP_GE;
	cr_assert(not(build_cached(&other, cache_dir)));
	other_rules[1].n_args = 1;
	cr_assert(not(build_cached(&other, cache_dir)));
	other_rules[1].action = SECCOMP_RET_ERRNO;
	cr_assert(not(build_cached(&other, cache_dir)));
	other_rules[1].errno_given = true;
	other_rules[1].errno_ret = EACCES;
	cr_assert(not(build_cached(&other, cache_dir)));
	other.architectures = (struct spec_strings){ words, 1 };
	cr_assert(not(build_cached(&other, cache_dir)));
	other.default_action = SECCOMP_RET_ERRNO;
	cr_assert(not(build_cached(&other, cache_dir)));
	other.default_errno_given = true;
	other.default_errno = ENOSYS;
	cr_assert(not(build_cached(&other, cache_dir)));
	cr_assert(build_cached(&other, cache_dir));
	cr_assert(build_cached(&plain, cache_dir));
}

/* Names that don't exist are skipped, whatever they look like. */
Test(oci_filter_cache, one_strange_name_is_not_two_names)
{
	static const char *const two[] = { "mkdirat", "openat2", NULL };
	static const char *const one[] = { "mkdirat openat2", NULL };
	struct oci_seccomp_rule rule = { { two, 2 }, SECCOMP_RET_ERRNO };
	const struct oci_seccomp seccomp = { .default_action = SECCOMP_RET_ALLOW,
					     .rules = &rule,
					     .n_rules = 1 };

	cr_assert(not(build_cached(&seccomp, cache_dir)));
	rule.names = (struct spec_strings){ one, 1 };
	cr_assert(not(build_cached(&seccomp, cache_dir)));
}

Test(oci_filter_cache, errors_are_not_hidden_by_the_cache)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_seccomp_rule rule = { { calls, 2 }, SECCOMP_RET_ERRNO };
	struct oci_seccomp other = plain;
	struct oci_filter filter;
	struct error err;

	cr_assert(not(build_cached(&plain, cache_dir)));
	other.listener_path = NULL;
	cr_assert(eq(int, oci_filter_build(&other, cache_dir, arena, &filter, &err), -EINVAL));
	other.rules = &rule;
	cr_assert(not(build_cached(&other, cache_dir)));
	/* Under the mask of the action's data it would be the same one. */
	rule.errno_given = true;
	rule.errno_ret = 0x10000 | EPERM;
	cr_assert(eq(int, oci_filter_build(&other, cache_dir, arena, &filter, &err), -EINVAL));
	rule.errno_ret = EPERM;
	other.default_errno_given = true;
	cr_assert(eq(int, oci_filter_build(&other, cache_dir, arena, &filter, &err), -EINVAL));
}

Test(oci_filter_cache, entry_with_any_changed_byte_is_rebuilt)
{
	char path[CACHE_DIR_PATH_MAX];
	off_t size;

	cr_assert(not(build_cached(&plain, cache_dir)));
	size = cache_dir_entry(path);
	for (off_t at = 0; at < size; at += at < 64 ? 1 : 7) {
		cache_dir_change(path, at);
		cr_assert(not(build_cached(&plain, cache_dir)), "byte %ld", (long)at);
		cr_assert(build_cached(&plain, cache_dir), "byte %ld was not repaired", (long)at);
	}
}

Test(oci_filter_cache, truncated_or_longer_entry_is_rebuilt)
{
	char path[CACHE_DIR_PATH_MAX];
	struct stat st;

	cr_assert(not(build_cached(&plain, cache_dir)));
	cache_dir_entry(path);
	cr_assert(eq(int, stat(path, &st), 0));
	for (off_t size = 0; size < st.st_size; size += size < 32 ? 1 : 61) {
		cr_assert(eq(int, truncate(path, size), 0));
		cr_assert(not(build_cached(&plain, cache_dir)), "%ld bytes", (long)size);
	}
	cr_assert(eq(int, truncate(path, st.st_size + 1), 0));
	cr_assert(not(build_cached(&plain, cache_dir)));
	cr_assert(build_cached(&plain, cache_dir));
}

Test(oci_filter_cache, directory_that_others_can_write_is_not_used)
{
	cr_assert(not(build_cached(&plain, cache_dir)));
	chmod(cache_dir, 0770);
	cr_assert(not(build_cached(&plain, cache_dir)));
	chmod(cache_dir, 0700);
	cr_assert(build_cached(&plain, cache_dir));
}

Test(oci_filter_cache, missing_parent_or_full_disk_is_no_error)
{
	cr_assert(not(build_cached(&plain, "/nonexistent/kapsel/cache")));
	cr_assert(not(build_cached(&plain, "/dev/null")));
}

/* A config may have megabytes of names. */
Test(oci_filter_cache, key_that_is_too_long_is_no_error)
{
	enum { SIZE = 2 * 1024 * 1024 };
	char *name = malloc(SIZE), path[CACHE_DIR_PATH_MAX];
	const char *const names[] = { "mkdirat", name, NULL };
	const struct oci_seccomp_rule rule = { { names, 2 }, SECCOMP_RET_ERRNO };
	const struct oci_seccomp seccomp = { .default_action = SECCOMP_RET_ALLOW,
					     .rules = &rule,
					     .n_rules = 1 };

	cr_assert(ne(ptr, name, NULL));
	memset(name, 'x', SIZE - 1);
	name[SIZE - 1] = '\0';
	cr_assert(not(build_cached(&seccomp, cache_dir)));
	cr_assert(not(build_cached(&seccomp, cache_dir)));
	cr_assert(zero(sz, cache_dir_entries(path)));
	free(name);
}

static double elapsed_us(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) * 1e6 + (double)(to->tv_nsec - from->tv_nsec) / 1e3;
}

/* The best of many, since the machine has other things to do. */
Test(oci_filter_cache, costs_a_tenth_of_a_compilation_at_most)
{
	double compiled = 1e9, cached = 1e9;
	struct oci_seccomp seccomp;

	oci_fixture_docker(&seccomp);
	cr_assert(not(build_cached(&seccomp, cache_dir)));
	for (int i = 0; i < 30; i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct timespec times[3];
		struct oci_filter filter;
		struct error err;

		clock_gettime(CLOCK_MONOTONIC, &times[0]);
		cr_assert(eq(int, oci_filter_build(&seccomp, cache_dir, arena, &filter, &err), 0));
		clock_gettime(CLOCK_MONOTONIC, &times[1]);
		cr_assert(filter.cached);
		cr_assert(eq(int, oci_filter_build(&seccomp, NULL, arena, &filter, &err), 0));
		clock_gettime(CLOCK_MONOTONIC, &times[2]);
		if (elapsed_us(&times[0], &times[1]) < cached)
			cached = elapsed_us(&times[0], &times[1]);
		if (elapsed_us(&times[1], &times[2]) < compiled)
			compiled = elapsed_us(&times[1], &times[2]);
	}
	cr_log_info("compiled in %.0f us, from the cache in %.0f us", compiled, cached);
	cr_assert(lt(dbl, cached, compiled / 10));
}
