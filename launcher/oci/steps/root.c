/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root file system becomes a mount of its own, so that it can be the container's "/" and have its own
 * flags: a detached copy, attached over the directory itself, where createContainer hooks look for it.
 * "propagation" comes first: what is mounted from here on must not show on the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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
#include "launcher/oci/steps/mount_parts.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"
#include "profiles/spec.h"

static int new_namespace(const struct spec *spec)
{
	const struct oci_namespace *mount = &spec->oci->namespaces[OCI_NS_MOUNT];

	return mount->given && !mount->path;
}

/*
 * Shared is asked for where a volume's mounts are to appear on the host: then the namespace stays the host's
 * peer, and each mount that isn't to be shared leaves it by itself.
 */
static int propagation_apply(const struct step *step, struct run *run, struct error *err)
{
	uint64_t wanted = run->oci->oci->rootfs_propagation;
	const struct mounts_change change = { .propagation = wanted & MS_PRIVATE ? MS_PRIVATE : MS_SLAVE };
	_cleanup_fd_ int slash = -1;
	int r;

	(void)step;
	if (wanted & MS_SHARED)
		return STEP_ABSENT;
	slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = slash < 0 ? -errno : mounts_alter(slash, true, &change);
	if (r == -EINVAL) {
		error_set(err, EINVAL, "keep the container's mounts from the host");
		return error_remedy(err, "\"/\" is not a mount point: the runtime itself may be in a chroot");
	}
	return r < 0 ? error_set(err, -r, "keep the container's mounts from the host") : STEP_DONE;
}

static int propagation_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			      char report[STEP_REPORT_MAX], struct error *err)
{
	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "%s",
		 run->oci->oci->rootfs_propagation & MS_SHARED ? "shared mounts reach the host, as asked for"
							       : "no mount reaches the host");
	return STEP_DONE;
}

static void propagation_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->oci->rootfs_propagation & MS_SHARED ? "shared where a mount asks for it"
							: "mounts stay inside",
	      out);
}

const struct step_type oci_step_propagation = {
	.name = "propagation",
	.blocks = "mounts of the container appearing on the host",
	.source = "mount_namespaces(7), runtime-spec config-linux.md, rootfsPropagation",
	.phase = PHASE_MOUNT,
	.apply = propagation_apply,
	.verify = propagation_verify,
	.explain = propagation_explain,
	.wanted = new_namespace,
};

static int root_prepare(const struct step *step, struct run *run, struct error *err)
{
	const char *path = run->oci->oci->rootfs;
	struct stat st;

	(void)step;
	if (run->oci->root_fd < 0)
		run->oci->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->oci->root_fd < 0 || fstat(run->oci->root_fd, &st) < 0) {
		error_set(err, errno, "open the root file system %s", path);
		return error_remedy(err, "root.path must be a directory that holds the unpacked image");
	}
	return 0;
}

/* The mapped root of another user namespace may not be able to walk there. */
static int root_acquire(const struct step *step, struct run *run, struct error *err)
{
	const struct mounts_change slave = { .propagation = MS_SLAVE };
	_cleanup_fd_ int tree = -1;

	(void)step, (void)err;
	if (!run->oci->new_userns && run->oci->join_fds[OCI_NS_USER] < 0)
		return 0;
	tree = mounts_copy(run->oci->root_fd, "", true);
	if (tree >= 0 && mounts_alter(tree, true, &slave) == 0 && run->rootfs_fd < 0)
		run->rootfs_fd = take_fd(&tree);
	return 0;
}

/* Return: the directory as init's own namespace has it, checked to be the one that was prepared, or -errno.
 */
static int open_here(struct run *run)
{
	_cleanup_fd_ int here = open(run->oci->oci->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat was, is;

	if (here < 0)
		return -errno;
	if (fstat(here, &is) < 0 || fstat(run->oci->root_fd, &was) < 0)
		return -errno;
	return is.st_dev == was.st_dev && is.st_ino == was.st_ino ? take_fd(&here) : -ESTALE;
}

/*
 * A mount on a shared one is copied to its peers: where the namespace has not left the host's, the mount that
 * the root is attached to must. It is found by walking up to where it begins.
 */
static int leave_host_at(int place)
{
	const struct mounts_change alone = { .propagation = MS_PRIVATE };
	_cleanup_fd_ int at = openat(place, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (;;) {
		struct statx stx;
		int above;

		if (at < 0 || statx(at, "", AT_EMPTY_PATH, 0, &stx) < 0)
			return -errno;
		if (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return mounts_alter(at, false, &alone);
		above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd_close(&at);
		at = above;
	}
}

static int root_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct mounts_change slave = { .propagation = MS_SLAVE };
	const struct oci_namespace *mount = &run->oci->oci->namespaces[OCI_NS_MOUNT];
	const char *path = run->oci->oci->rootfs;
	_cleanup_fd_ int acquired = take_fd(&run->rootfs_fd), here = open_here(run), tree = -1;
	int r = 0;

	(void)step;
	if (!mount->given)
		return STEP_ABSENT; /* the mount namespace is the caller's: only chroot is left */
	if (here == -ESTALE)
		return error_set(err, ESTALE, "open the root file system %s: it was exchanged meanwhile",
				 path);
	tree = here >= 0 ? mounts_copy(here, "", true) : here;
	if (tree < 0)
		tree = acquired >= 0 ? take_fd(&acquired) : tree;
	if (tree < 0)
		return error_set(err, -tree, "open the root file system %s", path);
	/* Where its own directory can't be reached, "/" of the old root serves; no name leads there. */
	if (here < 0)
		here = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return error_set(err, errno, "open a place for the root file system");
	if (mount->path || (run->oci->oci->rootfs_propagation & MS_SHARED))
		r = leave_host_at(here);
	if (r == 0)
		r = mounts_alter(tree, true, &slave);
	if (r == 0)
		r = mounts_attach(tree, here);
	if (r < 0)
		return error_set(err, -r, "attach the root file system %s", path);
	fd_close(&run->oci->root_fd);
	run->oci->root_fd = take_fd(&tree);
	return STEP_DONE;
}

static int root_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
		       char report[STEP_REPORT_MAX], struct error *err)
{
	const struct mount_row *row = evidence_mount(evidence, "/");

	(void)step;
	if (!run->oci->oci->namespaces[OCI_NS_MOUNT].given) {
		snprintf(report, STEP_REPORT_MAX, "a directory of the caller's mounts");
		return STEP_DONE;
	}
	if (!row)
		return error_set(err, EBADE, "nothing is mounted at /");
	snprintf(report, STEP_REPORT_MAX, "%.64s %.200s", row->fstype, row->options);
	return STEP_DONE;
}

static void root_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->oci->rootfs, out);
}

const struct step_type oci_step_root = {
	.name = "root-filesystem",
	.blocks = "sharing a mount, and its flags, with the host",
	.source = "open_tree(2), move_mount(2), pivot_root(2)",
	.phase = PHASE_MOUNT,
	.prepare = root_prepare,
	.acquire = root_acquire,
	.apply = root_apply,
	.verify = root_verify,
	.explain = root_explain,
};
