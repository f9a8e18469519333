/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.namespaces. New ones come with clone3, those given by path were joined before it; here, in init,
 * the cgroup namespace is made (its root must be the container's own group), the clocks get their offsets,
 * and what the process is in is noted, so that it can be compared from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/namespaces.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

int oci_namespaces_become_root(const struct oci_user *user, struct error *err)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "keep capabilities over the switch");
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 &&
	    (errno != EINVAL || syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0))
		return error_set(err, errno, "switch to gid 0 of the user namespace");
	if (syscall(SYS_setresuid, 0, 0, 0) < 0 &&
	    (errno != EINVAL || syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0))
		return error_set(err, errno, "switch to uid 0 of the user namespace");
	return oci_namespaces_keep_hidden(err);
}

int oci_namespaces_keep_hidden(struct error *err)
{
	/* A change of ids makes a process dumpable again, and takes the death signal away. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return error_set(err, errno, "hide the process from the container");
	return 0;
}

static int set_clocks(struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	char text[128];
	size_t used = 0;
	_cleanup_fd_ int fd = -1, ns = -1;

	if (unshare(CLONE_NEWTIME) < 0)
		return error_set(err, errno, "create the time namespace");
	if (oci->time_monotonic.given)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "monotonic %" PRId64 " %" PRIu32 "\n", oci->time_monotonic.secs,
					 oci->time_monotonic.nanosecs);
	if (oci->time_boottime.given)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "boottime %" PRId64 " %" PRIu32 "\n", oci->time_boottime.secs,
					 oci->time_boottime.nanosecs);
	fd = openat(run->procfs_fd, "self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (used > 0 && (fd < 0 || write(fd, text, used) != (ssize_t)used))
		return error_set(err, errno, "write the offsets of linux.timeOffsets");
	/* Only children of unshare(2) enter by themselves. */
	ns = openat(run->procfs_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWTIME) < 0)
		return error_set(err, errno, "enter the time namespace");
	return 0;
}

static int note(struct run *run, struct error *err)
{
	for (size_t i = 0; i < RUN_NAMESPACES; i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "self/ns/%s", run_namespace_names[i]);
		if (fstatat(run->procfs_fd, path, &st, 0) == 0)
			run->proof->namespaces[i] = st.st_ino;
		else if (errno != ENOENT) /* a kernel without that kind */
			return error_set(err, errno, "look at the own %s namespace", run_namespace_names[i]);
	}
	return 0;
}

static int namespaces_apply(const struct step *step, struct run *run, struct error *err)
{
	int r = 0;

	(void)step;
	if (run->oci->new_userns || run->oci->join_fds[OCI_NS_USER] >= 0)
		r = oci_namespaces_become_root(&run->oci->process->user, err);
	if (r == 0 && run->oci->new_cgroup && unshare(CLONE_NEWCGROUP) < 0)
		r = error_set(err, errno, "create the cgroup namespace");
	if (r == 0 && run->oci->new_time)
		r = set_clocks(run, err);
	if (r == 0)
		r = note(run, err);
	return r < 0 ? r : STEP_DONE;
}

static int namespaces_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			     char report[STEP_REPORT_MAX], struct error *err)
{
	const struct oci *oci = run->oci->oci;
	size_t used = 0;

	(void)step, (void)evidence;
	report[0] = '\0';
	for (int type = 0; type < OCI_NS_TYPES; type++) {
		size_t i = oci_namespaces_index((enum oci_namespace_type)type);
		char path[32];
		struct stat ours;

		if (!oci->namespaces[type].given)
			continue;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", run_namespace_names[i]);
		if (oci->namespaces[type].path
			    ? fstat(run->oci->join_fds[type], &ours) < 0 ||
				      run->proof->namespaces[i] != ours.st_ino
			    : stat(path, &ours) < 0 || run->proof->namespaces[i] == ours.st_ino)
			return error_set(err, EBADE, "the %s namespace is not the one that was asked for",
					 run_namespace_names[i]);
		used += (size_t)snprintf(report + used, STEP_REPORT_MAX - used, "%s%s", used ? " " : "",
					 run_namespace_names[i]);
	}
	return STEP_DONE;
}

static void namespaces_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	for (int type = 0; type < OCI_NS_TYPES; type++)
		if (spec->oci->namespaces[type].given)
			fprintf(out, "%s ",
				run_namespace_names[oci_namespaces_index((enum oci_namespace_type)type)]);
}

const struct step_type oci_step_namespaces = {
	.name = "namespaces",
	.blocks = "seeing or touching what the config gives the container an own copy of",
	.source = "namespaces(7), clone3(2), time_namespaces(7)",
	.phase = PHASE_MOUNT,
	.apply = namespaces_apply,
	.verify = namespaces_verify,
	.explain = namespaces_explain,
};
