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
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "launcher/run.h"
#include "launcher/steps/procfs.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

const char *const run_namespace_names[RUN_NAMESPACES] = { "user", "mnt", "pid",    "net",
							  "ipc",  "uts", "cgroup", "time" };

static const struct {
	unsigned int bit; /* enum spec_namespace, 0: always own */
	uint64_t clone_flag;
} table[RUN_NAMESPACES] = {
	{ 0, CLONE_NEWUSER },
	{ 0, CLONE_NEWNS },
	{ SPEC_NS_PID, CLONE_NEWPID },
	{ SPEC_NS_NET, CLONE_NEWNET },
	{ SPEC_NS_IPC, CLONE_NEWIPC },
	{ SPEC_NS_UTS, CLONE_NEWUTS },
	{ SPEC_NS_CGROUP, 0 }, /* unshared in init */
	{ SPEC_NS_TIME, CLONE_NEWTIME },
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
		run->netns_fd = open(spec->network_netns, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (run->netns_fd < 0) {
			error_set(err, errno, "open the network namespace %s", spec->network_netns);
			return error_remedy(err, "create it first: ip netns add NAME gives /run/netns/NAME");
		}
	}
	return 0;
}

/* Only the process itself may look at these links when it is not dumpable. */
static int note_namespaces(struct run *run, struct error *err)
{
	for (size_t i = 0; i < RUN_NAMESPACES; i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "self/ns/%s", run_namespace_names[i]);
		if (fstatat(run->procfs_fd, path, &st, 0) < 0)
			return error_set(err, errno, "look at the own %s namespace", run_namespace_names[i]);
		run->proof->namespaces[i] = st.st_ino;
	}
	return 0;
}

static int namespaces_apply(const struct step *step, struct run *run, struct error *err)
{
	int r;

	if ((step->spec->namespaces & SPEC_NS_CGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return error_set(err, errno, "create the cgroup namespace");
	/* Nothing mounted here may ever reach the host, whatever the host's propagation is. */
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &(struct mount_attr){ .propagation = MS_PRIVATE },
			  sizeof(struct mount_attr)) < 0)
		return error_set(err, errno, "make the mount namespace private");
	r = procfs_open(run, err);
	if (r == 0)
		r = note_namespaces(run, err);
	return r < 0 ? r : STEP_DONE;
}

static bool wants_own(const struct spec *spec, size_t i)
{
	if (table[i].bit == SPEC_NS_NET && spec->network == SPEC_NETWORK_HOST)
		return false;
	if (table[i].bit == SPEC_NS_NET && spec->network == SPEC_NETWORK_JOIN)
		return true;
	return table[i].bit == 0 || (spec->namespaces & table[i].bit);
}

static int namespaces_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			     char report[STEP_REPORT_MAX], struct error *err)
{
	size_t used = 0;

	(void)evidence;
	report[0] = '\0';
	for (size_t i = 0; i < RUN_NAMESPACES; i++) {
		char path[32];
		struct stat ours;

		if (!wants_own(step->spec, i))
			continue;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", run_namespace_names[i]);
		if (stat(path, &ours) < 0)
			return error_set(err, errno, "look at %s", path);
		if (run->proof->namespaces[i] == 0 || run->proof->namespaces[i] == ours.st_ino)
			return error_set(err, EBADE, "the %s namespace is the host's",
					 run_namespace_names[i]);
		used += (size_t)snprintf(report + used, STEP_REPORT_MAX - used, "%s%s",
					 used ? " " : "own: ", run_namespace_names[i]);
	}
	return STEP_DONE;
}

static void namespaces_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs("own:", out);
	for (size_t i = 0; i < RUN_NAMESPACES; i++)
		if (wants_own(spec, i))
			fprintf(out, " %s", run_namespace_names[i]);
	for (size_t i = 0; i < RUN_NAMESPACES; i++)
		if (!wants_own(spec, i))
			fprintf(out, "; the host's: %s", run_namespace_names[i]);
}

const struct step_type step_namespaces = {
	.name = "namespaces",
	.blocks =
		"seeing or touching the host's processes, mounts, network, IPC, host name, cgroups and clocks",
	.source = "namespaces(7), clone3(2)",
	.phase = PHASE_MOUNT,
	.prepare = namespaces_prepare,
	.apply = namespaces_apply,
	.verify = namespaces_verify,
	.explain = namespaces_explain,
};
