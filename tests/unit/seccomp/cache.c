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
#include "profiles/spec.h"
#include "seccomp/filter.h"

static const char *const list[] = { "@base", "@process", NULL };
static const char *const any[] = { "*", NULL };
static char dir[] = "/tmp/kapsel-cache-XXXXXX";

static struct spec spec = { .syscalls = { list, 2 }, .exec_allow = { any, 1 } };

static void set_up(void)
{
	cr_assert(ne(ptr, mkdtemp(dir), NULL));
}

/* The one entry's path; fails if there is not exactly one file. */
static void entry_path(char path[512])
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;
	size_t n = 0;

	cr_assert(ne(ptr, entries, NULL));
	while ((entry = readdir(entries)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, 512, "%s/%s", dir, entry->d_name);
		n++;
	}
	closedir(entries);
	cr_assert(eq(sz, n, 1));
}

static void tear_down(void)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries)) != NULL)
		unlinkat(dirfd(entries), entry->d_name, 0);
	if (entries)
		closedir(entries);
	rmdir(dir);
}

TestSuite(cache, .init = set_up, .fini = tear_down);

/* Build through the cache; true if the filter came from there, and it is the right one. */
static bool build_cached(const struct spec *wanted, const char *cache_dir)
{
	struct filter_options options = { .exec_fd = -1, .cache_dir = cache_dir };
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
	cr_assert(not(build_cached(&spec, dir)));
	cr_assert(build_cached(&spec, dir));
}

Test(cache, other_openings_have_other_entries)
{
	struct spec other = spec;

	cr_assert(not(build_cached(&spec, dir)));
	other.allow_jit = true;
	cr_assert(not(build_cached(&other, dir)));
	other.on_violation = SPEC_VIOLATION_LOG;
	cr_assert(not(build_cached(&other, dir)));
	cr_assert(build_cached(&spec, dir));
}

Test(cache, options_are_part_of_the_key)
{
	struct filter_options options = { .exec_fd = -1, .cache_dir = dir };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec once = spec;
	struct error err = { 0 };
	struct filter filter;

	once.exec_allow.n = 0;
	cr_assert(not(build_cached(&spec, dir)));
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

	snprintf(path, sizeof(path), "%s-new", dir);
	cr_assert(not(build_cached(&spec, path)));
	cr_assert(eq(int, stat(path, &st), 0));
	cr_assert(eq(uint, st.st_mode & 07777, 0700));
	cr_assert(build_cached(&spec, path));
	rmdir(dir);
	cr_assert(eq(int, rename(path, dir), 0));
}

/* Change one byte of the entry, anywhere: it must not be believed. */
Test(cache, entry_with_any_changed_byte_is_rebuilt)
{
	char path[512];
	struct stat st;

	cr_assert(not(build_cached(&spec, dir)));
	entry_path(path);
	cr_assert(eq(int, stat(path, &st), 0));
	for (off_t at = 0; at < st.st_size; at += at < 64 ? 1 : 97) {
		int fd = open(path, O_RDWR | O_CLOEXEC);
		unsigned char byte;

		cr_assert(eq(int, (int)pread(fd, &byte, 1, at), 1));
		byte ^= 0x40;
		cr_assert(eq(int, (int)pwrite(fd, &byte, 1, at), 1));
		close(fd);
		cr_assert(not(build_cached(&spec, dir)), "byte %ld", (long)at);
		cr_assert(build_cached(&spec, dir), "byte %ld was not repaired", (long)at);
	}
}

Test(cache, truncated_or_longer_entry_is_rebuilt)
{
	const off_t sizes[] = { 0, 1, 23, 24, 100, 2000 };
	char path[512];
	struct stat st;

	cr_assert(not(build_cached(&spec, dir)));
	entry_path(path);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		cr_assert(eq(int, truncate(path, sizes[i]), 0));
		cr_assert(not(build_cached(&spec, dir)), "%ld bytes", (long)sizes[i]);
	}
	cr_assert(eq(int, stat(path, &st), 0));
	cr_assert(eq(int, truncate(path, st.st_size - 1), 0));
	cr_assert(not(build_cached(&spec, dir)));
	cr_assert(eq(int, truncate(path, st.st_size + 1), 0));
	cr_assert(not(build_cached(&spec, dir)));
	cr_assert(eq(int, truncate(path, 1 << 26), 0));
	cr_assert(not(build_cached(&spec, dir)));
}

/* A collision of the hash, or a file renamed to another key's name. */
Test(cache, entry_with_another_key_is_not_believed)
{
	struct spec other = spec;
	char path[512], stolen[520], name[512];

	cr_assert(not(build_cached(&spec, dir)));
	entry_path(name);
	snprintf(stolen, sizeof(stolen), "%s.keep", name);
	cr_assert(eq(int, rename(name, stolen), 0));
	other.allow_ptrace = true;
	snprintf(path, sizeof(path), "%s-other", dir);
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
	cr_assert(not(build_cached(&spec, dir)));
	cr_assert(build_cached(&spec, dir));
}

Test(cache, directory_that_others_can_write_is_not_used)
{
	cr_assert(not(build_cached(&spec, dir)));
	chmod(dir, 0770);
	cr_assert(not(build_cached(&spec, dir)));
	chmod(dir, 0755);
	cr_assert(not(build_cached(&spec, dir)));
	chmod(dir, 0700);
	cr_assert(build_cached(&spec, dir));
}

Test(cache, directory_of_somebody_else_is_not_used)
{
	if (geteuid() != 0)
		cr_skip_test("only root can give a directory away");
	cr_assert(not(build_cached(&spec, dir)));
	cr_assert(eq(int, chown(dir, 65534, 65534), 0));
	cr_assert(not(build_cached(&spec, dir)));
	cr_assert(eq(int, chown(dir, 0, 0), 0));
}

Test(cache, symbolic_links_are_not_followed)
{
	char path[512], moved[600], linked[64];

	cr_assert(not(build_cached(&spec, dir)));
	snprintf(linked, sizeof(linked), "%s-link", dir);
	cr_assert(eq(int, symlink(dir, linked), 0));
	cr_assert(not(build_cached(&spec, linked)));
	unlink(linked);

	entry_path(path);
	snprintf(moved, sizeof(moved), "%s.moved", path);
	cr_assert(eq(int, rename(path, moved), 0));
	cr_assert(eq(int, symlink(moved, path), 0));
	cr_assert(not(build_cached(&spec, dir)));
}

Test(cache, missing_parent_or_full_disk_is_no_error)
{
	cr_assert(not(build_cached(&spec, "/nonexistent/kapsel/cache")));
	cr_assert(not(build_cached(&spec, "/dev/null")));
}
