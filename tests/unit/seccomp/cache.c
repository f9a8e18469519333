/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/cache.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "cache_dir.h"
#include "profiles/spec.h"
#include "seccomp/filter.h"

static const char *const list[] = { "@base", "@process", NULL };
static const char *const any[] = { "*", NULL };
static struct spec spec = { .syscalls = { list, 2 }, .exec_allow = { any, 1 } };

TestSuite(cache, .init = cache_dir_make, .fini = cache_dir_remove);

/* Build through the cache; true if the filter came from there, and it is the right one. */
static bool build_cached(const struct spec *wanted, const char *directory)
{
	struct filter_options options = { .exec_fd = -1, .cache_dir = directory };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct filter filter, fresh;
	struct error err = { 0 };

	cr_assert(eq(int, filter_build(wanted, &options, arena, &filter, &err), 0), "%s", err.msg);
	options.cache_dir = NULL;
	cr_assert(eq(int, filter_build(wanted, &options, arena, &fresh, &err), 0), "%s", err.msg);
	cr_assert(eq(sz, filter.n, fresh.n));
	cr_assert(eq(int, memcmp(filter.program, fresh.program, fresh.n * sizeof(*fresh.program)), 0));
	return filter.cached;
}

Test(cache, second_build_comes_from_the_cache)
{
	cr_assert(not(build_cached(&spec, cache_dir)));
	cr_assert(build_cached(&spec, cache_dir));
}

Test(cache, other_openings_have_other_entries)
{
	struct spec other = spec;

	cr_assert(not(build_cached(&spec, cache_dir)));
	other.allow_jit = true;
	cr_assert(not(build_cached(&other, cache_dir)));
	other.on_violation = SPEC_VIOLATION_LOG;
	cr_assert(not(build_cached(&other, cache_dir)));
	cr_assert(build_cached(&spec, cache_dir));
}

Test(cache, options_are_part_of_the_key)
{
	struct filter_options options = { .exec_fd = -1, .cache_dir = cache_dir };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec once = spec;
	struct error err = { 0 };
	struct filter filter;

	once.exec_allow.n = 0;
	cr_assert(not(build_cached(&spec, cache_dir)));
	options.notify = true;
	cr_assert(eq(int, filter_build(&spec, &options, arena, &filter, &err), 0));
	cr_assert(not(filter.cached));
	options.exec_fd = 5000;
	cr_assert(eq(int, filter_build(&once, &options, arena, &filter, &err), 0));
	cr_assert(not(filter.cached));
	options.exec_fd = 5001;
	cr_assert(eq(int, filter_build(&once, &options, arena, &filter, &err), 0));
	cr_assert(not(filter.cached));
	options.exec_held = true;
	cr_assert(eq(int, filter_build(&once, &options, arena, &filter, &err), 0));
	cr_assert(not(filter.cached));
	cr_assert(eq(int, filter_build(&once, &options, arena, &filter, &err), 0));
	cr_assert(filter.cached);
}

Test(cache, directory_is_made_private)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s-new", cache_dir);
	cr_assert(not(build_cached(&spec, path)));
	cr_assert(eq(int, stat(path, &st), 0));
	cr_assert(eq(uint, st.st_mode & 07777, 0700));
	cr_assert(build_cached(&spec, path));
	rmdir(cache_dir);
	cr_assert(eq(int, rename(path, cache_dir), 0));
}

Test(cache, entry_with_any_changed_byte_is_rebuilt)
{
	char path[CACHE_DIR_PATH_MAX];
	off_t size;

	cr_assert(not(build_cached(&spec, cache_dir)));
	size = cache_dir_entry(path);
	for (off_t at = 0; at < size; at += at < 64 ? 1 : 97) {
		cache_dir_change(path, at);
		cr_assert(not(build_cached(&spec, cache_dir)), "byte %ld", (long)at);
		cr_assert(build_cached(&spec, cache_dir), "byte %ld was not repaired", (long)at);
	}
}

