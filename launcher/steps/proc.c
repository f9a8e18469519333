/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's /proc: a new procfs that shows processes only, and only its own. With
 * subset=pid the files of the kernel (sys, sysrq-trigger, kcore, keys …) do not exist, so
 * that there is nothing to mask.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int proc_wanted(const struct spec *spec)
{
	return spec->proc != SPEC_PROC_NONE;
}

static const struct mounts_option own[] = { { "hidepid", "invisible" }, { "subset", "pid" }, { NULL, NULL } };
static const struct mounts_option full[] = { { "hidepid", "invisible" }, { NULL, NULL } };

static int proc_prepare(const struct step *step, struct run *run, struct error *err)
{
	(void)run;
	if (step->spec->namespaces & SPEC_NS_PID)
		return 0;
	error_set(err, EPERM, "mount /proc for the host's pid namespace");
	return error_remedy(err, "with \"share_host\": [\"pid\"] write \"proc\": \"none\"");
}

static int proc_apply(const struct step *step, struct run *run, struct error *err)
{
	uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	_cleanup_fd_ int proc = mounts_new("proc", step->spec->proc == SPEC_PROC_OWN ? own : full, flags);
	_cleanup_fd_ int target = -1;
	int r;

	if (proc < 0) {
		error_set(err, -proc, "create the container's procfs");
		return error_remedy(
			err,
			"the kernel wants a complete /proc outside: is kapsel itself in a container that masks it?");
	}
	/* A link here would send the mount somewhere else (CVE-2019-19921, CVE-2023-27561). */
	target = path_open_plain(run->rootfs_fd, "proc", O_PATH | O_DIRECTORY);
	if (target < 0) {
		error_set(err, -target, "open /proc in the root file system");
		return error_remedy(err,
				    "it must be a plain directory: mkdir %s/proc; or set \"proc\": \"none\"",
				    step->spec->rootfs);
	}
	r = mounts_attach(proc, target);
	return r < 0 ? error_set(err, -r, "mount procfs on /proc") : STEP_DONE;
}

static int proc_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
		       char report[STEP_REPORT_MAX], struct error *err)
{
	const struct mount_row *row = evidence_mount(evidence, "/proc");

	(void)run;
	if (!row || !str_equal(row->fstype, "proc") || !evidence_option(row->options, "noexec") ||
	    !evidence_option(row->super, "hidepid=invisible") ||
	    (step->spec->proc == SPEC_PROC_OWN && !evidence_option(row->super, "subset=pid")))
		return error_set(err, EBADE, "/proc is %s %s", row ? row->fstype : "not mounted",
				 row ? row->super : "");
	snprintf(report, STEP_REPORT_MAX, "%s", row->super);
	return STEP_DONE;
}

static void proc_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->proc == SPEC_PROC_OWN ? "own processes only, no kernel files"
					  : "own processes, kernel files masked",
	      out);
}

const struct step_type step_proc = {
	.name = "proc",
	.blocks =
		"seeing other processes, and the kernel's controls in /proc/sys, sysrq-trigger, kcore, keys",
	.source = "proc(5), kernel filesystems/proc.rst (hidepid, subset)",
	.phase = PHASE_MOUNT,
	.prepare = proc_prepare,
	.apply = proc_apply,
	.verify = proc_verify,
	.explain = proc_explain,
	.wanted = proc_wanted,
};
