/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making what is missing below a hostile root: path_make_in_root(), path_make_file_in_root(),
 * path_normalise(). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "scratch.h"

/* The image is "root"; nothing may be made beside it. */
static struct scratch image(void)
{
	struct scratch scratch = scratch_new();

	scratch_dir(&scratch, "root");
	scratch_dir(&scratch, "root/run");
	scratch_dir(&scratch, "root/etc");
	scratch_file(&scratch, "root/etc/file", "x");
	scratch_link(&scratch, "root/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
	scratch_link(&scratch, "root/absolute", "/made/deep");
	scratch_link(&scratch, "root/out", "../../../../outside");
	scratch_link(&scratch, "root/to-out", "out/../out");
	scratch_link(&scratch, "root/ping", "pong/x");
	scratch_link(&scratch, "root/pong", "ping/x");
	scratch_link(&scratch, "root/magic", "/proc/self/root");
	return scratch;
}

static int open_root(const struct scratch *scratch)
{
	int fd = openat(scratch->fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert(ge(int, fd, 0));
	return fd;
}

static bool is_there(const struct scratch *scratch, const char *path, mode_t type)
{
	struct stat st;

	return fstatat(scratch->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == type;
}

static int make(const struct scratch *scratch, const char *path)
{
	_cleanup_fd_ int root = open_root(scratch);

	return path_make_in_root(root, path, 0755);
}

static int make_file(const struct scratch *scratch, const char *path)
{
	_cleanup_fd_ int root = open_root(scratch);

	return path_make_file_in_root(root, path, 0755);
}

Test(path_make_in_root, makes_every_missing_directory)
{
	struct scratch scratch = image();
	_cleanup_fd_ int fd = make(&scratch, "/a//b/./c/");

	cr_assert(ge(int, fd, 0));
	cr_assert(is_there(&scratch, "root/a/b/c", S_IFDIR));
	scratch_free(&scratch);
}

Test(path_make_in_root, follows_a_dangling_link_inside_the_root)
{
	struct scratch scratch = image();
	_cleanup_fd_ int fd = make(&scratch, "/absolute/down"), out = make(&scratch, "/to-out/x");

	cr_assert(ge(int, fd, 0));
	cr_assert(ge(int, out, 0));
	cr_assert(is_there(&scratch, "root/made/deep/down", S_IFDIR));
	cr_assert(is_there(&scratch, "root/outside/x", S_IFDIR));
	cr_assert(not(is_there(&scratch, "outside", S_IFDIR)));
	scratch_free(&scratch);
}

Test(path_make_in_root, stays_inside_with_any_number_of_dots)
{
	struct scratch scratch = image();
	_cleanup_fd_ int fd = make(&scratch, "../../new/../../../new2/..///../new3");

	cr_assert(ge(int, fd, 0));
	cr_assert(is_there(&scratch, "root/new3", S_IFDIR));
	cr_assert(not(is_there(&scratch, "new3", S_IFDIR)));
	scratch_free(&scratch);
}

Test(path_make_in_root, opens_the_root_itself)
{
	struct scratch scratch = image();
	_cleanup_fd_ int fd = make(&scratch, "/"), root = open_root(&scratch);
	struct stat a, b;

	cr_assert(fstat(fd, &a) == 0 && fstat(root, &b) == 0);
	cr_assert(eq(u64, a.st_ino, b.st_ino));
	scratch_free(&scratch);
}

Test(path_make_in_root, refuses_what_leads_nowhere)
{
	struct scratch scratch = image();
	char name[PATH_MAX + 8];

	cr_assert(eq(int, make(&scratch, "/ping/y"), -ELOOP));
	cr_assert(eq(int, make(&scratch, "/etc/file"), -ENOTDIR));
	cr_assert(eq(int, make(&scratch, "/etc/file/below"), -ENOTDIR));
	memset(name, 'x', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	cr_assert(eq(int, make(&scratch, name), -ENAMETOOLONG));
	memset(name, '/', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	cr_assert(eq(int, make(&scratch, name), -ENAMETOOLONG));
	scratch_free(&scratch);
}

Test(path_make_in_root, does_not_go_through_a_magic_link)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int fd = path_make_in_root(root, "/proc/self/cwd/kapsel-not-here/x", 0755);

	cr_assert(eq(int, fd, -ELOOP));
	fd = -1;
}

Test(path_make_file_in_root, makes_a_file_behind_a_dangling_link)
{
	struct scratch scratch = image();
	_cleanup_fd_ int fd = make_file(&scratch, "/etc/resolv.conf");

	cr_assert(ge(int, fd, 0));
	cr_assert(is_there(&scratch, "root/run/systemd/resolve/stub-resolv.conf", S_IFREG));
	cr_assert(is_there(&scratch, "root/etc/resolv.conf", S_IFLNK));
	scratch_free(&scratch);
}

Test(path_make_file_in_root, opens_what_is_there)
{
	struct scratch scratch = image();
	_cleanup_fd_ int file = make_file(&scratch, "/etc/file"), dir = make_file(&scratch, "/etc");
	struct stat st;

	cr_assert(fstat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 1);
	cr_assert(fstat(dir, &st) == 0 && S_ISDIR(st.st_mode));
	scratch_free(&scratch);
}

Test(path_normalise, compares_as_text_alone)
{
	static const char *const pairs[][2] = {
		{ "/proc/", "/proc" },
		{ "//proc//./sys", "/proc/sys" },
		{ "/a/../proc", "/proc" },
		{ "/../../proc", "/proc" },
		{ "/", "/" },
		{ "", "/" },
		{ "/a/..", "/" },
		{ "relative/x", "/relative/x" },
	};
	char text[PATH_MAX], small[4];

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		cr_assert(eq(int, path_normalise(pairs[i][0], text, sizeof(text)), 0));
		cr_assert(eq(str, text, pairs[i][1]));
	}
	cr_assert(eq(int, path_normalise("/ab", small, sizeof(small)), 0));
	cr_assert(eq(int, path_normalise("/abc", small, sizeof(small)), -ENAMETOOLONG));
}