Test(cache, truncated_or_longer_entry_is_rebuilt)
{
	const off_t sizes[] = { 0, 1, 23, 24, 100, 2000 };
	char path[CACHE_DIR_PATH_MAX];
	struct stat st;

	cr_assert(not(build_cached(&spec, cache_dir)));
	cache_dir_entry(path);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		cr_assert(eq(int, truncate(path, sizes[i]), 0));
		cr_assert(not(build_cached(&spec, cache_dir)), "%ld bytes", (long)sizes[i]);
	}
	cr_assert(eq(int, stat(path, &st), 0));
	cr_assert(eq(int, truncate(path, st.st_size - 1), 0));
	cr_assert(not(build_cached(&spec, cache_dir)));
	cr_assert(eq(int, truncate(path, st.st_size + 1), 0));
	cr_assert(not(build_cached(&spec, cache_dir)));
	cr_assert(eq(int, truncate(path, 1 << 26), 0));
	cr_assert(not(build_cached(&spec, cache_dir)));
}

/* A collision of the hash, or a file renamed to another key's name. */
Test(cache, entry_with_another_key_is_not_believed)
{
	struct spec other = spec;
	char path[CACHE_DIR_PATH_MAX], stolen[520], name[CACHE_DIR_PATH_MAX];

	cr_assert(not(build_cached(&spec, cache_dir)));
	cache_dir_entry(name);
	snprintf(stolen, sizeof(stolen), "%s.keep", name);
	cr_assert(eq(int, rename(name, stolen), 0));
	other.allow_ptrace = true;
	snprintf(path, sizeof(path), "%s-other", cache_dir);
	cr_assert(not(build_cached(&other, path)));
	/* The weaker filter, under the name of the stricter one. */
	{
		DIR *entries = opendir(path);
		const struct dirent *entry;
		char from[800];

		while ((entry = readdir(entries)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(from, sizeof(from), "%s/%s", path, entry->d_name);
			cr_assert(eq(int, rename(from, name), 0));
		}
		closedir(entries);
	}
	rmdir(path);
	cr_assert(not(build_cached(&spec, cache_dir)));
	cr_assert(build_cached(&spec, cache_dir));
}

Test(cache, directory_that_others_can_write_is_not_used)
{
	cr_assert(not(build_cached(&spec, cache_dir)));
	chmod(cache_dir, 0770);
	cr_assert(not(build_cached(&spec, cache_dir)));
	chmod(cache_dir, 0755);
	cr_assert(not(build_cached(&spec, cache_dir)));
	chmod(cache_dir, 0700);
	cr_assert(build_cached(&spec, cache_dir));
}

Test(cache, directory_of_somebody_else_is_not_used)
{
	if (geteuid() != 0)
		cr_skip_test("only root can give a directory away");
	cr_assert(not(build_cached(&spec, cache_dir)));
	cr_assert(eq(int, chown(cache_dir, 65534, 65534), 0));
	cr_assert(not(build_cached(&spec, cache_dir)));
	cr_assert(eq(int, chown(cache_dir, 0, 0), 0));
}

Test(cache, symbolic_links_are_not_followed)
{
	char path[CACHE_DIR_PATH_MAX], moved[600], linked[64];

	cr_assert(not(build_cached(&spec, cache_dir)));
	snprintf(linked, sizeof(linked), "%s-link", cache_dir);
	cr_assert(eq(int, symlink(cache_dir, linked), 0));
	cr_assert(not(build_cached(&spec, linked)));
	unlink(linked);

	cache_dir_entry(path);
	snprintf(moved, sizeof(moved), "%s.moved", path);
	cr_assert(eq(int, rename(path, moved), 0));
	cr_assert(eq(int, symlink(moved, path), 0));
	cr_assert(not(build_cached(&spec, cache_dir)));
}

Test(cache, missing_parent_or_full_disk_is_no_error)
{
	cr_assert(not(build_cached(&spec, "/nonexistent/kapsel/cache")));
	cr_assert(not(build_cached(&spec, "/dev/null")));
}
