/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What /proc/<pid> says of a process, read once and parsed strictly (proc(5)).
 * Only for the host's procfs, never for a container's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

enum { PROC_GROUPS_MAX = 64 };

struct proc_status {
	uid_t uid[4]; /* real, effective, saved, file system; as seen from here */
	gid_t gid[4];
	gid_t groups[PROC_GROUPS_MAX];
	size_t n_groups;
	pid_t ns_pid; /* in its innermost pid namespace */
	mode_t umask;
	uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	bool no_new_privs;
	int seccomp_mode;
	int seccomp_filters; /* -1: the kernel does not say (before 5.9) */
	uint64_t sig_blocked, sig_ignored, sig_caught;
};

/** proc_status_parse() - parse the text of a status file. 0, or -EINVAL when a field is missing. */
int proc_status_parse(char *text, struct proc_status *ret) _must_check_;

/** proc_status_read() - read and parse /proc/<pid>/status. 0 or -errno. */
int proc_status_read(pid_t pid, struct proc_status *ret) _must_check_;

/** proc_pidfd_pid() - Return: the pid behind a pidfd in our namespace, -ESRCH if gone, -errno. */
pid_t proc_pidfd_pid(int pidfd);
