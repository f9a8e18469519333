/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New file systems of an OCI config: their options, and what stands in where the kernel refuses a new one. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "tests/kernel/bundle.h"

enum { HARDENED = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static struct oci_mount *tmpfs(struct bundle *b, const char *destination, const char *data)
{
	struct oci_mount *mount = bundle_mount(b, destination, "tmpfs", "tmpfs");

	mount->flags.data = data;
	return mount;
}

static int mode_is(const char *path, mode_t mode, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set(err, errno, "look at %s", path);
	return (st.st_mode & 07777) == mode
		       ? 0
		       : error_set(err, EBADE, "%s has the mode %04o", path, st.st_mode & 07777);
}

static int tmpfs_modes(struct bundle *b, struct error *err)
{
	bundle_dir(b, "root/covered");
	bundle_dir(b, "root/explicit");
	if (fchmodat(b->dir_fd, "root/covered", 0710, 0) < 0)
		return error_set(err, errno, "chmod");
	tmpfs(b, "/covered", "");
	tmpfs(b, "/explicit", "size=64k,mode=1750");
	tmpfs(b, "/new", "");
	return 0;
}

static int look_at_modes(struct bundle *b, struct error *err)
{
	struct statvfs fs;
	int r = mode_is("/covered", 0710, err);

	(void)b;
	if (r == 0)
		r = mode_is("/explicit", 01750, err);
	if (r == 0)
		r = mode_is("/new", 01777, err);
	if (r == 0 && (statvfs("/explicit", &fs) < 0 || fs.f_blocks * fs.f_frsize != 65536))
		r = error_set(err, EBADE, "/explicit is not 64k");
	return r;
}

BUNDLED(oci_tmpfs, takes_the_mode_of_what_it_covers_unless_told, .setup = tmpfs_modes,
	.inside = look_at_modes)

static int tmpfs_readonly(struct bundle *b, struct error *err)
{
	(void)err;
	tmpfs(b, "/ro", "")->flags.attr_set = MOUNT_ATTR_RDONLY | HARDENED;
	tmpfs(b, "/ro/below", "");
	return 0;
}

static int write_below_only(struct bundle *b, struct error *err)
{
	int r = bundle_expect("/ro/x", O_CREAT | O_WRONLY, EROFS, err);

	(void)b;
	return r == 0 ? bundle_expect("/ro/below/x", O_CREAT | O_WRONLY, 0, err) : r;
}

BUNDLED(oci_tmpfs, that_is_read_only_has_its_mount_points, .setup = tmpfs_readonly,
	.inside = write_below_only)

static int bad_option(struct bundle *b, struct error *err)
{
	(void)err;
	tmpfs(b, "/data", "size=much");
	return 0;
}

static int bad_type(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_mount(b, "/data", "nofs", "x");
	return 0;
}

static int no_type(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_mount(b, "/data", NULL, "x");
	return 0;
}

BUNDLED(oci_file_system, tells_what_the_kernel_says_of_an_option, .setup = bad_option, .failure = EINVAL,
	.message = "Bad value for 'size'")
BUNDLED(oci_file_system, of_an_unknown_type_is_refused, .setup = bad_type, .failure = ENODEV,
	.message = "no file system of that type")
BUNDLED(oci_file_system, without_a_type_is_refused, .setup = no_type, .failure = EINVAL, .message = "type")

/* --- tmpcopyup --- */

static int copy_up(struct bundle *b, struct error *err)
{
	bundle_file(b, "host/outside", "of the host");
	bundle_file(b, "root/data/file", "copied");
	bundle_file(b, "root/data/deep/down/file", "deep");
	bundle_link(b, "root/data/link", "../../../../tmp/host/outside");
	if (fchmodat(b->dir_fd, "root/data/file", 04751, 0) < 0 ||
	    fchmodat(b->dir_fd, "root/data/deep", 0500, 0) < 0 ||
	    mkfifoat(b->dir_fd, "root/data/fifo", 0640) < 0)
		return error_set(err, errno, "fill the image");
	if (bundle_is_root() && fchownat(b->dir_fd, "root/data/deep/down/file", 12, 34, 0) < 0)
		return error_set(err, errno, "fill the image");
	tmpfs(b, "/data", "")->flags.tmpcopyup = true;
	return 0;
}

static int look_at_copies(struct bundle *b, struct error *err)
{
	struct stat st;
	char text[64] = "";
	int r = bundle_expect_text("/data/file", "copied", err);

	(void)b;
	if (r == 0)
		r = bundle_expect_text("/data/deep/down/file", "deep", err);
	if (r == 0)
		r = mode_is("/data/file", 04751, err);
	if (r == 0)
		r = mode_is("/data/deep", 0500, err);
	if (r < 0)
		return r;
	if (readlink("/data/link", text, sizeof(text) - 1) < 0 ||
	    strcmp(text, "../../../../tmp/host/outside") != 0)
		return error_set(err, EBADE, "the link became \"%s\"", text);
	if (lstat("/data/fifo", &st) < 0 || !S_ISFIFO(st.st_mode))
		return error_set(err, EBADE, "the fifo was not copied");
	if (bundle_is_root() && (stat("/data/deep/down/file", &st) < 0 || st.st_uid != 12 || st.st_gid != 34))
		return error_set(err, EBADE, "the owner was not copied");
	return bundle_expect("/data/new", O_CREAT | O_WRONLY, 0, err);
}

static int image_is_unchanged(struct bundle *b, struct error *err)
{
	return faccessat(b->dir_fd, "root/data/new", F_OK, 0) == 0
		       ? error_set(err, EBADE, "the image was written to")
		       : 0;
}

static int copy_up_too_much(struct bundle *b, struct error *err)
{
	_cleanup_fd_ int fd = -1;

	bundle_dir(b, "root/data");
	fd = openat(b->dir_fd, "root/data/big", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, 1 << 20) < 0)
		return error_set(err, errno, "fill the image");
	tmpfs(b, "/data", "size=64k")->flags.tmpcopyup = true;
	return 0;
}

