/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bind mounts of an OCI config: each option holds inside, and without it the difference shows. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "tests/kernel/bundle.h"
#include "tests/kernel/oci_scene.h"

static int write_to_data(struct bundle *b, struct error *err)
{
	int r = bundle_expect_text("/data/file", "data", err);

	(void)b;
	return r < 0 ? r : bundle_expect("/data/new", O_CREAT | O_WRONLY, 0, err);
}

static int find_new(struct bundle *b, struct error *err)
{
	return faccessat(b->dir_fd, "host/data/new", F_OK, 0) == 0
		       ? 0
		       : error_set(err, EBADE, "host/data lacks what was written");
}

BUNDLED(oci_bind, shows_and_changes_the_directory_of_the_host, .setup = oci_scene_plain,
	.inside = write_to_data, .after = find_new)

static int readonly(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_data(b)->flags.attr_set = MOUNT_ATTR_RDONLY;
	return 0;
}

BUNDLED(oci_bind, that_is_read_only_can_not_be_written, .setup = readonly, .inside = oci_scene_is_readonly)

static int executable(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_data(b);
	bundle_link(b, "host/data/link", "file");
	return fchmodat(b->dir_fd, "host/data/file", 0755, 0);
}

static int execute(struct bundle *b, struct error *err)
{
	(void)b;
	if (access("/data/file", X_OK) < 0)
		return error_set(err, errno, "execute /data/file");
	return bundle_expect("/data/link", O_RDONLY, 0, err);
}

static int noexec(struct bundle *b, struct error *err)
{
	int r = executable(b, err);

	b->mounts[0].flags.attr_set = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
	return r;
}

static int fail_to_execute(struct bundle *b, struct error *err)
{
	(void)b;
	if (access("/data/file", X_OK) == 0 || errno != EACCES)
		return error_set(err, EBADE, "/data/file can be executed");
	return bundle_expect("/data/link", O_RDONLY, ELOOP, err);
}

BUNDLED(oci_bind, executes_and_follows_links, .setup = executable, .inside = execute)
BUNDLED(oci_bind, with_noexec_and_nosymfollow_does_neither, .setup = noexec, .inside = fail_to_execute)

/* A tmpfs below what is bound. */
static int nested(struct bundle *b, bool recursive, uint64_t own, uint64_t all)
{
	struct oci_mount *data = oci_scene_data(b);
	char path[128];

	bundle_dir(b, "host/data/below");
	snprintf(path, sizeof(path), "%s/host/data/below", b->dir);
	data->flags.recursive = recursive;
	data->flags.attr_set = own;
	data->flags.rec_attr_set = all;
	if (mount("tmpfs", path, "tmpfs", 0, NULL) < 0)
		return -errno;
	bundle_file(b, "host/data/below/file", "below");
	return 0;
}

static int bind_one(struct bundle *b, struct error *err)
{
	(void)err;
	return nested(b, false, 0, 0);
}

static int below_is_hidden(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect("/data/below/file", O_RDONLY, ENOENT, err);
}

static int rbind_ro(struct bundle *b, struct error *err)
{
	(void)err;
	return nested(b, true, MOUNT_ATTR_RDONLY, 0);
}

static int below_is_writable(struct bundle *b, struct error *err)
{
	int r = oci_scene_is_readonly(b, err);

	return r < 0 ? r : bundle_expect("/data/below/new", O_CREAT | O_WRONLY, 0, err);
}

static int rbind_rro(struct bundle *b, struct error *err)
{
	(void)err;
	return nested(b, true, 0, MOUNT_ATTR_RDONLY);
}

static int below_is_readonly(struct bundle *b, struct error *err)
{
	int r = oci_scene_is_readonly(b, err);

	return r < 0 ? r : bundle_expect("/data/below/new", O_CREAT | O_WRONLY, EROFS, err);
}

BUNDLED(oci_bind, alone_leaves_out_what_is_mounted_below, .setup = bind_one, .inside = below_is_hidden)
BUNDLED(oci_bind, with_ro_leaves_what_is_below_writable, .setup = rbind_ro, .inside = below_is_writable)
BUNDLED(oci_bind, with_rro_makes_all_below_read_only, .setup = rbind_rro, .inside = below_is_readonly)

static int file_on_nothing(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_file(b, "host/file", "from the host");
	bundle_bind(b, "/deep/down/file", "file");
	return 0;
}

static int read_file(struct bundle *b, struct error *err)
{
	struct stat st;

	(void)b;
	if (stat("/deep/down", &st) < 0 || (st.st_mode & 07777) != 0755)
		return error_set(err, EBADE, "/deep/down has the mode %o", st.st_mode);
	return bundle_expect_text("/deep/down/file", "from the host", err);
}

static int file_on_directory(struct bundle *b, struct error *err)
{
	int r = file_on_nothing(b, err);

	bundle_dir(b, "root/deep/down/file");
	return r;
}

static int directory_on_file(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_file(b, "root/data", "");
	oci_scene_data(b);
	return 0;
}

static int source_missing(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_bind(b, "/data", "nowhere");
	return 0;
}

BUNDLED(oci_bind, of_a_file_makes_its_mount_point, .setup = file_on_nothing, .inside = read_file)
BUNDLED(oci_bind, of_a_file_onto_a_directory_is_refused, .setup = file_on_directory, .failure = ENOTDIR,
	.message = "not a directory")
BUNDLED(oci_bind, of_a_directory_onto_a_file_is_refused, .setup = directory_on_file, .failure = ENOTDIR,
	.message = "not a directory")
BUNDLED(oci_bind, names_a_missing_source, .setup = source_missing, .failure = ENOENT,
	.message = "host/nowhere")

static int copy_symlink(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_link(b, "host/link", "../some/where");
	bundle_bind(b, "/etc/link", "link")->flags.copy_symlink = true;
	bundle_file(b, "host/file", "no link");
	bundle_bind(b, "/etc/file", "file")->flags.copy_symlink = true;
	return 0;
}

static int read_link(struct bundle *b, struct error *err)
{
	char text[32] = "";

	(void)b;
	if (readlink("/etc/link", text, sizeof(text) - 1) < 0 || strcmp(text, "../some/where") != 0)
		return error_set(err, EBADE, "/etc/link is \"%s\"", text);
	return bundle_expect_text("/etc/file", "no link", err);
}

BUNDLED(oci_bind, with_copy_symlink_makes_the_same_link, .setup = copy_symlink, .inside = read_link)

static int remount(struct bundle *b, struct error *err)
{
	struct oci_mount *again;

	(void)err;
	oci_scene_data(b);
	again = bundle_mount(b, "/data", NULL, NULL);
	again->flags.bind = again->flags.remount = true;
	again->flags.attr_set = MOUNT_ATTR_RDONLY;
	return 0;
}

BUNDLED(oci_bind, is_changed_by_a_remount, .setup = remount, .inside = oci_scene_is_readonly)
