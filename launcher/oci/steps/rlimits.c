/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.rlimits, set from outside once the process is sealed: then it needs no more of what they limit,
 * and the caller's rights, not the container's, decide what may be raised.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/error.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

static int rlimits_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step, (void)run, (void)err;
	return STEP_DONE; /* all is done in settle */
}

static int rlimits_settle(const struct step *step, struct run *run, struct error *err)
{
	const struct oci_process *process = run->oci->process;

	(void)step;
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *item = &process->rlimits[i];
		const struct rlimit limit = { .rlim_cur = item->soft, .rlim_max = item->hard };

		if (prlimit(run->init_pid, (__rlimit_resource_t)item->resource, &limit, NULL) == 0)
			continue;
		error_set(err, errno, "set %s to %" PRIu64 ":%" PRIu64, item->name, item->soft, item->hard);
		return error_remedy(err, errno == EINVAL ? "the soft limit must not be above the hard one"
							 : "raise the limit of the caller (ulimit -H)");
	}
	return 0;
}

static int rlimits_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	const struct oci_process *process = run->oci->process;

	(void)step, (void)evidence;
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *item = &process->rlimits[i];
		struct rlimit now;

		if (prlimit(run->init_pid, (__rlimit_resource_t)item->resource, NULL, &now) < 0)
			return error_set(err, errno, "read %s back", item->name);
		if (now.rlim_cur != item->soft || now.rlim_max != item->hard)
			return error_set(err, EBADE, "the kernel's %s is %" PRIu64 ":%" PRIu64, item->name,
					 (uint64_t)now.rlim_cur, (uint64_t)now.rlim_max);
	}
	snprintf(report, STEP_REPORT_MAX, "%zu limits read back", process->n_rlimits);
	return STEP_DONE;
}

static void rlimits_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%zu limits", spec->oci->process.n_rlimits);
}

const struct step_type oci_step_rlimits = {
	.name = "rlimits",
	.blocks = "using up what a single process is limited in",
	.source = "prlimit(2), runtime-spec config.md \"POSIX process\"",
	.phase = PHASE_PRIV,
	.apply = rlimits_apply,
	.settle = rlimits_settle,
	.verify = rlimits_verify,
	.explain = rlimits_explain,
};
