/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root and the devices of an OCI container, against images that mean harm. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/sys.h"
#include "tests/kernel/bundle.h"
#include "tests/kernel/oci_scene.h"

/* --- the root --- */

static int readonly_root(struct bundle *b, struct error *err)
{
	(void)err;
	b->oci.rootfs_readonly = true;
	oci_scene_tmpfs(b, "/made/for/it");
	return 0;
}

static int root_is_readonly(struct bundle *b, struct error *err)
{
	int r = bundle_expect("/new", O_CREAT | O_WRONLY, EROFS, err);

	(void)b;
	return r == 0 ? bundle_expect("/made/for/it/new", O_CREAT | O_WRONLY, 0, err) : r;
}

static int writable_root(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect("/new", O_CREAT | O_WRONLY, 0, err);
}

BUNDLED(oci_root_readonly, can_not_be_written, .setup = readonly_root, .inside = root_is_readonly)
BUNDLED(oci_root_readonly, could_be_written_without, .inside = writable_root)

static int walk_out(struct bundle *b, struct error *err)
{
	(void)b;
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return error_set(err, errno, "go up");
	return bundle_expect("usr", O_PATH, ENOENT, err);
}

/* With rights enough to leave any chroot. */
static int break_out(struct bundle *b, struct error *err)
{
	if (mkdir("/jail", 0755) < 0 || chroot("/jail") < 0)
		return error_set(err, errno, "enter a chroot");
	return walk_out(b, err);
}

static int no_pivot(struct bundle *b, struct error *err)
{
	(void)err;
	b->oci_run.no_pivot = true;
	return oci_scene_proc(b);
}

static int no_host_below(struct bundle *b, struct error *err)
{
	int r = walk_out(b, err);

	if (r == 0)
		r = break_out(b, err);
	return r;
}

/*
 * The kernel gives a user namespace a procfs of its own only where a complete one is there already: that of
 * the host, below, must not count.
 */
