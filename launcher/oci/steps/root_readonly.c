/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * root.readonly, and the read-only tmpfs mounts: only now, since mount points, devices and the terminal's
 * place had to be made in them.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/filesystem.h"
#include "launcher/oci/steps/mount_parts.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"
#include "profiles/spec.h"

static int root_readonly_wanted(const struct spec *spec)
{
	const struct oci *oci = spec->oci;

	for (size_t i = 0; i < oci->n_mounts; i++)
		if (mount_words_deferred(&oci->mounts[i]))
			return true;
	return oci->rootfs_readonly;
}

static int root_readonly_prepare(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	if (run->oci->oci->namespaces[OCI_NS_MOUNT].given)
		return 0;
	error_set(err, EINVAL, "make the root file system read-only without a mount namespace");
	return error_remedy(err, "add {\"type\": \"mount\"} to linux.namespaces");
}

static int root_readonly_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	int r;

	(void)step;
	for (size_t i = 0; i < oci->n_mounts; i++) {
		if (!mount_words_deferred(&oci->mounts[i]))
			continue;
		r = mounts_restrict(run->oci->source_fds[i], false, MOUNT_ATTR_RDONLY);
		if (r < 0)
			return error_set(err, -r, "make %s read-only", oci->mounts[i].destination);
		fd_close(&run->oci->source_fds[i]);
	}
	r = oci->rootfs_readonly ? mounts_restrict(run->oci->root_fd, false, MOUNT_ATTR_RDONLY) : 0;
	return r < 0 ? error_set(err, -r, "make the root file system read-only") : STEP_DONE;
}

static int root_readonly_verify(const struct step *step, const struct run *run,
				const struct evidence *evidence, char report[STEP_REPORT_MAX],
				struct error *err)
{
	const struct mount_row *row = evidence_mount(evidence, "/");

	(void)step;
	if (run->oci->oci->rootfs_readonly && (!row || !evidence_option(row->options, "ro")))
		return error_set(err, EBADE, "the root file system is mounted %s",
				 row ? row->options : "nowhere");
	snprintf(report, STEP_REPORT_MAX, "%.200s", row ? row->options : "");
	return STEP_DONE;
}

static void root_readonly_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->oci->rootfs_readonly ? "the root file system is read-only" : "read-only tmpfs mounts",
	      out);
}

const struct step_type oci_step_root_readonly = {
	.name = "root-readonly",
	.blocks = "changing the image's programs and configuration",
	.source = "mount_setattr(2)",
	.phase = PHASE_MOUNT,
	.prepare = root_readonly_prepare,
	.apply = root_readonly_apply,
	.verify = root_readonly_verify,
	.explain = root_readonly_explain,
	.wanted = root_readonly_wanted,
};