static int not_copied(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_file(b, "root/data/file", "covered");
	tmpfs(b, "/data", "");
	return 0;
}

static int is_empty(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect("/data/file", O_RDONLY, ENOENT, err);
}

BUNDLED(oci_tmpcopyup, has_what_the_image_has_there, .setup = copy_up, .inside = look_at_copies,
	.after = image_is_unchanged)
BUNDLED(oci_tmpcopyup, that_does_not_fit_is_refused, .setup = copy_up_too_much, .failure = ENOSPC,
	.message = "too small")
BUNDLED(oci_tmpcopyup, is_missing_and_the_tmpfs_is_empty, .setup = not_copied, .inside = is_empty)

/* --- file systems of the kernel --- */

static int kernel_mounts(struct bundle *b)
{
	bundle_mount(b, "/proc", "proc", "proc")->flags.attr_set = HARDENED;
	bundle_mount(b, "/sys", "sysfs", "sysfs")->flags.attr_set = HARDENED | MOUNT_ATTR_RDONLY;
	bundle_mount(b, "/sys/fs/cgroup", "cgroup", "cgroup")->flags.attr_set = HARDENED | MOUNT_ATTR_RDONLY;
	tmpfs(b, "/dev", "mode=755,size=65536k")->flags.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME;
	bundle_mount(b, "/dev/pts", "devpts", "devpts")->flags.data = "newinstance,ptmxmode=0666,mode=0620";
	bundle_mount(b, "/dev/mqueue", "mqueue", "mqueue")->flags.attr_set = HARDENED;
	return 0;
}

static int all_new(struct bundle *b, struct error *err)
{
	(void)err;
	return kernel_mounts(b);
}

static int all_new_in_userns(struct bundle *b, struct error *err)
{
	(void)err;
	b->userns = true;
	return kernel_mounts(b);
}

static int type_is(const char *path, unsigned int type, struct error *err)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return error_set(err, errno, "look at %s", path);
	return (unsigned int)fs.f_type == type
		       ? 0
		       : error_set(err, EBADE, "%s has the type %lx", path, (unsigned long)fs.f_type);
}

static int is_readonly(const char *path, struct error *err)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 && (fs.f_flag & ST_RDONLY)
		       ? 0
		       : error_set(err, EBADE, "%s is not read-only", path);
}

/* Processes that /proc shows. */
static int processes(void)
{
	DIR *dir = opendir("/proc");
	int n = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		n += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	if (dir)
		closedir(dir);
	return n;
}

