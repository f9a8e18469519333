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

static struct oci_mount *bind_data(struct bundle *b)
{
	bundle_file(b, "host/data/file", "data");
	return bundle_bind(b, "/data", "data");
}

static int plain(struct bundle *b, struct error *err)
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
	return faccessat(b->dir_fd, "host/data/new", F_OK, 0) == 0
		       ? 0
		       : error_set(err, EBADE, "host/data lacks what was written");
}

BUNDLED(oci_bind, shows_and_changes_the_directory_of_the_host, .setup = plain, .inside = write_to_data,
	.after = find_new)

static int readonly(struct bundle *b, struct error *err)
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

BUNDLED(oci_bind, that_is_read_only_can_not_be_written, .setup = readonly, .inside = fail_to_write)

static int executable(struct bundle *b, struct error *err)
{
	(void)err;
	bind_data(b);
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
	struct oci_mount *data = bind_data(b);
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
	int r = fail_to_write(b, err);

	return r < 0 ? r : bundle_expect("/data/below/new", O_CREAT | O_WRONLY, 0, err);
}

static int rbind_rro(struct bundle *b, struct error *err)
{
	(void)err;
	return nested(b, true, 0, MOUNT_ATTR_RDONLY);
}

static int below_is_readonly(struct bundle *b, struct error *err)
{
	int r = fail_to_write(b, err);

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
	bind_data(b);
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
	bind_data(b);
	again = bundle_mount(b, "/data", NULL, NULL);
	again->flags.bind = again->flags.remount = true;
	again->flags.attr_set = MOUNT_ATTR_RDONLY;
	return 0;
}

BUNDLED(oci_bind, is_changed_by_a_remount, .setup = remount, .inside = fail_to_write)

/* --- propagation --- */

static int propagate(struct bundle *b, uint64_t kind, uint64_t rootfs)
{
	struct oci_mount *data = bind_data(b);

	bundle_dir(b, "host/data/later");
	data->flags.recursive = true;
	data->flags.propagation[0] = kind;
	data->flags.n_propagation = kind != 0;
	b->oci.rootfs_propagation = rootfs;
	return 0;
}

static int mount_later(struct bundle *b, struct error *err)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/host/data/later", b->dir);
	if (mount("tmpfs", path, "tmpfs", 0, NULL) < 0)
		return error_set(err, errno, "mount below host/data");
	bundle_file(b, "host/data/later/file", "later");
	return 0;
}

static int private(struct bundle *b, struct error *err)
{
	(void)err;
	return propagate(b, MS_PRIVATE | MS_REC, 0);
}

static int later_is_hidden(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect("/data/later/file", O_RDONLY, ENOENT, err);
}

static int slave(struct bundle *b, struct error *err)
{
	(void)err;
	return propagate(b, MS_SLAVE | MS_REC, 0);
}

static int later_is_seen(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect_text("/data/later/file", "later", err);
}

static int mount_inside(struct bundle *b, struct error *err)
{
	(void)b;
	if (mount("tmpfs", "/data/later", "tmpfs", 0, NULL) < 0)
		return error_set(err, errno, "mount inside");
	return bundle_expect("/data/later/inside", O_CREAT | O_WRONLY, 0, err);
}

static int not_on_host(struct bundle *b, struct error *err)
{
	return faccessat(b->dir_fd, "host/data/later/inside", F_OK, 0) == 0
		       ? error_set(err, EBADE, "a mount of the container is on the host")
		       : 0;
}

static int on_host(struct bundle *b, struct error *err)
{
	return faccessat(b->dir_fd, "host/data/later/inside", F_OK, 0) == 0
		       ? 0
		       : error_set(err, EBADE, "a shared mount of the container is not on the host");
}

static int shared(struct bundle *b, struct error *err)
{
	(void)err;
	return propagate(b, MS_SHARED | MS_REC, MS_SHARED | MS_REC);
}

