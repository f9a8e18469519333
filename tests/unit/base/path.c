/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "scratch.h"

/*
 * The image is "root"; "etc/passwd" beside it stands for the host's file, so that an escape
 * by one ".." finds something, too.
 */
static struct scratch hostile_tree(void)
{
	struct scratch scratch = scratch_new();

	scratch_dir(&scratch, "etc");
	scratch_file(&scratch, "etc/passwd", "outside");
	scratch_dir(&scratch, "root");
	scratch_dir(&scratch, "root/etc");
	scratch_dir(&scratch, "root/a");
	scratch_dir(&scratch, "root/a/b");
	scratch_file(&scratch, "root/etc/passwd", "inside");
	scratch_link(&scratch, "root/absolute", "/etc/passwd");
	scratch_link(&scratch, "root/absolute-dir", "/etc");
	scratch_link(&scratch, "root/slashes", "////etc//./passwd");
	scratch_link(&scratch, "root/up", "../../../../../../../../etc/passwd");
	scratch_link(&scratch, "root/a/b/up", "../../../../../../../../etc/passwd");
	scratch_link(&scratch, "root/a/b/one-too-many", "../../../etc/passwd");
	scratch_link(&scratch, "root/to-root", "/");
	scratch_link(&scratch, "root/by-root", "to-root/to-root/../absolute-dir/../up");
	scratch_link(&scratch, "root/loop", "loop");
	scratch_link(&scratch, "root/ping", "pong");
	scratch_link(&scratch, "root/pong", "ping");
	scratch_link(&scratch, "root/dangling", "/etc/nothing");
	return scratch;
}

static int open_root(const struct scratch *scratch)
{
	int fd = openat(scratch->fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert(ge(int, fd, 0));
	return fd;
}

static const char *content(int fd)
{
	static char text[16];
	ssize_t got = read(fd, text, sizeof(text) - 1);

	text[got > 0 ? got : 0] = '\0';
	return text;
}

Test(path, stays_inside_the_root_wherever_links_point)
{
	static const char *const paths[] = {
		"etc/passwd",
		"/etc/passwd",
		"absolute",
		"/absolute",
		"absolute-dir/passwd",
		"slashes",
		"up",
		"a/b/up",
		"a/b/one-too-many",
		"to-root/etc/passwd",
		"by-root",
		"../etc/passwd",
		"/../../../etc/passwd",
		"../../../../../../../../../../etc/passwd",
		"a/b/../../../../etc/passwd",
		"a/../../etc/passwd",
		"to-root/../../../etc/passwd",
		"absolute-dir/../../../etc/passwd",
		"./a/./..//etc/passwd",
	};
	_cleanup_scratch_ struct scratch scratch = hostile_tree();
	_cleanup_fd_ int root = open_root(&scratch);

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_fd_ int fd = path_open_in_root(root, paths[i], O_RDONLY);

		cr_assert(ge(int, fd, 0), "%s: %d", paths[i], fd);
		cr_assert(eq(str, content(fd), "inside"), "%s", paths[i]);
		cr_assert(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC), "%s", paths[i]);
	}
}

Test(path, refuses_links_without_an_end)
{
	_cleanup_scratch_ struct scratch scratch = hostile_tree();
	_cleanup_fd_ int root = open_root(&scratch);
	char name[32], target[32];

	cr_assert(eq(int, path_open_in_root(root, "loop", O_PATH), -ELOOP));
	cr_assert(eq(int, path_open_in_root(root, "ping", O_PATH), -ELOOP));
	cr_assert(eq(int, path_open_in_root(root, "loop/etc", O_PATH), -ELOOP));
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "root/chain%d", i);
		snprintf(target, sizeof(target), i ? "chain%d" : "etc/passwd", i - 1);
		scratch_link(&scratch, name, target);
	}
	cr_assert(eq(int, path_open_in_root(root, "chain59", O_PATH), -ELOOP));
}

