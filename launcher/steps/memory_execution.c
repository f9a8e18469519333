/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that was writable never becomes executable: PR_SET_MDWE where the kernel has it
 * (6.3), beside the seccomp rules for mmap, mprotect, shmat and memfd_create, which hold on
 * every kernel and close the gap that a memfd mapped twice leaves in MDWE.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "base/sys.h"
#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int memory_execution_wanted(const struct spec *spec)
{
	return !spec->allow_jit;
}

static int memory_execution_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	if (!run->host->mdwe)
		return STEP_ABSENT;
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0)
		return error_set(err, errno, "set PR_SET_MDWE");
	run->proof->mdwe = prctl(PR_GET_MDWE, 0, 0, 0, 0);
	return STEP_DONE;
}

static int memory_execution_verify(const struct step *step, const struct run *run,
				   const struct evidence *evidence, char report[STEP_REPORT_MAX],
				   struct error *err)
{
	(void)step, (void)evidence;
	if (!run->host->mdwe) {
		snprintf(report, STEP_REPORT_MAX, "by seccomp (the kernel has no PR_SET_MDWE before 6.3)");
		return STEP_DONE;
	}
	if (!(run->proof->mdwe & PR_MDWE_REFUSE_EXEC_GAIN))
		return error_set(err, EBADE, "PR_GET_MDWE says %d", run->proof->mdwe);
	snprintf(report, STEP_REPORT_MAX, "PR_GET_MDWE %d, and by seccomp", run->proof->mdwe);
	return STEP_DONE;
}

static void memory_execution_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fputs("no memory is both written and executed", out);
}

const struct step_type step_memory_execution = {
	.name = "memory-execution",
	.blocks = "running code that an attacker wrote into memory",
	.source = "PR_SET_MDWE(2const), seccomp(2)",
	.phase = PHASE_PRIV,
	.apply = memory_execution_apply,
	.verify = memory_execution_verify,
	.explain = memory_execution_explain,
	.wanted = memory_execution_wanted,
};
