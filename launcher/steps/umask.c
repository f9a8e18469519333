/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New files are the workload's alone. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int umask_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)run, (void)err;
	umask(step->spec->umask);
	return STEP_DONE;
}

static int umask_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			char report[STEP_REPORT_MAX], struct error *err)
{
	(void)run;
	if (evidence->payload.umask != step->spec->umask)
		return error_set(err, EBADE, "the kernel's umask is %04o", evidence->payload.umask);
	snprintf(report, STEP_REPORT_MAX, "Umask %04o", evidence->payload.umask);
	return STEP_DONE;
}

static void umask_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%04o", spec->umask);
}

const struct step_type step_umask = {
	.name = "umask",
	.blocks = "new files that other ids can read or write",
	.source = "umask(2)",
	.phase = PHASE_PRIV,
	.apply = umask_apply,
	.verify = umask_verify,
	.explain = umask_explain,
};
