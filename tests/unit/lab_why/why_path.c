/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_path.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiles/spec.h"
#include "why_fixture.h"

TestSuite(why_path, .init = why_init, .fini = why_fini);

static const char *find_in(const char *line, const char *text)
{
	static char path[WHY_PATH_MAX];
	const char *at = strstr(line, text);

	cr_assert(at != NULL);
	return why_path_find(line, strlen(line), (size_t)(at - line), "/work", path) ? path : "none";
}

Test(why_path, is_found_however_programs_write_it)
{
	static const char *const lines[][2] = {
		{ "touch: /etc/x: Read-only file system", "/etc/x" },
		{ "sh: can't create /data/new: Read-only file system", "/data/new" },
		{ "open('/a b/c'): Read-only file system", "/a b/c" },
		{ "[Errno 30] Read-only file system: '/srv/y.txt'", "/srv/y.txt" },
		{ "mkdir \xe2\x80\x98/q\xe2\x80\x99: Read-only file system", "/q" },
		{ "path=/v/w/../z, code 30: Read-only file system.", "/v/z" },
		{ "/usr/bin/prog: cannot open /etc/app.conf: Read-only file system", "/etc/app.conf" },
		{ "GET http://host/index.html: Read-only file system", "none" },
		{ "either/or: Read-only file system", "none" },
		{ "touch: notes: Read-only file system", "/work/notes" },
		{ "Read-only file system", "none" },
		{ "/: Read-only file system", "none" },
		{ "wrote '/unclosed: Read-only file system", "/unclosed" },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect(eq(str, find_in(lines[i][0], "Read-only"), lines[i][1]), "%s", lines[i][0]);
}

Test(why_path, that_is_too_long_is_none)
{
	char line[4096], path[WHY_PATH_MAX];

	memset(line, 'a', sizeof(line));
	line[0] = '/';
	line[4000] = ':';
	line[4095] = '\0';
	cr_assert(zero(int, why_path_find(line, strlen(line), 4001, NULL, path)));
}

Test(why_path, lies_on_the_mount_with_the_longest_name)
{
	const struct spec_mount mounts[] = {
		{ .target = "/srv", .type = SPEC_MOUNT_TMPFS },
		{ .target = "/srv/www", .type = SPEC_MOUNT_BIND, .source = why_dir },
	};
	const struct spec spec = { .rootfs = why_dir, .mounts = mounts, .n_mounts = 2 };
	struct why_path path;

	why_path_look(&spec, "/srv/www/x", &path);
	cr_assert(eq(int, path.place, WHY_PATH_BIND));
	cr_assert(path.mount == &mounts[1] && path.known);
	cr_assert(eq(int, path.error, ENOENT));
	why_path_look(&spec, "/srv/wwwx", &path);
	cr_assert(path.mount == &mounts[0] && !path.known);
	why_path_look(&spec, "/srvx", &path);
	cr_assert(eq(int, path.place, WHY_PATH_ROOT));
	why_path_look(&spec, "/proc/self/x", &path);
	cr_assert(eq(int, path.place, WHY_PATH_PROC));
	why_path_look(&spec, "/dev/sda", &path);
	cr_assert(eq(int, path.place, WHY_PATH_DEV));
}

Test(why_path, links_of_the_image_lead_nowhere_outside_of_it)
{
	const struct spec spec = { .rootfs = why_dir };
	struct why_path path;
	char link[128];

	snprintf(link, sizeof(link), "%s/passwd", why_dir);
	cr_assert(zero(int, symlink("/etc/passwd", link)));
	snprintf(link, sizeof(link), "%s/up", why_dir);
	cr_assert(zero(int, symlink("../../../../etc/passwd", link)));
	why_path_look(&spec, "/passwd", &path);
	cr_assert(eq(int, path.error, ENOENT));
	why_path_look(&spec, "/up", &path);
	cr_assert(eq(int, path.error, ENOENT));
}

Test(why_path, a_mount_hides_what_the_image_has_there)
{
	const struct spec spec = { .rootfs = why_dir };

	why_file("etc/passwd", "x", 1, 0644);
	cr_assert(why_path_hides(&spec, "/etc"));
	cr_assert(eq(int, why_path_hides(&spec, "/etc/passwd"), false));
	cr_assert(eq(int, why_path_hides(&spec, "/nothere"), false));
}

Test(why_path, of_a_file_that_is_there_mode_and_owner_are_known)
{
	const struct spec spec = { .rootfs = why_dir };
	struct why_path path;

	why_file("etc/secret", "x", 1, 0600);
	why_path_look(&spec, "/etc/secret", &path);
	cr_assert(path.known && path.error == 0);
	cr_assert(eq(u32, path.mode & 07777, 0600));
	cr_assert(eq(u32, path.uid, geteuid()));
}
