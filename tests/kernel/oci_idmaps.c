/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bind mounts in a user namespace: the flags of the host stay, and ids are mapped as the config says. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "tests/kernel/bundle.h"
#include "tests/kernel/oci_scene.h"

/* The host has mounted it read-only, nosuid and nodev. */
static int locked(struct bundle *b, uint64_t clear)
{
	char path[128];

	oci_scene_data(b)->flags.attr_clear = clear;
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
	int r = oci_scene_is_readonly(b, err);

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
	oci_scene_data(b);
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
	struct oci_mount *data = oci_scene_data(b);

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
	oci_scene_data(b)->flags.idmap = true;
	b->userns = true;
	return 0;
}

static int not_idmapped(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_data(b);
	b->userns = true;
	return 0;
}

static int idmapped_without(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_data(b)->flags.idmap = true;
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
