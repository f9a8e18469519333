/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel settings that have a value of their own in each namespace; the reader lets no others through. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "launcher/run.h"
#include "launcher/steps/procfs.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int sysctls_wanted(const struct spec *spec)
{
	return spec->sysctls.n > 0;
}

static int sysctls_apply(const struct step *step, struct run *run, struct error *err)
{
	for (size_t i = 0; i < step->spec->sysctls.n; i++) {
		const struct spec_pair *pair = &step->spec->sysctls.items[i];
		char path[256] = "sys/";
		size_t length = strlen(pair->name);
		int r;

		if (length >= sizeof(path) - strlen(path))
			return error_set(err, ENAMETOOLONG, "set the sysctl %s", pair->name);
		for (size_t j = 0; j <= length; j++)
			path[4 + j] = pair->name[j] == '.' ? '/' : pair->name[j];
		r = procfs_write(run, path, pair->value, err);
		if (r < 0)
			return r;
		run->proof->sysctls++;
	}
	return STEP_DONE;
}

static int sysctls_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	(void)evidence;
	if (run->proof->sysctls != step->spec->sysctls.n)
		return error_set(err, EBADE, "%u of %zu sysctls were set", run->proof->sysctls,
				 step->spec->sysctls.n);
	snprintf(report, STEP_REPORT_MAX, "%u written and read back", run->proof->sysctls);
	return STEP_DONE;
}

static void sysctls_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	for (size_t i = 0; i < spec->sysctls.n; i++)
		fprintf(out, "%s%s=%s", i ? ", " : "", spec->sysctls.items[i].name,
			spec->sysctls.items[i].value);
}

const struct step_type step_sysctls = {
	.name = "sysctls",
	.blocks = "nothing by itself: sets what the workload needs without letting it write /proc/sys",
	.source = "proc(5), sysctl(8)",
	.phase = PHASE_MOUNT,
	.apply = sysctls_apply,
	.verify = sysctls_verify,
	.explain = sysctls_explain,
	.wanted = sysctls_wanted,
};