static int look_at_kernel_mounts(struct bundle *b, struct error *err)
{
	int r = processes() == 1 ? 0 : error_set(err, EBADE, "/proc shows %d processes", processes());

	(void)b;
	if (r == 0)
		r = type_is("/sys", SYSFS_MAGIC, err);
	if (r == 0)
		r = bundle_expect("/sys/kernel/uevent_helper_x", O_CREAT | O_WRONLY, EROFS, err);
	if (r == 0)
		r = type_is("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC, err);
	if (r == 0)
		r = is_readonly("/sys/fs/cgroup", err);
	if (r == 0)
		r = type_is("/dev/mqueue", 0x19800202, err);
	if (r == 0)
		r = bundle_expect("/dev/ptmx", O_RDWR, 0, err);
	return r;
}

BUNDLED(oci_kernel_file_system, is_the_container_s_own, .setup = all_new, .inside = look_at_kernel_mounts)
BUNDLED(oci_kernel_file_system, is_its_own_in_a_user_namespace, .setup = all_new_in_userns,
	.inside = look_at_kernel_mounts)

static int host_network(struct bundle *b, struct error *err)
{
	(void)err;
	b->userns = b->no_netns = true;
	bundle_mount(b, "/sys", "sysfs", "sysfs")->flags.attr_set = HARDENED | MOUNT_ATTR_RDONLY;
	return 0;
}

/* Read-only down to the last mount: a fallback that is writable below is the old mistake of others. */
static int sys_is_readonly(struct bundle *b, struct error *err)
{
	int r = type_is("/sys", SYSFS_MAGIC, err);

	(void)b;
	if (r == 0)
		r = bundle_expect("/sys/x", O_CREAT | O_WRONLY, EROFS, err);
	return r == 0 ? bundle_expect("/sys/fs/cgroup/x", O_CREAT | O_WRONLY, EROFS, err) : r;
}

static int host_processes(struct bundle *b, struct error *err)
{
	(void)err;
	b->userns = b->no_pidns = true;
	bundle_mount(b, "/proc", "proc", "proc")->flags.attr_set = HARDENED;
	return 0;
}

static int proc_is_host_s(struct bundle *b, struct error *err)
{
	(void)b;
	return processes() > 1 ? 0 : error_set(err, EBADE, "/proc shows %d processes", processes());
}

BUNDLED(oci_kernel_file_system, sysfs_of_the_host_s_network_is_read_only_below_too, .setup = host_network,
	.inside = sys_is_readonly)
BUNDLED(oci_kernel_file_system, proc_of_the_host_s_processes_is_a_copy, .setup = host_processes,
	.inside = proc_is_host_s)

/* The group tty of a user namespace that lacks it. */
static int unmapped_tty(struct bundle *b, struct error *err)
{
	(void)err;
	b->userns = true;
	tmpfs(b, "/dev", "mode=755");
	bundle_mount(b, "/dev/pts", "devpts", "devpts")->flags.data =
		"newinstance,ptmxmode=0666,mode=0620,gid=70000";
	return 0;
}

static int open_terminal(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect("/dev/pts/ptmx", O_RDWR, 0, err);
}

BUNDLED(oci_devpts, goes_without_a_group_that_is_not_mapped, .setup = unmapped_tty, .inside = open_terminal)

/* Without a cgroup namespace of its own, and without a group, there is nothing to show. */
static int no_group(struct bundle *b, struct error *err)
{
	(void)err;
	b->no_cgroupns = true;
	bundle_mount(b, "/sys/fs/cgroup", "cgroup", "cgroup")->flags.attr_set = HARDENED;
	return 0;
}

static int shows_no_group(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect("/sys/fs/cgroup/cgroup.procs", O_RDONLY, ENOENT, err);
}

BUNDLED(oci_cgroup, of_the_host_is_never_shown, .setup = no_group, .inside = shows_no_group)

/* It was joined, and is the host's all the same. */
static int host_group_joined(struct bundle *b, struct error *err)
{
	b->oci.namespaces[OCI_NS_CGROUP].path = "/proc/1/ns/cgroup";
	return no_group(b, err);
}

Test(oci_cgroup, of_the_host_is_not_shown_by_its_namespace)
{
	const struct bundle_test test = { .setup = host_group_joined, .inside = shows_no_group };
	struct error err = { 0 };
	struct stat st;

	cr_assert(stat("/proc/self/ns/cgroup", &st) == 0);
	if (st.st_ino != 0xEFFFFFFB)
		cr_skip_test("the tests run in a cgroup namespace of their own");
	cr_assert(bundle_run(&test, &err) == 0, "%s: %s (%s)", err.step, err.msg, err.remedy);
}

/* --- options longer than fsconfig takes --- */

static int long_overlay(struct bundle *b, struct error *err)
{
	static char data[1024];
	size_t used = 0;
	struct oci_mount *overlay;

	(void)err;
	used += (size_t)snprintf(data, sizeof(data), "lowerdir=");
	for (int i = 0; i < 12; i++) {
		char name[64];

		snprintf(name, sizeof(name), "host/a-layer-with-a-rather-long-name-%d/file-%d", i, i);
		bundle_file(b, name, "layer");
		used += (size_t)snprintf(data + used, sizeof(data) - used,
					 "%s%s/host/a-layer-with-a-rather-long-name-%d", i ? ":" : "", b->dir,
					 i);
	}
	overlay = bundle_mount(b, "/merged", "overlay", "overlay");
	overlay->flags.data = data;
	overlay->flags.attr_set = HARDENED;
	return used > 256 ? 0 : -EBADE;
}

static int look_at_overlay(struct bundle *b, struct error *err)
{
	int r = bundle_expect_text("/merged/file-0", "layer", err);

	(void)b;
	return r == 0 ? bundle_expect_text("/merged/file-11", "layer", err) : r;
}

BUNDLED(oci_overlay, takes_more_layers_than_fsconfig, .setup = long_overlay, .inside = look_at_overlay)

static int short_overlay(struct bundle *b, struct error *err)
{
	static char data[256];

	(void)err;
	bundle_file(b, "host/one/file-0", "layer");
	bundle_file(b, "host/two/file-11", "layer");
	snprintf(data, sizeof(data), "lowerdir=%s/host/one:%s/host/two", b->dir, b->dir);
	bundle_mount(b, "/merged", "overlay", "overlay")->flags.data = data;
	return 0;
}

BUNDLED(oci_overlay, takes_few_layers_as_well, .setup = short_overlay, .inside = look_at_overlay)
