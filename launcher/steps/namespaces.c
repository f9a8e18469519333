/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other namespaces come with clone3 itself; here they are joined where the profile
 * names one, the cgroup namespace is made (after CLONE_INTO_CGROUP, so that its root is
 * the container's group), and all of them are looked at from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct {
	unsigned int bit; /* enum spec_namespace, 0: always own */
	const char *name; /* in /proc/<pid>/ns */
	uint64_t clone_flag;
} table[] = {
	{ 0, "user", CLONE_NEWUSER },
	{ 0, "mnt", CLONE_NEWNS },
	{ SPEC_NS_PID, "pid", CLONE_NEWPID },
	{ SPEC_NS_NET, "net", CLONE_NEWNET },
	{ SPEC_NS_IPC, "ipc", CLONE_NEWIPC },
	{ SPEC_NS_UTS, "uts", CLONE_NEWUTS },
	{ SPEC_NS_CGROUP, "cgroup", 0 }, /* unshared in init */
	{ SPEC_NS_TIME, "time", CLONE_NEWTIME },
};

static int namespaces_prepare(const struct step *step, struct run *run, struct error *err)
{
	const struct spec *spec = step->spec;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].bit == 0 || (spec->namespaces & table[i].bit))
			run->clone_flags |= table[i].clone_flag;
	if (spec->network == SPEC_NETWORK_HOST)
		run->clone_flags &= ~(uint64_t)CLONE_NEWNET;
	if (spec->network == SPEC_NETWORK_JOIN) {
		run->clone_flags &= ~(uint64_t)CLONE_NEWNET;
		run->netns_fd = open(spec->network_netns, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (run->netns_fd < 0) {
			error_set(err, errno, "open the network namespace %s", spec->network_netns);
			return error_remedy(err, "create it first: ip netns add NAME gives /run/netns/NAME");
		}
	}
	return 0;
}

static int namespaces_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)run;
	if ((step->spec->namespaces & SPEC_NS_CGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return error_set(err, errno, "create the cgroup namespace");
	/* Nothing mounted here may ever reach the host, whatever the host's propagation is. */
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &(struct mount_attr){ .propagation = MS_PRIVATE },
			  sizeof(struct mount_attr)) < 0)
		return error_set(err, errno, "make the mount namespace private");
	return STEP_DONE;
}

static int namespaces_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			     char report[STEP_REPORT_MAX], struct error *err)
{
	const struct spec *spec = step->spec;
	size_t used = 0;

	(void)run;
	report[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		bool wanted = table[i].bit == 0 || (spec->namespaces & table[i].bit);
		int own;

		if (table[i].bit == SPEC_NS_NET)
			wanted = spec->network != SPEC_NETWORK_HOST && (wanted || spec->network == SPEC_NETWORK_JOIN);
		if (!wanted)
			continue;
		own = evidence_own_namespace(evidence, table[i].name);
		if (own < 0)
			return error_set(err, -own, "look at the payload's %s namespace", table[i].name);
		if (own == 0)
			return error_set(err, EBADE, "the %s namespace is the host's", table[i].name);
		used += (size_t)snprintf(report + used, STEP_REPORT_MAX - used, "%s%s", used ? " " : "own: ", table[i].name);
	}
	return STEP_DONE;
}

static void namespaces_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs("own:", out);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].bit == 0 || (spec->namespaces & table[i].bit))
			fprintf(out, " %s", table[i].name);
	if (spec->namespaces != SPEC_NS_ALL) {
		fputs("; shared with the host:", out);
		for (size_t i = 0; i < ARRAY_SIZE(table); i++)
			if (table[i].bit != 0 && !(spec->namespaces & table[i].bit))
				fprintf(out, " %s", table[i].name);
	}
}

const struct step_type step_namespaces = {
	.name = "namespaces",
	.blocks = "seeing or touching the host's processes, mounts, network, IPC, host name, cgroups and clocks",
	.source = "namespaces(7), clone3(2)",
	.phase = PHASE_MOUNT,
	.prepare = namespaces_prepare,
	.apply = namespaces_apply,
	.verify = namespaces_verify,
	.explain = namespaces_explain,
};