static int no_new_procfs(struct bundle *b, struct error *err)
{
	int status;
	pid_t pid;

	(void)b;
	if (mkdir("/mnt", 0755) < 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return error_set(err, errno, "create namespaces inside");
	pid = fork();
	if (pid == 0)
		_exit(mount("proc", "/mnt", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 ? 0 : errno);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return error_set(err, errno, "fork inside");
	return WIFEXITED(status) && WEXITSTATUS(status) == EPERM
		       ? 0
		       : error_set(err, EBADE, "mounting a procfs ended with status %x", status);
}

static int no_pivot_no_proc(struct bundle *b, struct error *err)
{
	(void)err;
	b->oci_run.no_pivot = true;
	return 0;
}

static int no_mountns(struct bundle *b, struct error *err)
{
	(void)err;
	b->no_mountns = true;
	return 0;
}

static int mounts_without_namespace(struct bundle *b, struct error *err)
{
	oci_scene_tmpfs(b, "/data");
	return no_mountns(b, err);
}

static int root_is_missing(struct bundle *b, struct error *err)
{
	(void)err;
	b->oci.rootfs = "/tmp/nowhere";
	return 0;
}

BUNDLED(oci_pivot_root, leaves_nothing_above, .inside = walk_out)
BUNDLED(oci_pivot_root, leaves_nothing_to_break_out_to, .inside = break_out)
BUNDLED(oci_no_pivot, leaves_nothing_above, .setup = no_pivot, .inside = no_host_below)
BUNDLED(oci_no_pivot, leaves_no_procfs_of_the_host_below, .setup = no_pivot_no_proc, .inside = no_new_procfs)
BUNDLED(oci_chroot, is_what_remains_without_a_mount_namespace, .setup = no_mountns, .inside = walk_out)
BUNDLED(oci_mounts, need_a_mount_namespace, .setup = mounts_without_namespace, .failure = EINVAL,
	.message = "mount namespace")
BUNDLED(oci_root, that_is_missing_is_named, .setup = root_is_missing, .failure = ENOENT,
	.message = "/tmp/nowhere")

/* --- devices --- */

static int is_node(const char *path, unsigned int major_number, unsigned int minor_number, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set(err, errno, "look at %s", path);
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(major_number, minor_number))
		return error_set(err, EBADE, "%s is not the device", path);
	return 0;
}

static int all_devices(struct bundle *b, struct error *err)
{
	char text[32] = "";
	int r = is_node("/dev/null", 1, 3, err);

	(void)b;
	if (r == 0)
		r = is_node("/dev/urandom", 1, 9, err);
	if (r == 0)
		r = is_node("/dev/tty", 5, 0, err);
	if (r == 0)
		r = bundle_expect("/dev/zero", O_RDWR, 0, err);
	if (r == 0 && (readlink("/dev/ptmx", text, sizeof(text) - 1) < 0 || strcmp(text, "pts/ptmx") != 0))
		r = error_set(err, EBADE, "/dev/ptmx is \"%s\"", text);
	memset(text, 0, sizeof(text));
	if (r == 0 && (readlink("/dev/fd", text, sizeof(text) - 1) < 0 || strcmp(text, "/proc/self/fd") != 0))
		r = error_set(err, EBADE, "/dev/fd is \"%s\"", text);
	return r == 0 ? bundle_expect("/dev/mem", O_PATH, ENOENT, err) : r;
}

static int dev_tmpfs(struct bundle *b)
{
	struct oci_mount *dev = oci_scene_tmpfs(b, "/dev");

	dev->flags.attr_set = MOUNT_ATTR_NOSUID;
	dev->flags.data = "mode=755";
	return 0;
}

static int dev(struct bundle *b, struct error *err)
{
	(void)err;
	return dev_tmpfs(b);
}

static int dev_in_userns(struct bundle *b, struct error *err)
{
	(void)err;
	b->userns = true;
	return dev_tmpfs(b);
}

/* A image with a /dev of its own: a file in place of a device, the right ptmx. */
static int dev_of_image(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_file(b, "root/dev/null", "evil");
	bundle_file(b, "root/dev/ptmx", "evil");
	return 0;
}

static int dev_is_a_link(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_link(b, "root/dev", "/tmp/host");
	bundle_dir(b, "root/tmp/host");
	return oci_scene_canary(b);
}

static int null_is_a_link(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_link(b, "root/dev/null", "/host/null");
	return oci_scene_canary(b);
}

BUNDLED(oci_devices, are_there, .setup = dev, .inside = all_devices)
BUNDLED(oci_devices, are_there_in_a_user_namespace, .setup = dev_in_userns, .inside = all_devices)
BUNDLED(oci_devices, replace_what_the_image_has, .setup = dev_of_image, .inside = all_devices)
BUNDLED(oci_devices, are_not_made_where_a_link_leads, .setup = dev_is_a_link, .failure = ELOOP,
	.message = "ordinary directory", .after = oci_scene_is_untouched)
BUNDLED(oci_devices, do_not_replace_a_link, .setup = null_is_a_link, .failure = EEXIST,
	.message = "something else")

static int extra_device(struct bundle *b, struct error *err)
{
	(void)err;
	b->devices[0] = (struct oci_device){ .path = "/dev/deep/full",
					     .type = 'c',
					     .major = 1,
					     .minor = 7,
					     .mode_given = true,
					     .mode = 0640,
					     .uid = 12,
					     .gid = 34 };
	b->devices[1] = (struct oci_device){ .path = "/dev/pipe", .type = 'p' };
	b->oci.n_devices = 2;
	return dev_tmpfs(b);
}

static int look_at_extra_device(struct bundle *b, struct error *err)
{
	struct stat st;
	int r = is_node("/dev/deep/full", 1, 7, err);

	(void)b;
	if (r < 0)
		return r;
	if (stat("/dev/deep/full", &st) < 0 || (st.st_mode & 07777) != 0640 || st.st_uid != 12 ||
	    st.st_gid != 34)
		return error_set(err, EBADE, "/dev/deep/full has mode %o, owner %u:%u", st.st_mode, st.st_uid,
				 st.st_gid);
	return stat("/dev/pipe", &st) == 0 && S_ISFIFO(st.st_mode) ? 0
								   : error_set(err, EBADE, "no /dev/pipe");
}

Test(oci_devices, of_the_config_have_mode_and_owner)
{
	const struct bundle_test test = { .setup = extra_device, .inside = look_at_extra_device };
	struct error err = { 0 };

	if (geteuid() != 0)
		cr_skip_test("making device nodes needs root");
	cr_assert(bundle_run(&test, &err) == 0, "%s: %s (%s)", err.step, err.msg, err.remedy);
}

/* A device of the host that isn't the one that was asked for. */
static int wrong_device(struct bundle *b, struct error *err)
{
	(void)err;
	b->devices[0] = (struct oci_device){ .path = "/dev/full", .type = 'c', .major = 1, .minor = 11 };
	b->oci.n_devices = 1;
	b->userns = true;
	return dev_tmpfs(b);
}

BUNDLED(oci_devices, of_the_host_must_be_what_was_asked_for, .setup = wrong_device, .failure = EBADE,
	.message = "the host's /dev/full is not the device")

static int readonly_dev(struct bundle *b, struct error *err)
{
	int r = dev(b, err);

	b->mounts[0].flags.attr_set |= MOUNT_ATTR_RDONLY;
	return r;
}

static int dev_is_full_and_closed(struct bundle *b, struct error *err)
{
	int r = all_devices(b, err);

	return r == 0 ? bundle_expect("/dev/new", O_CREAT | O_WRONLY, EROFS, err) : r;
}

BUNDLED(oci_devices, are_made_before_dev_becomes_read_only, .setup = readonly_dev,
	.inside = dev_is_full_and_closed)

static int bound_dev(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_file(b, "host/dev/mine", "mine");
	bundle_bind(b, "/dev", "dev");
	return 0;
}

static int only_mine(struct bundle *b, struct error *err)
{
	int r = bundle_expect_text("/dev/mine", "mine", err);

	(void)b;
	return r == 0 ? bundle_expect("/dev/null", O_PATH, ENOENT, err) : r;
}

BUNDLED(oci_devices, are_left_alone_in_a_dev_of_the_host, .setup = bound_dev, .inside = only_mine)