static int shared_alone(struct bundle *b, struct error *err)
{
	(void)err;
	return propagate(b, MS_SHARED | MS_REC, 0);
}

/* The root says shared, this mount does not. */
static int shared_root(struct bundle *b, struct error *err)
{
	(void)err;
	return propagate(b, 0, MS_SHARED | MS_REC);
}

/* … and its source is a shared mount of its own. */
static int shared_root_own_mount(struct bundle *b, struct error *err)
{
	char path[128];

	bundle_dir(b, "host/data");
	snprintf(path, sizeof(path), "%s/host/data", b->dir);
	if (mount("tmpfs", path, "tmpfs", 0, NULL) < 0)
		return error_set(err, errno, "mount on host/data");
	return shared_root(b, err);
}

static int image_is_clean(struct bundle *b, struct error *err)
{
	if (faccessat(b->dir_fd, "root/data/file", F_OK, 0) == 0)
		return error_set(err, EBADE, "the container's mounts show in the image on the host");
	return 0;
}

BUNDLED(oci_propagation, private_shows_nothing_that_comes_later, .setup = private, .host = mount_later,
	.inside = later_is_hidden)
BUNDLED(oci_propagation, slave_shows_what_the_host_mounts_later, .setup = slave, .host = mount_later,
	.inside = later_is_seen)
BUNDLED(oci_propagation, by_default_no_mount_reaches_the_host, .setup = plain, .host = image_is_clean)
BUNDLED(oci_propagation, of_a_slave_does_not_reach_the_host, .setup = slave, .inside = mount_inside,
	.after = not_on_host)
BUNDLED(oci_propagation, shared_with_a_shared_root_reaches_the_host, .setup = shared, .host = image_is_clean,
	.inside = mount_inside, .after = on_host)
BUNDLED(oci_propagation, shared_alone_does_not_reach_the_host, .setup = shared_alone, .inside = mount_inside,
	.after = not_on_host)
BUNDLED(oci_propagation, of_the_root_alone_does_not_reach_the_host, .setup = shared_root,
	.host = image_is_clean, .inside = mount_inside, .after = not_on_host)
BUNDLED(oci_propagation, of_a_shared_source_alone_does_not_reach_the_host, .setup = shared_root_own_mount,
	.inside = mount_inside, .after = not_on_host)

/* --- user namespaces --- */

/* The host has mounted it read-only, nosuid and nodev. */
static int locked(struct bundle *b, uint64_t clear)
{
	char path[128];

	bind_data(b)->flags.attr_clear = clear;
	snprintf(path, sizeof(path), "%s/host/data", b->dir);
	if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, NULL) < 0)
		return -errno;
	b->userns = true;
	return 0;
}

static int locked_kept(struct bundle *b, struct error *err)
{
	(void)err;
	b->mounts[0].flags.attr_set = 0;
	return locked(b, 0);
}

static int locked_noexec(struct bundle *b, struct error *err)
{
	int r = locked(b, 0);

	(void)err;
	b->mounts[0].flags.attr_set = MOUNT_ATTR_NOEXEC;
	return r;
}

static int locked_cleared(struct bundle *b, struct error *err)
{
	(void)err;
	return locked(b, MOUNT_ATTR_RDONLY);
}

static int can_not_unlock(struct bundle *b, struct error *err)
{
	int r = fail_to_write(b, err);

	if (r == 0 && mount(NULL, "/data", NULL, MS_REMOUNT | MS_BIND, NULL) == 0)
		return error_set(err, EBADE, "root inside has taken the flags of the host away");
	return r;
}

BUNDLED(oci_user_namespace, keeps_the_flags_of_the_host, .setup = locked_kept, .inside = can_not_unlock)
BUNDLED(oci_user_namespace, adds_flags_to_those_of_the_host, .setup = locked_noexec, .inside = can_not_unlock)
BUNDLED(oci_user_namespace, refuses_to_take_a_flag_of_the_host_away, .setup = locked_cleared,
	.failure = EPERM, .message = "leave out rw")

