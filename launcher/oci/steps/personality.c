/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.personality and linux.memoryPolicy: what only the process itself can set, and execve keeps. */
#include <errno.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "cgroups/cpulist.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

static int personality_wanted(const struct spec *spec)
{
	return spec->oci->personality_given;
}

static int personality_apply(const struct step *step, struct run *run, struct error *err)
{
	unsigned long wanted = run->oci->oci->personality;

	(void)step;
	if (personality(wanted) < 0 || personality(0xffffffff) != (int)wanted)
		return error_set(err, errno ? errno : EBADE, "set the personality %lx", wanted);
	return STEP_DONE;
}

static int personality_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			      char report[STEP_REPORT_MAX], struct error *err)
{
	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "personality %lx, read back by the process",
		 run->oci->oci->personality);
	return STEP_DONE;
}

static void personality_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%lx", spec->oci->personality);
}

const struct step_type oci_step_personality = {
	.name = "personality",
	.blocks = "nothing by itself: the execution domain that the config asks for",
	.source = "personality(2)",
	.phase = PHASE_PRIV,
	.apply = personality_apply,
	.verify = personality_verify,
	.explain = personality_explain,
	.wanted = personality_wanted,
};

static int memory_policy_wanted(const struct spec *spec)
{
	return spec->oci->memory_policy.given;
}

static int memory_policy_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci_memory_policy *policy = &run->oci->oci->memory_policy;
	struct cpulist nodes;
	bool none;

	(void)step;
	if (cpulist_parse(policy->nodes ? policy->nodes : "", &nodes) < 0)
		return error_set(err, EINVAL, "understand linux.memoryPolicy.nodes \"%s\"", policy->nodes);
	none = cpulist_is_empty(&nodes);
	/* The kernel takes one bit less than it is told. */
	if (syscall(SYS_set_mempolicy, policy->mode | (int)policy->flags, none ? NULL : nodes.words,
		    none ? 0UL : sizeof(nodes.words) * 8 + 1) < 0) {
		error_set(err, errno, "set the memory policy %d for the nodes \"%s\"", policy->mode,
			  policy->nodes ? policy->nodes : "");
		return error_remedy(err, "are the nodes there (/sys/devices/system/node/online)?");
	}
	return STEP_DONE;
}

static int memory_policy_verify(const struct step *step, const struct run *run,
				const struct evidence *evidence, char report[STEP_REPORT_MAX],
				struct error *err)
{
	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "set_mempolicy took mode %d", run->oci->oci->memory_policy.mode);
	return STEP_DONE;
}

static void memory_policy_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "mode %d, nodes %s", spec->oci->memory_policy.mode,
		spec->oci->memory_policy.nodes ? spec->oci->memory_policy.nodes : "");
}

const struct step_type oci_step_memory_policy = {
	.name = "memory-policy",
	.blocks = "nothing by itself: the NUMA nodes that the config asks for",
	.source = "set_mempolicy(2)",
	.phase = PHASE_PRIV,
	.apply = memory_policy_apply,
	.verify = memory_policy_verify,
	.explain = memory_policy_explain,
	.wanted = memory_policy_wanted,
};
