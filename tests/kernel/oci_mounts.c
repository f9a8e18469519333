/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mounts[] of an OCI config: each option holds inside the container, and without it the difference shows. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/sys.h"
#include "tests/kernel/bundle.h"

enum { HARDENED = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

/* --- binds ------------------------------------------------------------------- */

static struct oci_mount *bind_data(struct bundle *b)
{
	bundle_file(b, "host/data/file", "data");
	return bundle_bind(b, "/data", "data");
}

static int bind_plain(struct bundle *b, struct error *err)
{
	(void)err;
	bind_data(b);
	return 0;
}

static int write_to_data(struct bundle *b, struct error *err)
{
	int r = bundle_expect_text("/data/file", "data", err);

	(void)b;
	return r < 0 ? r : bundle_expect("/data/new", O_CREAT | O_WRONLY, 0, err);
}

static int find_new(struct bundle *b, struct error *err)
{
	return faccessat(b->dir_fd, "host/data/new", F_OK, 0) < 0 ? error_set(err, EBADE, "host/data has no new")
								  : 0;
}

BUNDLED(oci_bind, shows_and_changes_the_host_s_directory, .setup = bind_plain, .inside = write_to_data,
	.after = find_new)

static int bind_readonly(struct bundle *b, struct error *err)
{
	(void)err;
	bind_data(b)->flags.attr_set = MOUNT_ATTR_RDONLY;
	return 0;
}

static int fail_to_write(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect("/data/new", O_CREAT | O_WRONLY, EROFS, err);
}

BUNDLED(oci_bind, that_is_read_only_can_not_be_written, .setup = bind_readonly, .inside = fail_to_write)

static int bind_noexec(struct bundle *b, struct error *err)
{
	struct oci_mount *mount = bind_data(b);

	(void)err;
	fchmodat(b->dir_fd, "host/data/file", 0755, 0);
	symlinkat("file", b->dir_fd, "host/data/link");
	mount->flags.attr_set = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
	return 0;
}

static int fail_to_execute(struct bundle *b, struct error *err)
{
	(void)b;
	if (access("/data/file", X_OK) == 0 || errno != EACCES)
		return error_set(err, EBADE, "/data/file can be executed");
	return bundle_expect("/data/link", O_RDONLY, ELOOP, err);
}

BUNDLED(oci_bind, with_noexec_and_nosymfollow_does_neither, .setup = bind_noexec, .inside = fail_to_execute)

static int bind_executable(struct bundle *b, struct error *err)
{
	int r = bind_noexec(b, err);

	b->mounts[0].flags.attr_set = 0;
	return r;
}

static int execute(struct bundle *b, struct error *err)
{
	(void)b;
	return access("/data/file", X_OK) == 0 ? bundle_expect("/data/link", O_RDONLY, 0, err)
					       : error_set(err, errno, "/data/file can't be executed");
}

BUNDLED(oci_bind, without_them_does_both, .setup = bind_executable, .inside = execute)

/* A tmpfs below what is bound. */
static struct oci_mount *bind_nested(struct bundle *b, struct error *err)
{
	struct oci_mount *mount = bind_data(b);
	char path[128];

	bundle_dir(b, "host/data/below");
	snprintf(path, sizeof(path), "%s/host/data/below", b->dir);
	if (mount(NULL, "/", NULL, 0, NULL) == 0 || mount("tmpfs", path, "tmpfs", 0, NULL) < 0)
		error_set(err, errno, "mount below host/data");
	return mount;
}

