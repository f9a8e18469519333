/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The moment when all mounts stand and the old root is still there: the runtime runs prestart and
 * createRuntime outside, then init runs createContainer in here (runtime-spec config.md "Hooks").
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "launcher/oci/hooks.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

static int hooks_wanted(const struct spec *spec)
{
	const struct oci_hook_list *hooks = spec->oci->hooks;

	return hooks[OCI_HOOK_PRESTART].n + hooks[OCI_HOOK_CREATE_RUNTIME].n +
		       hooks[OCI_HOOK_CREATE_CONTAINER].n >
	       0;
}

static int ask_runtime(struct run *run, struct error *err)
{
	const struct message message = { .type = MESSAGE_HOOKS };
	ssize_t got;
	char word;

	if (write(run->control[1], &message, sizeof(message)) != (ssize_t)sizeof(message))
		return error_set(err, errno, "ask the runtime for its hooks");
	do
		got = read(run->control[1], &word, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(EXIT_LAUNCHER); /* a hook failed, and the runtime has told why */
	return 0;
}

/* With the caller's umask; init's own is open while it builds the file system. */
static int run_here(struct run *run, struct error *err)
{
	int r;

	umask(run->oci->caller_umask);
	r = oci_hooks_run(run->oci->oci, OCI_HOOK_CREATE_CONTAINER, run->oci->state_json, run->oci->bundle_fd,
			  err);
	umask(0);
	return r;
}

static int hooks_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	int r = 0;

	(void)step;
	if (oci->hooks[OCI_HOOK_PRESTART].n + oci->hooks[OCI_HOOK_CREATE_RUNTIME].n > 0)
		r = ask_runtime(run, err);
	if (r == 0 && oci->hooks[OCI_HOOK_CREATE_CONTAINER].n > 0)
		r = run_here(run, err);
	return r < 0 ? r : STEP_DONE;
}

static int hooks_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			char report[STEP_REPORT_MAX], struct error *err)
{
	const struct oci_hook_list *hooks = run->oci->oci->hooks;

	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "%zu prestart, %zu createRuntime, %zu createContainer",
		 hooks[OCI_HOOK_PRESTART].n, hooks[OCI_HOOK_CREATE_RUNTIME].n,
		 hooks[OCI_HOOK_CREATE_CONTAINER].n);
	return STEP_DONE;
}

static void hooks_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%zu programs of the host",
		spec->oci->hooks[OCI_HOOK_PRESTART].n + spec->oci->hooks[OCI_HOOK_CREATE_RUNTIME].n +
			spec->oci->hooks[OCI_HOOK_CREATE_CONTAINER].n);
}

const struct step_type oci_step_hooks = {
	.name = "hooks",
	.blocks = "nothing by itself: programs of the host that prepare the container",
	.source = "runtime-spec config.md \"POSIX-platform Hooks\"",
	.phase = PHASE_MOUNT,
	.apply = hooks_apply,
	.verify = hooks_verify,
	.explain = hooks_explain,
	.wanted = hooks_wanted,
};
