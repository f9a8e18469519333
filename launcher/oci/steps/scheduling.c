/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the kernel serves the process: scheduler, I/O priority, CPUs, the score for the out-of-memory killer.
 * Set from outside, with the caller's rights.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cgroups/cpulist.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"
#include "launcher/oci/steps/scheduling.h"

/* sched_setattr(2), the first version of the structure: what config.json can say. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_CLASS_SHIFT = 13 };

static int set_scheduler(const struct oci_scheduler *scheduler, pid_t pid, struct error *err)
{
	struct attributes attributes = {
		.size = sizeof(attributes),
		.policy = scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice,
		.priority = scheduler->priority,
		.runtime = scheduler->runtime_ns,
		.deadline = scheduler->deadline_ns,
		.period = scheduler->period_ns,
	};

	if (syscall(SYS_sched_setattr, pid, &attributes, 0) < 0) {
		error_set(err, errno, "set the scheduler of process.scheduler (policy %u)",
			  scheduler->policy);
		return error_remedy(err, errno == EPERM
						 ? "it needs CAP_SYS_NICE"
						 : "are all values in the ranges of sched_setattr(2)?");
	}
	return 0;
}

static int set_io_priority(const struct oci_io_priority *priority, pid_t pid, struct error *err)
{
	int value = priority->io_class << IOPRIO_CLASS_SHIFT | priority->priority;

	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, value) < 0)
		return error_set(err, errno, "set the I/O priority of process.ioPriority");
	return 0;
}

int oci_scheduling_set_affinity(const char *list, pid_t pid, struct error *err)
{
	struct cpulist cpus;

	if (cpulist_parse(list, &cpus) < 0 || cpulist_is_empty(&cpus))
		return error_set(err, EINVAL, "understand the CPU list \"%s\" of process.execCPUAffinity",
				 list);
	if (syscall(SYS_sched_setaffinity, pid, sizeof(cpus.words), cpus.words) < 0)
		return error_set(err, errno, "let the process run on the CPUs %s", list);
	return 0;
}

static int scheduling_settle(const struct step *step, struct run *run, struct error *err)
{
	const struct oci_process *process = run->oci->process;
	struct cpulist every;
	int r = 0;

	(void)step;
	memset(&every, 0xff, sizeof(every));
	if (process->scheduler.given)
		r = set_scheduler(&process->scheduler, run->init_pid, err);
	if (r == 0 && process->io_priority.given)
		r = set_io_priority(&process->io_priority, run->init_pid, err);
	if (r < 0)
		return r;
	/* "initial" was set before the process joined the container's cgroup. */
	if (run->oci->exec && process->cpu_affinity_final)
		return oci_scheduling_set_affinity(process->cpu_affinity_final, run->init_pid, err);
	/* The caller's own mask must not narrow the container's cpuset; the kernel takes what is in both. */
	syscall(SYS_sched_setaffinity, run->init_pid, sizeof(every.words), every.words);
	return 0;
}

static int scheduling_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step, (void)run, (void)err;
	return STEP_DONE; /* all is done in settle */
}

static int scheduling_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			     char report[STEP_REPORT_MAX], struct error *err)
{
	const struct oci_process *process = run->oci->process;

	(void)step, (void)evidence;
	if (process->scheduler.given) {
		int policy = sched_getscheduler(run->init_pid);

		if (policy < 0 ||
		    ((unsigned int)policy & ~(unsigned int)SCHED_RESET_ON_FORK) != process->scheduler.policy)
			return error_set(err, EBADE, "the kernel's scheduling policy is %d", policy);
	}
	if (process->io_priority.given) {
		long value = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, run->init_pid);

		if (value !=
		    (process->io_priority.io_class << IOPRIO_CLASS_SHIFT | process->io_priority.priority))
			return error_set(err, EBADE, "the kernel's I/O priority is %lx",
					 (unsigned long)value);
	}
	snprintf(report, STEP_REPORT_MAX, "scheduler and I/O priority as asked");
	return STEP_DONE;
}

static void scheduling_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "scheduler %s, I/O priority %s",
		spec->oci->process.scheduler.given ? "set" : "inherited",
		spec->oci->process.io_priority.given ? "set" : "inherited");
}

const struct step_type oci_step_scheduling = {
	.name = "scheduling",
	.blocks = "nothing by itself: the share of CPU and disk that the config asks for",
	.source = "sched_setattr(2), ioprio_set(2), sched_setaffinity(2)",
	.phase = PHASE_PRIV,
	.apply = scheduling_apply,
	.settle = scheduling_settle,
	.verify = scheduling_verify,
	.explain = scheduling_explain,
};

static int oom_score_map(const struct step *step, struct run *run, struct error *err)
{
	char path[64], text[16];
	int r;

	(void)step;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)run->init_pid);
	snprintf(text, sizeof(text), "%d", run->oci->process->oom_score_adj);
	r = fd_write_file(AT_FDCWD, path, text);
	/* A caller without rights can't lower its own value; engines ask for it all the same. */
	if ((r == -EACCES || r == -EPERM) && run->oci->rootless)
		return 0;
	return r < 0 ? error_set(err, -r, "write %s to %s", text, path) : 0;
}

static int oom_score_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			    char report[STEP_REPORT_MAX], struct error *err)
{
	char path[64], text[16];
	ssize_t got;

	(void)step, (void)evidence;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)run->init_pid);
	got = fd_read_file(AT_FDCWD, path, text, sizeof(text));
	if (got < 0)
		return error_set(err, (int)-got, "read %s", path);
	if (!run->oci->rootless && atoi(text) != run->oci->process->oom_score_adj)
		return error_set(err, EBADE, "the kernel's oom_score_adj is %d", atoi(text));
	snprintf(report, STEP_REPORT_MAX, "oom_score_adj %d", atoi(text));
	return STEP_DONE;
}

static void oom_score_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%d", spec->oci->process.oom_score_adj);
}

static int oom_score_wanted(const struct spec *spec)
{
	return spec->oci->process.oom_score_adj_given;
}

const struct step_type oci_step_oom_score = {
	.name = "oom-score",
	.blocks = "surviving an out-of-memory kill at the cost of the host's own services",
	.source = "proc_pid_oom_score_adj(5)",
	.phase = PHASE_PRIV,
	.apply = scheduling_apply,
	.map = oom_score_map,
	.verify = oom_score_verify,
	.explain = oom_score_explain,
	.wanted = oom_score_wanted,
};