/* Below a directory that the mapped root can't enter. */
static int unreachable(struct bundle *b, struct error *err)
{
	b->userns = true;
	(void)err;
	bundle_file(b, "host/closed/data/file", "data");
	bundle_bind(b, "/data", "closed/data");
	return fchmodat(b->dir_fd, "host/closed", 0700, 0);
}

static int read_data(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect_text("/data/file", "data", err);
}

static int closed_root(struct bundle *b, struct error *err)
{
	bind_data(b);
	b->userns = true;
	(void)err;
	b->oci.rootfs = "/tmp/closed/root";
	bundle_dir(b, "closed/root");
	return fchmodat(b->dir_fd, "closed", 0700, 0);
}

BUNDLED(oci_user_namespace, gets_what_only_the_caller_can_open, .setup = unreachable, .inside = read_data)
BUNDLED(oci_user_namespace, gets_a_root_that_only_the_caller_can_open, .setup = closed_root,
	.inside = read_data)

static int idmapped(struct bundle *b, struct error *err)
{
	static const struct oci_id_map map[] = { { .container_id = 0, .host_id = 1000, .size = 100 } };
	struct oci_mount *data = bind_data(b);

	(void)err;
	data->flags.idmap = true;
	data->uid_maps = data->gid_maps = (struct oci_id_maps){ map, 1 };
	return 0;
}

static int owner_is(uid_t uid, struct error *err)
{
	struct stat st;

	if (stat("/data/file", &st) < 0)
		return error_set(err, errno, "look at /data/file");
	return st.st_uid == uid && st.st_gid == uid
		       ? 0
		       : error_set(err, EBADE, "/data/file belongs to %u:%u", st.st_uid, st.st_gid);
}

static int owned_by_1000(struct bundle *b, struct error *err)
{
	(void)b;
	return owner_is(1000, err);
}

static int owned_by_0(struct bundle *b, struct error *err)
{
	(void)b;
	return owner_is(0, err);
}

static int owned_by_nobody(struct bundle *b, struct error *err)
{
	(void)b;
	return owner_is(65534, err);
}

static int idmapped_to_container(struct bundle *b, struct error *err)
{
	(void)err;
	bind_data(b)->flags.idmap = true;
	b->userns = true;
	return 0;
}

static int not_idmapped(struct bundle *b, struct error *err)
{
	(void)err;
	bind_data(b);
	b->userns = true;
	return 0;
}

static int idmapped_without(struct bundle *b, struct error *err)
{
	(void)err;
	bind_data(b)->flags.idmap = true;
	return 0;
}

Test(oci_idmap, shows_files_with_the_ids_of_its_own_map)
{
	const struct bundle_test test = { .setup = idmapped, .inside = owned_by_1000 };
	struct error err = { 0 };

	if (geteuid() != 0)
		cr_skip_test("id-mapped mounts need root");
	cr_assert(bundle_run(&test, &err) == 0, "%s: %s (%s)", err.step, err.msg, err.remedy);
}

Test(oci_idmap, without_a_map_uses_that_of_the_container)
{
	const struct bundle_test test = { .setup = idmapped_to_container, .inside = owned_by_0 };
	const struct bundle_test without = { .setup = not_idmapped, .inside = owned_by_nobody };
	struct error err = { 0 };

	if (geteuid() != 0)
		cr_skip_test("id-mapped mounts need root");
	cr_assert(bundle_run(&test, &err) == 0, "%s: %s (%s)", err.step, err.msg, err.remedy);
	cr_assert(bundle_run(&without, &err) == 0, "%s: %s (%s)", err.step, err.msg, err.remedy);
}

BUNDLED(oci_idmap, needs_a_map_or_a_user_namespace, .setup = idmapped_without, .failure = EINVAL,
	.message = "uidMappings")
