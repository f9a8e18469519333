/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.rlimits. A caller with CAP_SYS_RESOURCE sets them from outside once the process is sealed: then it
 * needs no more of what they limit, and may get more than the caller has. Without that right the kernel lets
 * nobody touch a process of another id: then init lowers its own, as the last thing before it is sealed.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

static bool from_outside(const struct host *host)
{
	return host->initial_userns && (host->cap_effective >> CAP_SYS_RESOURCE & 1);
}

/* @pid: 0: the caller's own */
static int set_all(const struct oci_process *process, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *item = &process->rlimits[i];
		const struct rlimit limit = { .rlim_cur = item->soft, .rlim_max = item->hard };

		if (prlimit(pid, (__rlimit_resource_t)item->resource, &limit, NULL) == 0)
			continue;
		error_set(err, errno, "set %s to %" PRIu64 ":%" PRIu64, item->name, item->soft, item->hard);
		return error_remedy(err, err->code == EINVAL
						 ? "the soft limit must not be above the hard one"
						 : "the hard limit of the caller is lower (ulimit -H)");
	}
	return 0;
}

static int rlimits_apply(const struct step *step, struct run *run, struct error *err)
{
	int r = from_outside(run->host) ? 0 : set_all(run->oci->process, 0, err);

	(void)step;
	return r < 0 ? r : STEP_DONE;
}

static int rlimits_settle(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	return from_outside(run->host) ? set_all(run->oci->process, run->init_pid, err) : 0;
}

/* As in /proc/<pid>/limits, which everybody may read, unlike prlimit(2) of another id's process. */
static const char *const lines[] = {
	[RLIMIT_CPU] = "Max cpu time",
	[RLIMIT_FSIZE] = "Max file size",
	[RLIMIT_DATA] = "Max data size",
	[RLIMIT_STACK] = "Max stack size",
	[RLIMIT_CORE] = "Max core file size",
	[RLIMIT_RSS] = "Max resident set",
	[RLIMIT_NPROC] = "Max processes",
	[RLIMIT_NOFILE] = "Max open files",
	[RLIMIT_MEMLOCK] = "Max locked memory",
	[RLIMIT_AS] = "Max address space",
	[RLIMIT_LOCKS] = "Max file locks",
	[RLIMIT_SIGPENDING] = "Max pending signals",
	[RLIMIT_MSGQUEUE] = "Max msgqueue size",
	[RLIMIT_NICE] = "Max nice priority",
	[RLIMIT_RTPRIO] = "Max realtime priority",
	[RLIMIT_RTTIME] = "Max realtime timeout",
};

static bool same(uint64_t wanted, const char *kernel)
{
	char text[32];

	if (wanted == RLIM_INFINITY)
		return str_equal(kernel, "unlimited");
	snprintf(text, sizeof(text), "%" PRIu64, wanted);
	return str_equal(kernel, text);
}

static int rlimits_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	const struct oci_process *process = run->oci->process;

	(void)step;
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *item = &process->rlimits[i];
		const char *name = item->resource < (int)ARRAY_SIZE(lines) ? lines[item->resource] : NULL;
		const char *line = name ? strstr(evidence->limits, name) : NULL;
		char soft[32], hard[32];

		if (!line || sscanf(line + strlen(name), " %31s %31s", soft, hard) != 2)
			return error_set(err, EBADE, "the kernel does not tell its %s", item->name);
		if (!same(item->soft, soft) || !same(item->hard, hard))
			return error_set(err, EBADE, "the kernel's %s is %s:%s", item->name, soft, hard);
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
