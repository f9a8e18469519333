/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The old root goes: pivot_root onto the attached tree, and the host's whole mount tree is
 * detached from this namespace. Unlike after chroot(2) there is nothing above to go back to.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"

static int pivot_root_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	if (fchdir(run->rootfs_fd) < 0)
		return error_set(err, errno, "enter the new root");
	/* With "." twice the old root is stacked on the new one: no directory for it is needed in the image.
	 */
	if (sys_pivot_root(".", ".") < 0)
		return error_set(err, errno, "turn old and new root around");
	if (umount2(".", MNT_DETACH) < 0)
		return error_set(err, errno, "detach the old root");
	if (chdir("/") < 0)
		return error_set(err, errno, "enter the new root");
	return STEP_DONE;
}

static int pivot_root_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			     char report[STEP_REPORT_MAX], struct error *err)
{
	size_t roots = 0;

	(void)step, (void)run;
	for (size_t i = 0; i < evidence->n_mounts; i++)
		if (evidence->mounts[i].target[0] == '/' && evidence->mounts[i].target[1] == '\0')
			roots++;
	if (roots != 1)
		return error_set(err, EBADE, "%zu mounts stand at /", roots);
	snprintf(report, STEP_REPORT_MAX, "%zu mounts in all, 1 at /", evidence->n_mounts);
	return STEP_DONE;
}

static void pivot_root_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fputs("the host's mounts are detached", out);
}

const struct step_type step_pivot_root = {
	.name = "pivot-root",
	.blocks = "walking out of the root file system, as one can out of a chroot",
	.source = "pivot_root(2)",
	.phase = PHASE_MOUNT,
	.apply = pivot_root_apply,
	.verify = pivot_root_verify,
	.explain = pivot_root_explain,
};
