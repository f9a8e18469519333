/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No user namespace inside the user namespace: the kernel's own counter is set to 0, behind
 * the seccomp filter, which refuses the call in the first place.
 */
#include <errno.h>
#include <stdio.h>

#include "launcher/run.h"
#include "launcher/steps/procfs.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int nested_namespaces_wanted(const struct spec *spec)
{
	return !spec->allow_nested_namespaces;
}

static int nested_namespaces_apply(const struct step *step, struct run *run, struct error *err)
{
	int r = procfs_write(run, "sys/user/max_user_namespaces", "0", err);

	(void)step;
	if (r < 0)
		return r;
	run->proof->userns_limit = 0;
	return STEP_DONE;
}

static int nested_namespaces_verify(const struct step *step, const struct run *run,
				    const struct evidence *evidence, char report[STEP_REPORT_MAX],
				    struct error *err)
{
	(void)step, (void)evidence;
	if (run->proof->userns_limit != 0)
		return error_set(err, EBADE, "user.max_user_namespaces was not set");
	snprintf(report, STEP_REPORT_MAX, "user.max_user_namespaces 0");
	return STEP_DONE;
}

static void nested_namespaces_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fputs("at most 0 user namespaces inside", out);
}

const struct step_type step_nested_namespaces = {
	.name = "nested-namespaces",
	.blocks = "becoming root of a new user namespace, the door to most kernel bugs of the last years",
	.source = "namespaces(7), user_namespaces(7)",
	.phase = PHASE_MOUNT,
	.apply = nested_namespaces_apply,
	.verify = nested_namespaces_verify,
	.explain = nested_namespaces_explain,
	.wanted = nested_namespaces_wanted,
};
