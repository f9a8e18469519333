/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The old root goes. pivot_root where the mount namespace is our own; with --no-pivot (a root on an initramfs
 * can't be turned around) the new root is moved over the old one; without a new mount namespace only chroot
 * is left, since the mounts belong to others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/filesystem.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"
#include "profiles/spec.h"

static bool own_namespace(const struct oci *oci)
{
	return oci->namespaces[OCI_NS_MOUNT].given && !oci->namespaces[OCI_NS_MOUNT].path;
}

static int turn_around(struct run *run, struct error *err)
{
	const struct mounts_change slave = { .propagation = MS_SLAVE };
	_cleanup_fd_ int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old < 0 || fchdir(run->oci->root_fd) < 0)
		return error_set(err, errno, "enter the new root");
	/* With "." twice the old root is stacked on the new one: no directory for it is needed in the image.
	 */
	if (sys_pivot_root(".", ".") < 0) {
		error_set(err, errno, "turn old and new root around");
		if (err->code == EINVAL)
			return error_remedy(
				err, "the host's root is an initramfs, or itself a chroot: use --no-pivot");
		return -err->code;
	}
	/* Or the peers of a shared mount, the host's, would be detached with it. */
	r = mounts_alter(old, true, &slave);
	if (r < 0)
		return error_set(err, -r, "separate the old root from the host");
	if (umount2(".", MNT_DETACH) < 0)
		return error_set(err, errno, "detach the old root");
	return 0;
}

/*
 * The old tree stays below and the kernel still sees its complete procfs and sysfs, by which a user namespace
 * inside could mount its own, unmasked: they are detached, or covered where they are locked.
 */
static int hide_kernel_mounts(struct error *err)
{
	static const char *const paths[] = { "/proc", "/sys" };
	const struct mounts_change slave = { .propagation = MS_SLAVE };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_fd_ int fd = open(paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC), cover = -1;

		/* Not a mount point: nothing to hide. */
		if (fd < 0 || mounts_alter(fd, true, &slave) < 0)
			continue;
		if (umount2(paths[i], MNT_DETACH) == 0)
			continue;
		cover = mounts_new("tmpfs", NULL, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
		if (cover < 0 || mounts_attach(cover, fd) < 0)
			return error_set(err, errno, "cover the host's %s", paths[i]);
	}
	return 0;
}

static int move_over(struct run *run, struct error *err)
{
	const struct mounts_change slave = { .propagation = MS_SLAVE };
	_cleanup_fd_ int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (slash < 0)
		return error_set(err, errno, "open the old root");
	r = mounts_alter(slash, false, &slave);
	if (r < 0)
		return error_set(err, -r, "separate the old root from the host");
	r = hide_kernel_mounts(err);
	if (r < 0)
		return r;
	r = mounts_attach(run->oci->root_fd, slash);
	if (r < 0)
		return error_set(err, -r, "move the new root over the old one");
	if (fchdir(run->oci->root_fd) < 0 || chroot(".") < 0)
		return error_set(err, errno, "enter the new root");
	return 0;
}

static int apply_propagation(const struct oci *oci, int root_fd, struct error *err)
{
	const uint64_t kind = oci->rootfs_propagation;
	const struct mounts_change change = { .propagation = kind & ~(uint64_t)MS_REC };
	int r;

	if (kind == 0 || !own_namespace(oci))
		return 0;
	/* "rprivate" is about the root's mounts; a volume that is slave or shared has said so itself. */
	r = mounts_alter(root_fd, (kind & MS_REC) && !(kind & MS_PRIVATE), &change);
	return r < 0 ? error_set(err, -r, "set linux.rootfsPropagation") : 0;
}

static int pivot_root_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	int r = 0;

	(void)step;
	if (!own_namespace(oci)) {
		if (fchdir(run->oci->root_fd) < 0 || chroot(".") < 0)
			return error_set(err, errno, "change the root directory");
	} else {
		r = run->oci->no_pivot ? move_over(run, err) : turn_around(run, err);
	}
	if (r == 0)
		r = apply_propagation(oci, run->oci->root_fd, err);
	if (r == 0 && chdir("/") < 0)
		r = error_set(err, errno, "enter the new root");
	return r < 0 ? r : STEP_DONE;
}

/* Return: whether the process stands in the root file system; also when only root could tell. */
static bool stands_in_root(const struct run *run, const struct evidence *evidence)
{
	_cleanup_fd_ int root = open(run->oci->oci->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC), there = -1;
	struct stat wanted, is;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)evidence->payload_pid);
	there = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (there <
	    0) /* the process hides itself; in the old root the new one would be listed by its name there */
		return (errno == EACCES || errno == EPERM) &&
		       !evidence_mount(evidence, run->oci->oci->rootfs);
	return fstat(root, &wanted) == 0 && fstat(there, &is) == 0 && wanted.st_dev == is.st_dev &&
	       wanted.st_ino == is.st_ino;
}

static int pivot_root_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			     char report[STEP_REPORT_MAX], struct error *err)
{
	size_t roots = 0;

	(void)step;
	for (size_t i = 0; i < evidence->n_mounts; i++)
		roots += str_equal(evidence->mounts[i].target, "/");
	if (!stands_in_root(run, evidence))
		return error_set(err, EBADE, "the process's root is not %s", run->oci->oci->rootfs);
	if (!own_namespace(run->oci->oci) || run->oci->no_pivot) {
		snprintf(report, STEP_REPORT_MAX, "chroot; %zu mounts in all", evidence->n_mounts);
		return STEP_DONE;
	}
	if (roots != 1)
		return error_set(err, EBADE, "%zu mounts stand at /", roots);
	snprintf(report, STEP_REPORT_MAX, "%zu mounts in all, 1 at /", evidence->n_mounts);
	return STEP_DONE;
}

static void pivot_root_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(own_namespace(spec->oci) ? "the host's mounts are detached" : "chroot only: no mount namespace",
	      out);
}

const struct step_type oci_step_pivot_root = {
	.name = "pivot-root",
	.blocks = "walking out of the root file system, as one can out of a chroot",
	.source = "pivot_root(2), chroot(2)",
	.phase = PHASE_MOUNT,
	.apply = pivot_root_apply,
	.verify = pivot_root_verify,
	.explain = pivot_root_explain,
};
