/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The label of an AppArmor or SELinux policy, which takes effect with the payload's execveat.
 * It is written through the private procfs: a label that lands in another file is a label lost
 * (CVE-2019-16884, CVE-2025-52881). The kernel hands it on over fork.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "launcher/run.h"
#include "launcher/steps/procfs.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int security_label_wanted(const struct spec *spec)
{
	return spec->apparmor || spec->selinux;
}

static int security_label_prepare(const struct step *step, struct run *run, struct error *err)
{
	(void)run;
	if (step->spec->apparmor && access("/sys/module/apparmor/parameters/enabled", F_OK) < 0) {
		error_set(err, ENOTSUP, "use the AppArmor profile %s: AppArmor is not active",
			  step->spec->apparmor);
		return error_remedy(err, "boot with apparmor=1 security=apparmor, or leave out \"apparmor\"");
	}
	if (step->spec->selinux && access("/sys/fs/selinux/enforce", F_OK) < 0) {
		error_set(err, ENOTSUP, "use the SELinux label %s: SELinux is not active",
			  step->spec->selinux);
		return error_remedy(err, "boot with selinux=1 security=selinux, or leave out \"selinux\"");
	}
	return 0;
}

static int write_label(struct run *run, const char *path, const char *text, struct error *err)
{
	int r = procfs_put(run, path, text, err);

	if (r == -ENOENT || r == -EINVAL)
		return error_remedy(
			err, "the policy must be loaded first: apparmor_parser -r FILE, or semodule -i FILE");
	return r;
}

static int security_label_apply(const struct step *step, struct run *run, struct error *err)
{
	char text[300];
	int r = 0;

	if (step->spec->apparmor) {
		snprintf(text, sizeof(text), "exec %s", step->spec->apparmor);
		r = write_label(run, "thread-self/attr/apparmor/exec", text, err);
		if (r == 0)
			r = procfs_get(run, "thread-self/attr/apparmor/exec", run->proof->label,
				       sizeof(run->proof->label), err);
	}
	if (r == 0 && step->spec->selinux) {
		r = write_label(run, "thread-self/attr/exec", step->spec->selinux, err);
		if (r == 0)
			r = procfs_get(run, "thread-self/attr/exec", run->proof->label,
				       sizeof(run->proof->label), err);
	}
	return r < 0 ? r : STEP_DONE;
}

static int security_label_verify(const struct step *step, const struct run *run,
				 const struct evidence *evidence, char report[STEP_REPORT_MAX],
				 struct error *err)
{
	const char *wanted = step->spec->selinux ? step->spec->selinux : step->spec->apparmor;
	size_t length = strlen(wanted);

	(void)evidence;
	/* AppArmor adds its mode: "name (enforce)". A longer name is another one. */
	if (strncmp(run->proof->label, wanted, length) != 0 ||
	    (run->proof->label[length] != '\0' && run->proof->label[length] != ' '))
		return error_set(err, EBADE, "the label for the next execve is \"%s\"", run->proof->label);
	snprintf(report, STEP_REPORT_MAX, "on execve: %.100s", run->proof->label);
	return STEP_DONE;
}

static void security_label_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%s%s%s", spec->apparmor ? spec->apparmor : "",
		spec->apparmor && spec->selinux ? ", " : "", spec->selinux ? spec->selinux : "");
}

const struct step_type step_security_label = {
	.name = "security-label",
	.blocks = "what the administrator's own policy forbids",
	.source = "apparmor(7), selinux(8), proc(5)",
	.phase = PHASE_MOUNT,
	.prepare = security_label_prepare,
	.apply = security_label_apply,
	.verify = security_label_verify,
	.explain = security_label_explain,
	.wanted = security_label_wanted,
};