Test(path, forwards_what_is_not_there)
{
	_cleanup_scratch_ struct scratch scratch = hostile_tree();
	_cleanup_fd_ int root = open_root(&scratch);

	cr_assert(eq(int, path_open_in_root(root, "nothing", O_PATH), -ENOENT));
	cr_assert(eq(int, path_open_in_root(root, "", O_PATH), -ENOENT));
	cr_assert(eq(int, path_open_in_root(root, "dangling", O_PATH), -ENOENT));
	cr_assert(eq(int, path_open_in_root(root, "etc/passwd/x", O_PATH), -ENOTDIR));
	cr_assert(eq(int, path_open_in_root(root, "etc/passwd", O_PATH | O_DIRECTORY), -ENOTDIR));
	cr_assert(eq(int, path_open_in_root(-1, "etc", O_PATH), -EBADF));
	cr_assert(eq(int, path_open_plain(root, "nothing", O_PATH), -ENOENT));
}

/* /proc/self is a plain link; root, cwd, exe and fd/N jump wherever the process is. */
Test(path, refuses_magic_links)
{
	static const char *const paths[] = { "self/root", "self/root/etc/passwd", "self/cwd",   "self/exe",
					     "self/fd/0", "thread-self/root",     "self/ns/mnt" };
	_cleanup_fd_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	cr_assert(ge(int, proc, 0));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		cr_assert(eq(int, path_open_in_root(proc, paths[i], O_PATH), -ELOOP), "%s", paths[i]);
		cr_assert(eq(int, path_open_plain(proc, paths[i], O_PATH), -ELOOP), "%s", paths[i]);
	}
	fd = path_open_in_root(proc, "self/status", O_RDONLY);
	cr_assert(ge(int, fd, 0), "a plain link is followed");
}

Test(path, follows_no_link_at_all_when_plain)
{
	static const char *const links[] = { "absolute", "absolute-dir", "absolute-dir/passwd",
					     "up",       "a/b/up",       "to-root/etc/passwd",
					     "loop",     "dangling",     "by-root" };
	static const char *const plain[] = { "etc/passwd", "/etc/passwd", "../../../etc/passwd",
					     "a/b/../../../../etc/passwd" };
	_cleanup_scratch_ struct scratch scratch = hostile_tree();
	_cleanup_fd_ int root = open_root(&scratch);

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		cr_assert(eq(int, path_open_plain(root, links[i], O_RDONLY), -ELOOP), "%s", links[i]);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		_cleanup_fd_ int fd = path_open_plain(root, plain[i], O_RDONLY);

		cr_assert(ge(int, fd, 0), "%s: %d", plain[i], fd);
		cr_assert(eq(str, content(fd), "inside"), "%s", plain[i]);
		cr_assert(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC), "%s", plain[i]);
	}
}

