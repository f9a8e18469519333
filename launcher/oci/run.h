/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the processes of create (or exec) hold beyond struct run: the runtime fills it before clone3, init works
 * on its copy. Descriptors are -1 when empty. run->oci points here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "launcher/oci/state.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"
#include "seccomp/oci_filter.h"

struct oci_run {
	const struct oci *oci;
	const struct oci_process *process; /* of the config, or what exec was given */
	struct oci_state *state;
	const char *state_json; /* for hooks that init runs */
	int state_fd;           /* <root>/<id> */
	bool exec;              /* a process that joins, not the first one */
	bool rootless;          /* the caller is not root of the initial user namespace */

	/* Namespaces. */
	int join_fds[OCI_NS_TYPES];  /* of namespaces given by path */
	uint64_t clone_flags;        /* of the new ones that clone3 makes */
	bool new_userns, new_mount, new_cgroup, new_time;

	/* Mounts; arrays of oci->n_mounts. */
	int *source_fds; /* detached sources that only the caller's rights can open (new user namespace) */
	int *userns_fds; /* of id-mapped mounts */
	int bundle_fd;
	int root_fd; /* O_PATH of the root file system; after the root step, of its mount in the new namespace */
	bool no_pivot, no_new_keyring;

	/* Terminal. */
	int console_socket; /* connected; -1: none */
	int console_master;
	bool terminal_here; /* run and exec in the foreground with a terminal: we copy bytes ourselves */

	int preserve_fds; /* 3 to 3+n-1 are the workload's */
	struct oci_filter oci_filter;
};
