/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.seccomp, compiled before clone3 and loaded as the process's last act. Without no_new_privs
 * CAP_SYS_ADMIN was kept for this and goes right after: the filter must allow capset(2), as it must for
 * every other runtime.
 */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/host.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/capabilities.h"
#include "launcher/oci/steps/process.h"

static int seccomp_wanted(const struct spec *spec)
{
	return spec->oci->seccomp_given;
}

static int seccomp_prepare(const struct step *step, struct run *run, struct error *err)
{
	const char *cache = run->host->cache_dir[0] ? run->host->cache_dir : NULL;

	(void)step;
	run->oci->late_seccomp_admin = !run->oci->process->no_new_privileges;
	return oci_filter_build(&run->oci->oci->seccomp, cache, run->arena, &run->oci->oci_filter, err);
}

static int seccomp_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct message message = { .type = MESSAGE_LISTENER };
	int listener = oci_filter_load(&run->oci->oci_filter, err), r = 0;

	(void)step;
	if (listener < 0)
		return listener;
	if (run->oci->oci_filter.notify) {
		int to = run->oci->start_fd >= 0 ? run->oci->start_fd : run->control[1];

		r = fd_send(to, &message, sizeof(message), &listener, 1);
		fd_close(&listener);
		if (r < 0)
			return error_set(err, -r, "hand the seccomp listener to the runtime");
	}
	if (run->oci->late_seccomp_admin)
		r = oci_capabilities_finish(run, err);
	return r < 0 ? r : STEP_DONE;
}

/* Loaded after this look; `start` looks at the process again. */
static int seccomp_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "%zu instructions, loaded at start", run->oci->oci_filter.n);
	return STEP_DONE;
}

static void seccomp_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%zu rules", spec->oci->seccomp.n_rules);
}

const struct step_type oci_step_seccomp = {
	.name = "seccomp",
	.blocks = "system calls that the config doesn't allow",
	.source = "seccomp(2), runtime-spec config-linux.md \"Seccomp\"",
	.phase = PHASE_SEAL,
	.prepare = seccomp_prepare,
	.apply = seccomp_apply,
	.verify = seccomp_verify,
	.explain = seccomp_explain,
	.wanted = seccomp_wanted,
};
