/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/kernel/oci_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/sys.h"

struct oci_mount *oci_scene_tmpfs(struct bundle *b, const char *destination)
{
	return bundle_mount(b, destination, "tmpfs", "tmpfs");
}

int oci_scene_proc(struct bundle *b)
{
	bundle_mount(b, "/proc", "proc", "proc");
	return 0;
}

int oci_scene_canary(struct bundle *b)
{
	bundle_file(b, "host/canary", "alive");
	bundle_dir(b, "root/host");
	return 0;
}

int oci_scene_is_untouched(struct bundle *b, struct error *err)
{
	static const char *const others[] = { "host/mounted", "host/ptmx", "host/fd",   "host/core",
					      "host/stdin",   "host/null", "host/made", "made" };

	if (faccessat(b->dir_fd, "host/canary", F_OK, 0) < 0)
		return error_set(err, EBADE, "the canary is covered or gone");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (faccessat(b->dir_fd, others[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return error_set(err, EBADE, "%s was made on the host", others[i]);
	return 0;
}

struct oci_mount *oci_scene_data(struct bundle *b)
{
	bundle_file(b, "host/data/file", "data");
	return bundle_bind(b, "/data", "data");
}

int oci_scene_plain(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_data(b);
	return 0;
}

int oci_scene_is_readonly(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect("/data/new", O_CREAT | O_WRONLY, EROFS, err);
}
