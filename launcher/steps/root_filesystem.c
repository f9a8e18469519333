/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root file system: a detached copy of the directory's mount, read-only, nosuid and
 * nodev before anything can reach it. Submounts of the directory stay outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static uint64_t attributes(const struct spec *spec)
{
	return MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | (spec->allow_setuid ? 0 : MOUNT_ATTR_NOSUID);
}

static int root_filesystem_acquire(const struct step *step, struct run *run, struct error *err)
{
	const char *path = step->spec->rootfs;

	run->rootfs_fd = mounts_clone(path, false, attributes(step->spec));
	if (run->rootfs_fd < 0) {
		int r = run->rootfs_fd;

		run->rootfs_fd = -1;
		error_set(err, -r, "open the root file system %s", path);
		if (r == -EINVAL)
			return error_remedy(
				err,
				"something is mounted below it that may not be hidden: use a directory without mounts below");
		return error_remedy(err, "\"rootfs\" must be a directory that holds the unpacked image");
	}
	return 0;
}

static int root_filesystem_prepare(const struct step *step, struct run *run, struct error *err)
{
	const char *path = step->spec->rootfs;
	struct stat st, root;

	if (stat(path, &st) < 0 || stat("/", &root) < 0) {
		error_set(err, errno, "open the root file system %s", path);
		return error_remedy(err, "\"rootfs\" must be a directory that holds the unpacked image");
	}
	if (!S_ISDIR(st.st_mode)) {
		error_set(err, ENOTDIR, "open the root file system %s", path);
		return error_remedy(err, "\"rootfs\" must be a directory that holds the unpacked image");
	}
	if (st.st_dev == root.st_dev && st.st_ino == root.st_ino) {
		error_set(err, EPERM, "use the host's own root directory as \"rootfs\"");
		return error_remedy(err, "unpack an image or assemble a directory for the service");
	}
	(void)run;
	return 0;
}

static int root_filesystem_apply(const struct step *step, struct run *run, struct error *err)
{
	_cleanup_fd_ int slash = -1;
	int r;

	/* Covers "/" of the old root; pivot-root turns the two around. */
	slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slash < 0)
		return error_set(err, errno, "open the old root");
	r = mounts_attach(run->rootfs_fd, slash);
	if (r < 0)
		return error_set(err, -r, "attach the root file system %s", step->spec->rootfs);
	return STEP_DONE;
}

static int root_filesystem_verify(const struct step *step, const struct run *run,
				  const struct evidence *evidence, char report[STEP_REPORT_MAX],
				  struct error *err)
{
	const struct mount_row *row = evidence_mount(evidence, "/");

	(void)run;
	if (!row || !evidence_option(row->options, "ro") || !evidence_option(row->options, "nodev") ||
	    (!step->spec->allow_setuid && !evidence_option(row->options, "nosuid")))
		return error_set(err, EBADE, "the root file system is mounted %s",
				 row ? row->options : "nowhere");
	snprintf(report, STEP_REPORT_MAX, "%s", row->options);
	return STEP_DONE;
}

static void root_filesystem_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%s, read-only, nodev%s", spec->rootfs, spec->allow_setuid ? "" : ", nosuid");
}

const struct step_type step_root_filesystem = {
	.name = "root-filesystem",
	.blocks = "changing programs or configuration, setuid programs and device nodes in the image",
	.source = "open_tree(2), mount_setattr(2), move_mount(2)",
	.phase = PHASE_MOUNT,
	.prepare = root_filesystem_prepare,
	.acquire = root_filesystem_acquire,
	.apply = root_filesystem_apply,
	.verify = root_filesystem_verify,
	.explain = root_filesystem_explain,
};
