/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filter, compiled before clone3 and loaded as the payload's last act. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"
#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/steps/capabilities.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int seccomp_prepare(const struct step *step, struct run *run, struct error *err)
{
	const struct filter_options options = {
		.notify = run->host->seccomp_notify,
		.exec_fd = spec_exec_once(step->spec) ? run->exec_fd : -1,
		.exec_held = spec_exec_once(step->spec) && run->host->seccomp_notify,
		.cache_dir = run->host->cache_dir[0] ? run->host->cache_dir : NULL,
	};

	run->exec_held = options.exec_held;
	return filter_build(step->spec, &options, run->arena, &run->filter, err);
}

static int seccomp_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct filter *filter = &run->filter;
	struct sock_fprog program = { .len = (unsigned short)filter->n, .filter = filter->program };
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, filter->notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0,
			    &program);

	if (r < 0) {
		error_set(err, errno, "load the system call filter");
		if (err->code == EBUSY)
			return error_remedy(
				err,
				"kapsel runs under a supervisor that already listens to seccomp: start it outside");
		return -err->code;
	}
	run->listener_fd = filter->notify ? r : -1;
	if (step->spec->allow_setuid) {
		r = capabilities_set(step->spec->capabilities, step->spec->capabilities, err);
		if (r < 0)
			return r;
	}
	/* The filter answers ENOSYS; without it the kernel would look at the arguments: EINVAL. */
	run->proof->seccomp_clone3 = syscall(SYS_clone3, NULL, 0) < 0 ? errno : 0;
	return STEP_DONE;
}

static int seccomp_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	const struct proc_status *status = &evidence->payload;

	if (status->seccomp_mode != SECCOMP_MODE_FILTER)
		return error_set(err, EBADE, "the kernel says Seccomp %d", status->seccomp_mode);
	if (status->seccomp_filters >= 0 && status->seccomp_filters < 1)
		return error_set(err, EBADE, "the kernel has %d filter(s) loaded", status->seccomp_filters);
	/* "allow_nested_namespaces" opens clone3, and the kernel itself answers. */
	if (run->proof->seccomp_clone3 != ENOSYS && filter_verdict(step->spec, SYS_clone3) == FILTER_UNKNOWN)
		return error_set(err, EBADE, "the filter answers clone3 with %s",
				 error_name(run->proof->seccomp_clone3));
	snprintf(report, STEP_REPORT_MAX, "Seccomp 2, %d filter(s), %zu calls allowed; clone3 answers %s",
		 status->seccomp_filters, run->filter.n_open, error_name(run->proof->seccomp_clone3));
	return STEP_DONE;
}

static void seccomp_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	static const char *const violations[] = {
		[SPEC_VIOLATION_KILL] = "kill where never legitimate, else EPERM",
		[SPEC_VIOLATION_ERRNO] = "EPERM",
		[SPEC_VIOLATION_LOG] = "only logged",
	};

	(void)step;
	fprintf(out, "%zu calls:", filter_count(spec));
	for (size_t i = 0; i < spec->syscalls.n; i++)
		fprintf(out, " %s", spec->syscalls.items[i]);
	fprintf(out, "; others: %s, unknown ones ENOSYS", violations[spec->on_violation]);
}

const struct step_type step_seccomp = {
	.name = "seccomp",
	.blocks = "the kernel's attack surface: every system call that the workload does not need",
	.source = "seccomp(2), seccomp_unotify(2)",
	.phase = PHASE_SEAL,
	.prepare = seccomp_prepare,
	.apply = seccomp_apply,
	.verify = seccomp_verify,
	.explain = seccomp_explain,
};
