/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Init, which outlives the start, can't be traced and its /proc files belong to nobody inside. */
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "launcher/run.h"
#include "launcher/steps/steps.h"

static int undumpable_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "make init undumpable");
	run->proof->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	return STEP_DONE;
}

static int undumpable_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			     char report[STEP_REPORT_MAX], struct error *err)
{
	(void)step, (void)evidence;
	if (run->proof->dumpable != 0)
		return error_set(err, EBADE, "PR_GET_DUMPABLE says %d", run->proof->dumpable);
	snprintf(report, STEP_REPORT_MAX, "PR_GET_DUMPABLE 0");
	return STEP_DONE;
}

static void undumpable_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fputs("init is not traceable", out);
}

const struct step_type step_undumpable = {
	.name = "undumpable",
	.blocks = "tracing the container's init and taking over its descriptors (CVE-2016-9962)",
	.source = "PR_SET_DUMPABLE(2const), ptrace(2)",
	.phase = PHASE_PRIV,
	.apply = undumpable_apply,
	.verify = undumpable_verify,
	.explain = undumpable_explain,
};
