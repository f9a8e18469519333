/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "launcher/oci/run.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct {
	size_t index; /* in run_namespace_names */
	uint64_t flag;
} kinds[OCI_NS_TYPES] = {
	[OCI_NS_USER] = { 0, CLONE_NEWUSER },     [OCI_NS_MOUNT] = { 1, CLONE_NEWNS },
	[OCI_NS_PID] = { 2, CLONE_NEWPID },       [OCI_NS_NETWORK] = { 3, CLONE_NEWNET },
	[OCI_NS_IPC] = { 4, CLONE_NEWIPC },       [OCI_NS_UTS] = { 5, CLONE_NEWUTS },
	[OCI_NS_CGROUP] = { 6, CLONE_NEWCGROUP }, [OCI_NS_TIME] = { 7, CLONE_NEWTIME },
};

size_t oci_namespaces_index(enum oci_namespace_type type)
{
	return kinds[type].index;
}

uint64_t oci_namespaces_flag(enum oci_namespace_type type)
{
	return kinds[type].flag;
}

static int open_one(const char *path, enum oci_namespace_type type, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int kind;

	if (fd < 0)
		return error_set(err, errno, "open the %s namespace %s",
				 run_namespace_names[oci_namespaces_index(type)], path);
	kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind < 0 || (uint64_t)kind != oci_namespaces_flag(type))
		return error_set(err, EINVAL, "join %s: it is no %s namespace", path,
				 run_namespace_names[oci_namespaces_index(type)]);
	return take_fd(&fd);
}

/* A sysctl is meant for a namespace of the container's own; by path that may turn out to be the host's. */
static int check_sysctls(const struct oci_run *run, struct error *err)
{
	static const enum oci_namespace_type with_sysctls[] = { OCI_NS_NETWORK, OCI_NS_IPC, OCI_NS_UTS,
								OCI_NS_USER };

	for (size_t i = 0; run->oci->sysctls.n > 0 && i < ARRAY_SIZE(with_sysctls); i++) {
		enum oci_namespace_type type = with_sysctls[i];
		const char *name = run_namespace_names[kinds[type].index];
		struct stat ours, theirs;
		char path[32];

		snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
		if (run->join_fds[type] < 0 || fstat(run->join_fds[type], &theirs) < 0 ||
		    stat(path, &ours) < 0 || ours.st_ino != theirs.st_ino)
			continue;
		return error_set(err, EINVAL,
				 "set sysctls: %s is not allowed, it is the host's own %s namespace",
				 run->oci->namespaces[type].path, name);
	}
	return 0;
}

int oci_namespaces_prepare(struct oci_run *run, struct error *err)
{
	const struct oci_namespace *given = run->oci->namespaces;

	for (int type = 0; type < OCI_NS_TYPES; type++) {
		if (!given[type].given)
			continue;
		if (given[type].path) {
			run->join_fds[type] = open_one(given[type].path, (enum oci_namespace_type)type, err);
			if (run->join_fds[type] < 0)
				return run->join_fds[type];
		} else if (type != OCI_NS_CGROUP && type != OCI_NS_TIME) {
			run->clone_flags |= kinds[type].flag;
		}
	}
	run->new_userns = run->clone_flags & CLONE_NEWUSER;
	run->new_cgroup = given[OCI_NS_CGROUP].given && !given[OCI_NS_CGROUP].path;
	run->new_time = given[OCI_NS_TIME].given && !given[OCI_NS_TIME].path;
	return check_sysctls(run, err);
}

static int join_others(const struct oci_run *run, bool *joined, bool last, struct error *err)
{
	/* The mount namespace comes last: with it the host's names are gone. */
	static const enum oci_namespace_type order[] = { OCI_NS_NETWORK, OCI_NS_IPC,  OCI_NS_UTS,
							 OCI_NS_CGROUP,  OCI_NS_TIME, OCI_NS_PID,
							 OCI_NS_MOUNT };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		enum oci_namespace_type type = order[i];

		if (run->join_fds[type] < 0 || joined[type])
			continue;
		if (setns(run->join_fds[type], (int)kinds[type].flag) == 0)
			joined[type] = true;
		else if (last || errno != EPERM)
			return error_set(err, errno, "join the %s namespace %s",
					 run_namespace_names[kinds[type].index],
					 run->oci->namespaces[type].path);
	}
	return 0;
}

int oci_namespaces_join(const struct oci_run *run, struct error *err)
{
	bool joined[OCI_NS_TYPES] = { false };
	bool has_user = run->join_fds[OCI_NS_USER] >= 0;
	int r = join_others(run, joined, !has_user, err);

	if (r < 0 || !has_user)
		return r;
	if (setns(run->join_fds[OCI_NS_USER], CLONE_NEWUSER) < 0)
		return error_set(err, errno, "join the user namespace %s",
				 run->oci->namespaces[OCI_NS_USER].path);
	return join_others(run, joined, true, err);
}
