/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* No execve gives more than its caller had; also what lets an unprivileged process load Landlock and seccomp.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int no_new_privs_wanted(const struct spec *spec)
{
	return !spec->allow_setuid;
}

static int no_new_privs_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step, (void)run;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "set no_new_privs");
	return STEP_DONE;
}

static int no_new_privs_verify(const struct step *step, const struct run *run,
			       const struct evidence *evidence, char report[STEP_REPORT_MAX],
			       struct error *err)
{
	(void)step, (void)run;
	if (!evidence->payload.no_new_privs || !evidence->init.no_new_privs)
		return error_set(err, EBADE, "the kernel says NoNewPrivs 0");
	snprintf(report, STEP_REPORT_MAX, "NoNewPrivs 1");
	return STEP_DONE;
}

static void no_new_privs_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fputs("on", out);
}

const struct step_type step_no_new_privs = {
	.name = "no-new-privs",
	.blocks = "gaining rights from setuid programs and file capabilities",
	.source = "prctl(2), kernel userspace-api/no_new_privs.rst",
	.phase = PHASE_PRIV,
	.apply = no_new_privs_apply,
	.verify = no_new_privs_verify,
	.explain = no_new_privs_explain,
	.wanted = no_new_privs_wanted,
};
