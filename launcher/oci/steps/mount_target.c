/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a mount goes. The image and earlier mounts decide what stands at a name, so it is resolved inside
 * the root only, once, and what comes out is judged by what it is and not by its name.
 */
#include "launcher/oci/steps/mount_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launcher/oci/run.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"

enum { DIRECTORY_MODE = 0755 };

/* Single files that lxcfs and its kin replace; all else below /proc would blind or fool whoever trusts it. */
static const char *const replaceable[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static bool is_replaceable(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(replaceable); i++)
		if (str_equal(path, replaceable[i]))
			return true;
	return false;
}

static bool on_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Whether it is the root directory of the root's own mount; only a mount's root can be. */
static bool is_root(const struct statx *place, int root_fd)
{
	struct statx root;

	return (place->stx_attributes & STATX_ATTR_MOUNT_ROOT) &&
	       statx(root_fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &root) == 0 &&
	       place->stx_mnt_id == root.stx_mnt_id && place->stx_ino == root.stx_ino;
}

/*
 * Labels are set and settings are written through what is believed to be procfs: a tmpfs or an image's volume
 * in its place would swallow them (CVE-2019-16884, CVE-2019-19921).
 */
static int check_proc(const struct oci_mount *mount, const char *path, int tree_fd, int target_fd,
		      struct error *err)
{
	if (str_equal(path, "/proc")) {
		bool procfs =
			tree_fd >= 0 ? on_procfs(tree_fd) : mount->type && str_equal(mount->type, "proc");

		if (procfs)
			return 0;
		return error_set(err, EPERM, "mount %s on /proc: only procfs may be mounted there",
				 mount->source ? mount->source : mount->type);
	}
	if (is_replaceable(path) || (!str_starts(path, "/proc/") && !on_procfs(target_fd)))
		return 0;
	error_set(err, EPERM, "mount on %s: cannot be mounted because it is inside /proc",
		  mount->destination);
	return error_remedy(err, "only /proc/cpuinfo and its like can be replaced, one by one");
}

/* proc and sysfs, and what stands at their names, go to real directories only: never through a link. */
static bool must_be_plain(const struct oci_mount *mount, const char *path)
{
	if (!mount->flags.bind && mount->type &&
	    (str_equal(mount->type, "proc") || str_equal(mount->type, "sysfs")))
		return true;
	return str_equal(path, "/proc") || str_equal(path, "/sys") || str_starts(path, "/proc/");
}

static int open_plain(int root_fd, const char *path, struct error *err)
{
	int fd = path_open_plain(root_fd, path, O_PATH);

	if (fd == -ENOENT) {
		/* No link was on the way, or it had been ELOOP. */
		_cleanup_fd_ int made = path_make_in_root(root_fd, path, DIRECTORY_MODE);

		fd = made < 0 ? made : path_open_plain(root_fd, path, O_PATH);
	}
	if (fd == -ELOOP) {
		error_set(err, ELOOP, "open %s in the root file system", path);
		return error_remedy(err,
				    "it must be mounted on ordinary directory, not on a link of the image");
	}
	return fd < 0 ? error_set(err, -fd, "open the mount point %s", path) : fd;
}

static int make_any(int root_fd, const struct oci_mount *mount, bool directory, struct error *err)
{
	int fd = directory ? path_make_in_root(root_fd, mount->destination, DIRECTORY_MODE)
			   : path_make_file_in_root(root_fd, mount->destination, DIRECTORY_MODE);

	if (fd >= 0)
		return fd;
	if (fd == -ENOTDIR)
		return error_set(err, ENOTDIR, "make the mount point %s: a part of it is not a directory",
				 mount->destination);
	error_set(err, -fd, "make the mount point %s", mount->destination);
	if (fd == -EROFS)
		return error_remedy(err, "it is missing, and what it would be made in is read-only");
	return fd;
}

static int open_any(int root_fd, const struct oci_mount *mount, bool directory, bool *ret_made,
		    struct error *err)
{
	int fd = path_open_in_root(root_fd, mount->destination, O_PATH);

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT || mount->flags.remount)
		return error_set(err, -fd, "open the mount point %s", mount->destination);
	*ret_made = true;
	return make_any(root_fd, mount, directory, err);
}

/*
 * Where we make nodes and links ourselves must not be reached by another name: an image's link "/x -> /dev"
 * would turn a volume for /x into the container's /dev, and fill the host's directory.
 */
static int check_dev(int root_fd, const struct oci_mount *mount, const char *path, const struct statx *st,
		     struct error *err)
{
	_cleanup_fd_ int dev = str_equal(path, "/dev") ? -1 : path_open_plain(root_fd, "/dev", O_PATH);
	struct statx at_dev;

	if (dev < 0 || statx(dev, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &at_dev) < 0 ||
	    at_dev.stx_ino != st->stx_ino || at_dev.stx_mnt_id != st->stx_mnt_id)
		return 0;
	return error_set(err, EPERM, "mount on %s: a link of the image leads to /dev", mount->destination);
}

int mount_target_open(const struct run *run, const struct oci_mount *mount, int tree_fd, bool directory,
		      int *ret_mode, struct error *err)
{
	int root_fd = run->oci->root_fd, r;
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];
	bool made = false;
	struct statx st;

	if (path_normalise(mount->destination, path, sizeof(path)) < 0)
		return error_set(err, ENAMETOOLONG, "open the mount point %.64s…", mount->destination);
	fd = must_be_plain(mount, path) ? open_plain(root_fd, path, err)
					: open_any(root_fd, mount, directory, &made, err);
	if (fd < 0)
		return take_fd(&fd);
	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MODE | STATX_INO | STATX_MNT_ID, &st) < 0)
		return error_set(err, errno, "look at the mount point %s", mount->destination);
	*ret_mode = made ? -1 : st.stx_mode & 07777;
	if (mount->flags.remount)
		return take_fd(&fd);
	if (is_root(&st, root_fd)) {
		error_set(err, EINVAL, "mount on %s: it leads to the root itself", mount->destination);
		return error_remedy(err, "the root file system is what root.path says");
	}
	if (S_ISDIR(st.stx_mode) != directory)
		return error_set(err, ENOTDIR, "mount %s on %s: %s is not a directory",
				 mount->source ? mount->source : "", mount->destination,
				 directory ? "the mount point" : "the source");
	r = check_proc(mount, path, tree_fd, fd, err);
	if (r == 0)
		r = check_dev(root_fd, mount, path, &st, err);
	return r < 0 ? r : take_fd(&fd);
}