static bool exists(const struct scratch *scratch, const char *name)
{
	struct stat st;

	return fstatat(scratch->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Whether the descriptor is the directory of that name, and a handle only. */
static bool is_handle_of(int fd, const struct scratch *scratch, const char *name)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && fstatat(scratch->fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(there.st_mode) && here.st_ino == there.st_ino && here.st_dev == there.st_dev &&
	       (fcntl(fd, F_GETFL) & O_PATH) && fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

Test(path, makes_a_directory_or_takes_the_one_that_is_there)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int made = -1, taken = -1;
	struct stat st;

	umask(0);
	made = path_make_dir(scratch.fd, "new", 0751);
	cr_assert(ge(int, made, 0));
	cr_assert(is_handle_of(made, &scratch, "new"));
	cr_assert(zero(int, fstat(made, &st)));
	cr_assert(eq(u32, st.st_mode & 07777, 0751));
	taken = path_make_dir(scratch.fd, "new", 0700);
	cr_assert(ge(int, taken, 0));
	cr_assert(is_handle_of(taken, &scratch, "new"));
	cr_assert(zero(int, fstat(taken, &st)));
	cr_assert(eq(u32, st.st_mode & 07777, 0751), "an existing one keeps its mode");
}

Test(path, makes_no_directory_through_a_link_or_in_a_files_place)
{
	_cleanup_scratch_ struct scratch scratch = hostile_tree();
	_cleanup_fd_ int root = open_root(&scratch);
	static const char *const names[] = {
		"absolute", "absolute-dir", "to-root", "up", "loop", "dangling"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = path_make_dir(root, names[i], 0700);

		cr_assert(r == -ELOOP || r == -ENOTDIR, "%s: %d", names[i], r);
	}
	cr_assert(not(exists(&scratch, "root/etc/nothing")));
	scratch_file(&scratch, "root/file", "");
	cr_assert(eq(int, path_make_dir(root, "file", 0700), -ENOTDIR));
}

Test(path, makes_a_directory_of_one_component_only)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char name[300];

	cr_assert(eq(int, path_make_dir(scratch.fd, "", 0700), -EINVAL));
	cr_assert(eq(int, path_make_dir(scratch.fd, "/", 0700), -EINVAL));
	cr_assert(eq(int, path_make_dir(scratch.fd, "a/b", 0700), -EINVAL));
	cr_assert(eq(int, path_make_dir(scratch.fd, "/tmp", 0700), -EINVAL));
	cr_assert(eq(int, path_make_dir(scratch.fd, "a/", 0700), -EINVAL));
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	cr_assert(eq(int, path_make_dir(scratch.fd, name, 0700), -ENAMETOOLONG));
	cr_assert(eq(int, path_make_dir(-1, "a", 0700), -EBADF));
	cr_assert(not(exists(&scratch, "a")));
}

Test(path, makes_all_directories_of_a_path)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int deep = -1, again = -1, here = -1;

	deep = path_make_in(scratch.fd, "a/b/c", 0755);
	cr_assert(ge(int, deep, 0));
	cr_assert(is_handle_of(deep, &scratch, "a/b/c"));
	again = path_make_in(scratch.fd, "a/b/d", 0755);
	cr_assert(ge(int, again, 0));
	cr_assert(is_handle_of(again, &scratch, "a/b/d"));
	cr_assert(exists(&scratch, "a/b/c"));
	here = path_make_in(scratch.fd, "", 0755);
	cr_assert(ge(int, here, 0));
	cr_assert(is_handle_of(here, &scratch, "."));
}

Test(path, makes_nothing_behind_a_link)
{
	static const char *const paths[] = { "absolute-dir/new", "to-root/new",  "a/out/new",
					     "a/b/file/new",     "dangling/new", "loop/new" };
	_cleanup_scratch_ struct scratch scratch = hostile_tree();
	_cleanup_fd_ int root = open_root(&scratch);

	scratch_link(&scratch, "root/a/out", scratch.path);
	scratch_file(&scratch, "root/a/b/file", "");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = path_make_in(root, paths[i], 0700);

		cr_assert(r == -ELOOP || r == -ENOTDIR, "%s: %d", paths[i], r);
	}
	cr_assert(not(exists(&scratch, "new")));
	cr_assert(not(exists(&scratch, "root/new")));
	cr_assert(not(exists(&scratch, "root/etc/new")));
	cr_assert(not(exists(&scratch, "etc/new")));
}

Test(path, makes_directories_of_normalised_paths_only)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char path[300];

	cr_assert(eq(int, path_make_in(scratch.fd, "/tmp/x", 0700), -EINVAL));
	cr_assert(eq(int, path_make_in(scratch.fd, "a//b", 0700), -EINVAL));
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	cr_assert(eq(int, path_make_in(scratch.fd, path, 0700), -ENAMETOOLONG));
	cr_assert(eq(int, path_make_in(-1, "a", 0700), -EBADF));
}
