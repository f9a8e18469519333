/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /dev: a read-only tmpfs of ours with five harmless nodes and what the profile opens. The
 * nodes are copies of the host's mounts, checked to be the devices they claim to be: the
 * image has no say in it (CVE-2025-31133 used a forged /dev/null).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/run.h"
#include "launcher/steps/dev.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

const struct dev_node dev_nodes[DEV_NODES] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 },
};

#define NOTIFY_NAME "notify" /* of DEV_NOTIFY */

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

/* A tree of ours that is not attached yet, or one node in it; the name is a single component. */
static int add_node(int dev_fd, int tree_fd, const char *path, struct error *err)
{
	const char *name = path + strlen("/dev/");
	_cleanup_fd_ int target =
		openat(dev_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (target < 0)
		return error_set(err, errno, "create %s", path);
	r = mounts_attach(tree_fd, target);
	return r < 0 ? error_set(err, -r, "attach %s", path) : 0;
}

static int clone_node(const char *path, const struct dev_node *expected, bool write, struct error *err)
{
	uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | (write ? 0 : MOUNT_ATTR_RDONLY);
	_cleanup_fd_ int fd = mounts_clone(path, false, flags);
	struct stat st;

	if (fd < 0)
		return error_set(err, -fd, "open the host's %s", path);
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at the host's %s", path);
	if (expected && (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(expected->major, expected->minor)))
		return error_set(err, EBADE, "the host's %s is not the device %u:%u", path, expected->major,
				 expected->minor);
	if (!expected && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_set(err, ENODEV, "the host's %s is not a device", path);
	return take_fd(&fd);
}

static int dev_prepare(const struct step *step, struct run *run, struct error *err)
{
	(void)run;
	if (step->spec->n_devices + DEV_NODES > RUN_DEVICES_MAX)
		return error_set(err, E2BIG, "more than %d devices", RUN_DEVICES_MAX - DEV_NODES);
	return 0;
}

static int add_nodes(const struct spec *spec, int dev_fd, struct error *err)
{
	for (size_t i = 0; i < DEV_NODES + spec->n_devices; i++) {
		const struct spec_device *extra = i < DEV_NODES ? NULL : &spec->devices[i - DEV_NODES];
		const char *path = extra ? extra->path : dev_nodes[i].path;
		_cleanup_fd_ int tree =
			clone_node(path, extra ? NULL : &dev_nodes[i], !extra || extra->write, err);
		int r = tree < 0 ? tree : add_node(dev_fd, tree, path, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dev_fd, links[i].name) < 0)
			return error_set(err, errno, "create /dev/%s", links[i].name);
	return 0;
}

/* Mount points below /dev must exist before it becomes read-only. */
static int add_mount_points(const struct spec *spec, int dev_fd, struct error *err)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const char *target = spec->mounts[i].target;

		if (str_starts(target, "/dev/") && mkdirat(dev_fd, target + strlen("/dev/"), 0755) < 0)
			return error_set(err, errno, "create %s", target);
	}
	return 0;
}

/*
 * The socket of sd_notify(3). The name is relative to our own tmpfs, through the working directory, which
 * pivot_root sets anew; nothing of the image is resolved. To write to it is all that connecting needs, also
 * once /dev is read-only.
 */
static int add_notify(struct run *run, int dev_fd, struct error *err)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NOTIFY_NAME };
	const int on = 1;

	if (!run->spec->notify)
		return 0;
	run->notify_sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (run->notify_sock < 0 ||
	    setsockopt(run->notify_sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return error_set(err, errno, "create the socket for notifications");
	if (fchdir(dev_fd) < 0 ||
	    bind(run->notify_sock, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(dev_fd, NOTIFY_NAME, 0600, 0) < 0)
		return error_set(err, errno, "create " DEV_NOTIFY);
	return 0;
}

static int dev_apply(const struct step *step, struct run *run, struct error *err)
{
	static const struct mounts_option options[] = {
		{ "size", "64k" },
		{ "nr_inodes", "64" },
		{ "mode", "0755" },
		{ NULL, NULL },
	};
	_cleanup_fd_ int dev = mounts_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	_cleanup_fd_ int target = -1;
	int r;

	if (dev < 0)
		return error_set(err, -dev, "create the container's /dev");
	target = path_open_plain(run->rootfs_fd, "dev", O_PATH | O_DIRECTORY);
	if (target < 0) {
		error_set(err, -target, "open /dev in the root file system");
		return error_remedy(err, "it must be a plain directory: mkdir %s/dev", step->spec->rootfs);
	}
	r = mounts_attach(dev, target);
	if (r < 0)
		return error_set(err, -r, "mount the container's /dev");
	r = add_nodes(step->spec, dev, err);
	if (r == 0)
		r = add_mount_points(step->spec, dev, err);
	if (r == 0)
		r = add_notify(run, dev, err);
	if (r < 0)
		return r;
	r = mounts_restrict(dev, false, MOUNT_ATTR_RDONLY);
	return r < 0 ? error_set(err, -r, "make /dev read-only") : STEP_DONE;
}

static int dev_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
		      char report[STEP_REPORT_MAX], struct error *err)
{
	const struct mount_row *row = evidence_mount(evidence, "/dev");
	size_t nodes = 0;

	(void)run;
	if (!row || !str_equal(row->fstype, "tmpfs") || !evidence_option(row->options, "ro") ||
	    !evidence_option(row->options, "noexec") || !evidence_option(row->options, "nosuid"))
		return error_set(err, EBADE, "/dev is mounted %s", row ? row->options : "nowhere");
	for (size_t i = 0; i < DEV_NODES + step->spec->n_devices; i++) {
		const char *path =
			i < DEV_NODES ? dev_nodes[i].path : step->spec->devices[i - DEV_NODES].path;

		row = evidence_mount(evidence, path);
		if (!row || !evidence_option(row->options, "nosuid") ||
		    !evidence_option(row->options, "noexec"))
			return error_set(err, EBADE, "%s is mounted %s", path,
					 row ? row->options : "nowhere");
		nodes++;
	}
	snprintf(report, STEP_REPORT_MAX, "tmpfs ro,nosuid,noexec with %zu nodes", nodes);
	return STEP_DONE;
}

static void dev_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs("null zero full random urandom", out);
	for (size_t i = 0; i < spec->n_devices; i++)
		fprintf(out, " %s", spec->devices[i].path + strlen("/dev/"));
	if (spec->notify)
		fputs(" notify", out);
}

const struct step_type step_dev = {
	.name = "dev",
	.blocks = "disks, kernel memory, terminals and other devices of the host",
	.source = "tmpfs(5), null(4), random(4)",
	.phase = PHASE_MOUNT,
	.prepare = dev_prepare,
	.apply = dev_apply,
	.verify = dev_verify,
	.explain = dev_explain,
};
