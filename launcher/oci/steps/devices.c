/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nodes that every container has, those of linux.devices, and the usual links in /dev. Root of the host
 * makes nodes; in a user namespace, or where a device filter forbids it, copies of the host's nodes are
 * mounted, checked to be the devices that they are taken for. A config that binds a /dev of its own has
 * filled it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/filesystem.h"
#include "launcher/oci/steps/mount_parts.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"
#include "profiles/spec.h"

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2, DIRECTORY_MODE = 0755, DEFAULT_MODE = 0666 };

/* runtime-spec config-linux.md, "Default Devices". */
static const struct oci_device defaults[] = {
	{ .path = "/dev/null", .type = 'c', .major = 1, .minor = 3 },
	{ .path = "/dev/zero", .type = 'c', .major = 1, .minor = 5 },
	{ .path = "/dev/full", .type = 'c', .major = 1, .minor = 7 },
	{ .path = "/dev/random", .type = 'c', .major = 1, .minor = 8 },
	{ .path = "/dev/urandom", .type = 'c', .major = 1, .minor = 9 },
	{ .path = "/dev/tty", .type = 'c', .major = 5, .minor = 0 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

static int devices_wanted(const struct spec *spec)
{
	char path[PATH_MAX];

	if (!spec->oci->namespaces[OCI_NS_MOUNT].given)
		return 0;
	for (size_t i = 0; i < spec->oci->n_mounts; i++) {
		const struct oci_mount *mount = &spec->oci->mounts[i];

		if (mount->flags.bind && path_normalise(mount->destination, path, sizeof(path)) == 0 &&
		    str_equal(path, "/dev"))
			return 0;
	}
	return 1;
}

static mode_t node_type(const struct oci_device *device)
{
	return device->type == 'b' ? S_IFBLK : device->type == 'p' ? S_IFIFO : S_IFCHR;
}

static bool is_device(const struct stat *st, const struct oci_device *device)
{
	mode_t type = node_type(device);

	return (st->st_mode & S_IFMT) == type &&
	       (type == S_IFIFO || st->st_rdev == makedev(device->major, device->minor));
}

static int make_node(int dir, const char *name, const struct oci_device *device)
{
	mode_t mode = device->mode_given ? device->mode & 07777 : DEFAULT_MODE;

	if (mknodat(dir, name, node_type(device) | mode, makedev(device->major, device->minor)) < 0)
		return -errno;
	if ((device->uid != 0 || device->gid != 0) &&
	    fchownat(dir, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int bind_node(int dir, const char *name, const struct oci_device *device, struct error *err)
{
	const struct mounts_change change = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	_cleanup_fd_ int tree = mounts_copy(AT_FDCWD, device->path, false), target = -1, made = -1;
	struct stat st;
	int r;

	if (tree < 0) {
		error_set(err, -tree, "open the host's %s", device->path);
		return error_remedy(err, "a device node can't be made here, so the host's own is needed");
	}
	if (fstat(tree, &st) < 0 || !is_device(&st, device))
		return error_set(err, EBADE, "the host's %s is not the device %c %u:%u", device->path,
				 device->type, device->major, device->minor);
	made = openat(dir, name, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (made < 0 && errno != EEXIST)
		return error_set(err, errno, "create %s", device->path);
	target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, target < 0 ? errno : EEXIST, "place the device %s", device->path);
	r = mounts_alter(tree, false, &change);
	if (r == 0)
		r = mounts_attach(tree, target);
	return r < 0 ? error_set(err, -r, "place the device %s", device->path) : 0;
}

/* What the image has there is accepted if it is the device, covered if it is a file, and refused otherwise.
 */
static int accept_node(int dir, const char *name, const struct oci_device *device, struct error *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "look at %s", device->path);
	if (is_device(&st, device))
		return 0;
	if (S_ISREG(st.st_mode))
		return bind_node(dir, name, device, err);
	error_set(err, EEXIST, "create the device %s", device->path);
	return error_remedy(err, "the image has something else of that name there");
}

/* @may_make: cleared when the kernel has refused once. */
static int place_node(int dir, const char *name, const struct oci_device *device, bool *may_make,
		      struct error *err)
{
	int r = *may_make || device->type == 'p'                       ? make_node(dir, name, device)
		: faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? -EEXIST
								       : -EPERM;

	if (r == -EEXIST)
		return accept_node(dir, name, device, err);
	if (r == -EPERM && device->type != 'p') {
		*may_make = false;
		return bind_node(dir, name, device, err);
	}
	return r < 0 ? error_set(err, -r, "create the device %s", device->path) : 0;
}

static int add_device(const struct run *run, int dev, const struct oci_device *device, bool *may_make,
		      struct error *err)
{
	char path[PATH_MAX], *slash;
	_cleanup_fd_ int dir = -1;

	if (path_normalise(device->path, path, sizeof(path)) < 0 || path[1] == '\0')
		return error_set(err, EINVAL, "create the device %s", device->path);
	if (str_equal(path, "/dev/ptmx"))
		return 0; /* it is the container's own */
	slash = strrchr(path, '/');
	*slash = '\0';
	if (str_equal(path, "/dev"))
		return place_node(dev, slash + 1, device, may_make, err);
	dir = path_make_in_root(run->oci->root_fd, path[0] ? path : "/", DIRECTORY_MODE);
	if (dir < 0)
		return error_set(err, -dir, "open the directory of the device %s", device->path);
	return place_node(dir, slash + 1, device, may_make, err);
}

static bool is_given(const struct oci *oci, const char *path)
{
	for (size_t i = 0; i < oci->n_devices; i++)
		if (str_equal(oci->devices[i].path, path))
			return true;
	return false;
}

/* A terminal is opened through the container's own devpts, never the host's. */
static int link_ptmx(int dev, struct error *err)
{
	char text[16];
	ssize_t length = readlinkat(dev, "ptmx", text, sizeof(text));
	struct stat st;

	if (length == (ssize_t)strlen("pts/ptmx") && memcmp(text, "pts/ptmx", (size_t)length) == 0)
		return 0;
	if (unlinkat(dev, "ptmx", 0) < 0 && errno != ENOENT) {
		/* The device itself, in an image that can't be written, finds the devpts beside it, too. */
		if (fstatat(dev, "ptmx", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
		    st.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR))
			return 0;
		return error_set(err, errno, "replace /dev/ptmx");
	}
	return symlinkat("pts/ptmx", dev, "ptmx") < 0 ? error_set(err, errno, "create /dev/ptmx") : 0;
}

static int add_links(const struct run *run, int dev, struct error *err)
{
	_cleanup_fd_ int kcore = path_open_in_root(run->oci->root_fd, "/proc/kcore", O_PATH);

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
			return error_set(err, errno, "create /dev/%s", links[i].name);
	if (kcore >= 0 && symlinkat("/proc/kcore", dev, "core") < 0 && errno != EEXIST)
		return error_set(err, errno, "create /dev/core");
	return link_ptmx(dev, err);
}

/* A /dev that is a link would have nodes made, and removed, where it leads (CVE-2026-41579). */
static int open_dev(const struct run *run, struct error *err)
{
	_cleanup_fd_ int made = -1;
	int dev = path_open_plain(run->oci->root_fd, "/dev", O_PATH | O_DIRECTORY);

	if (dev == -ENOENT) {
		made = path_make_in_root(run->oci->root_fd, "/dev", DIRECTORY_MODE);
		dev = path_open_plain(run->oci->root_fd, "/dev", O_PATH | O_DIRECTORY);
	}
	if (dev < 0) {
		error_set(err, -dev, "open /dev in the root file system");
		return error_remedy(err, "it must be an ordinary directory, not a link of the image");
	}
	return dev;
}

static int devices_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	_cleanup_fd_ int dev = open_dev(run, err);
	bool may_make = true;
	mode_t before;
	int r = 0;

	(void)step;
	if (dev < 0)
		return take_fd(&dev);
	before = umask(0); /* modes are meant as they are written */
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(defaults); i++)
		if (!is_given(oci, defaults[i].path))
			r = add_device(run, dev, &defaults[i], &may_make, err);
	for (size_t i = 0; r == 0 && i < oci->n_devices; i++)
		r = add_device(run, dev, &oci->devices[i], &may_make, err);
	if (r == 0)
		r = add_links(run, dev, err);
	umask(before);
	return r < 0 ? r : STEP_DONE;
}

static int verify_device(int root, const struct oci_device *device, struct error *err)
{
	_cleanup_fd_ int fd = path_open_in_root(root, device->path, O_PATH);
	struct stat st;

	if (str_equal(device->path, "/dev/ptmx"))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0 || !is_device(&st, device))
		return error_set(err, EBADE, "%s is not the device %c %u:%u", device->path, device->type,
				 device->major, device->minor);
	return 0;
}

static int devices_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	const struct oci *oci = run->oci->oci;
	_cleanup_fd_ int root = -1;
	char path[64];
	int r = 0;

	(void)step;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)evidence->payload_pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 && (errno == EACCES || errno == EPERM)) {
		/* The process hides itself, and a caller without rights may not look. */
		snprintf(report, STEP_REPORT_MAX, "made by init, only root can look");
		return STEP_DONE;
	}
	if (root < 0)
		return error_set(err, errno, "open %s", path);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(defaults); i++)
		if (!is_given(oci, defaults[i].path))
			r = verify_device(root, &defaults[i], err);
	for (size_t i = 0; r == 0 && i < oci->n_devices; i++)
		r = verify_device(root, &oci->devices[i], err);
	snprintf(report, STEP_REPORT_MAX, "%zu devices beside the default ones", oci->n_devices);
	return r < 0 ? r : STEP_DONE;
}

static void devices_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs("null zero full random urandom tty", out);
	for (size_t i = 0; i < spec->oci->n_devices; i++)
		fprintf(out, " %s", spec->oci->devices[i].path);
}

const struct step_type oci_step_devices = {
	.name = "devices",
	.blocks = "taking a file of the image for a device",
	.source = "runtime-spec config-linux.md, devices; mknod(2), null(4), pts(4)",
	.phase = PHASE_MOUNT,
	.apply = devices_apply,
	.verify = devices_verify,
	.explain = devices_explain,
	.wanted = devices_wanted,
};
