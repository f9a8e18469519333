/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the processes of create (or exec) hold beyond struct run: the runtime fills it before clone3, init
 * works on its copy. Descriptors are -1 when empty. run->oci points here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "launcher/oci/layer.h"
#include "launcher/oci/state.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"
#include "seccomp/oci_filter.h"

enum { OCI_PROGRAM_MAX = 4096, OCI_HOME_SIZE = 512 };

struct oci_run {
	const struct oci *oci;
	const struct oci_process *process; /* of the config, or what exec was given */
	struct oci_state *state;
	char *state_json; /* shared with init: the state object for the hooks that it runs, "creating" … */
	char *state_json_created; /* … and "created" */
	size_t state_json_size;   /* of each */
	int state_fd;             /* <root>/<id> */
	bool exec;                /* a process that joins, not the first one */
	bool rootless;            /* the caller is not root of the initial user namespace */

	/* Namespaces. */
	int join_fds[OCI_NS_TYPES]; /* of namespaces given by path */
	uint64_t clone_flags;       /* of the new ones that clone3 makes */
	bool new_userns, new_cgroup, new_time;
	bool clone_into_cgroup; /* clone3 puts it there; else it is moved once it is made */
	int container_pidfd;    /* exec: whose namespaces are entered, those of exec_flags */
	uint64_t exec_flags;
	int enter_fd; /* exec: the root of the container's process, -1: that of its mount namespace */
	const char *exec_cgroup; /* exec --cgroup: below the container's own; NULL: that itself */

	/* Mounts; arrays of oci->n_mounts. */
	int *source_fds; /* detached sources that only the caller's rights can open (new user namespace) */
	int bundle_fd;
	int root_fd; /* O_PATH of the root file system; after the root step, of its mount in the new namespace
		      */
	bool no_pivot, no_new_keyring;

	char *uid_map, *gid_map; /* as /proc/<pid>/uid_map takes them */

	/* Terminal. */
	int console_socket; /* connected, -1: none */
	int console_master; /* runtime: what init handed over */
	int console_slave;  /* init */

	/* Where init waits for `start`: a listening socket in the state directory; -1 for exec. */
	int gate_fd;
	int start_fd; /* init: the connection of `start` */

	/* Identity. */
	mode_t caller_umask;     /* for hooks: programs of the host */
	bool dies_with_parent;   /* until the runtime has let it go */
	uint64_t permitted;      /* capabilities that were there to be given */
	bool late_seccomp_admin; /* CAP_SYS_ADMIN stays until the filter is loaded */
	char program[OCI_PROGRAM_MAX];
	char *home;       /* space in envp for "HOME=…", NULL: the config gives it */
	char *listen_pid; /* space in envp for "LISTEN_PID=…", NULL without LISTEN_FDS */

	int preserve_fds; /* 3 to 3+n-1 are the workload's */
	struct oci_filter oci_filter;

	/* What the annotation asks for on top of the config; NULL: nothing. */
	const struct oci_layer *layer;
	bool layer_joined; /* its filter is part of oci_filter */
};
