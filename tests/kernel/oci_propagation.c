/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is mounted later, on the host and inside, and which of it the other side sees. */
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

static int propagate(struct bundle *b, uint64_t kind, uint64_t rootfs)
{
	struct oci_mount *data = oci_scene_data(b);

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
BUNDLED(oci_propagation, by_default_no_mount_reaches_the_host, .setup = oci_scene_plain,
	.host = image_is_clean)
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
