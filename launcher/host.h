/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What this machine and this caller can do: probed once, then const and injected, so that
 * plans for other hosts can be tested.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroups/cgroup.h"

struct error;

enum { HOST_PATH_MAX = 256 };

struct host {
	/* Kernel. */
	unsigned int kernel_major, kernel_minor;
	int landlock_abi;    /* 0: none */
	bool seccomp_notify; /* SECCOMP_RET_USER_NOTIF and a listener can be had */
	bool mdwe;           /* PR_SET_MDWE, 6.3 */
	bool time_namespace;
	bool user_namespaces; /* creating one is allowed for this caller */
	/* The setting that forbids it, "user.max_user_namespaces = 0"; NULL: allowed, or the kernel has none.
	 */
	const char *user_namespaces_setting;

	/* Caller. */
	uid_t euid;
	gid_t egid;
	uint64_t cap_effective;
	bool initial_userns;                 /* the caller is in the initial user namespace */
	uint32_t subuid_first, subuid_count; /* /etc/subuid; count 0: none */
	uint32_t subgid_first, subgid_count;
	bool have_newuidmap; /* /usr/bin/newuidmap and newgidmap exist */

	/* Places. */
	struct cgroup_place place;
	char run_dir[HOST_PATH_MAX];   /* "/run/kapsel" or "$XDG_RUNTIME_DIR/kapsel" */
	char log_dir[HOST_PATH_MAX];   /* "/var/log/kapsel" or "$XDG_STATE_HOME/kapsel/log" (default
					* ~/.local/state,   without a home the run directory) */
	char cache_dir[HOST_PATH_MAX]; /* "/var/cache/kapsel" or "$XDG_CACHE_HOME/kapsel" (default ~/.cache);
					  "": none */
};

/**
 * host_probe() - fill @ret with what a start needs to know
 *
 * Looks only; under 40 system calls, since it is part of every start.
 * Return: 0 or -errno with *err filled.
 */
int host_probe(struct host *ret, struct error *err);

/**
 * host_probe_caller() - only what the caller may, its places and Landlock: what an OCI container's start
 * needs
 *
 * Return: 0 or -errno with *err filled.
 */
int host_probe_caller(struct host *ret, struct error *err);

/* What only doctor shows: the parts of the kernel and its settings, one by one. */
struct host_details {
	struct host host;

	/* System calls and flags that every start uses. */
	bool openat2, clone3, clone_into_cgroup, fsopen, open_tree, mount_setattr;
	bool wait_killable; /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 5.19 */
	bool device_filter; /* this caller can load a program for it */

	/* Better where they are there. */
	bool statmount;    /* 6.8 */
	bool tmpfs_noswap; /* 6.3 */
	bool psi;          /* /proc/pressure can be read */

	/* Settings; -1: this kernel doesn't have it. */
	int64_t max_user_namespaces;
	int unprivileged_userns_clone; /* Debian's switch */
	int apparmor_restrict_userns;  /* Ubuntu's switch */
	int memfd_noexec;              /* vm.memfd_noexec, 6.3 */
	int legacy_tiocsti;            /* dev.tty.legacy_tiocsti, 6.2 */
	int selinux_enforce;           /* 1: enforcing */
	bool apparmor;
	bool swap; /* some swap is in use */
	char core_pattern[128];
	char lsm[128];       /* active security modules, "" where securityfs isn't mounted */
	bool run_dir_usable; /* it exists, or can be made */
};

/**
 * host_probe_all() - everything that doctor shows
 *
 * Looks only; file system handles that are made to ask for a feature are never mounted.
 * Return: 0 or -errno with *err filled.
 */
int host_probe_all(struct host_details *ret, struct error *err);

/**
 * host_parse_release() - "6.18.44-x" to 6 and 18
 *
 * Return: 0 or -EINVAL.
 */
int host_parse_release(const char *release, unsigned int *ret_major, unsigned int *ret_minor);

/**
 * host_privileged() - whether the caller may set up containers with the rights of root: it is
 * uid 0 with CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID and CAP_CHOWN
 */
static inline bool host_privileged(const struct host *host)
{
	const uint64_t needed = UINT64_C(1) << 21 | UINT64_C(1) << 7 | UINT64_C(1) << 6 | UINT64_C(1) << 0;

	return host->euid == 0 && (host->cap_effective & needed) == needed;
}
