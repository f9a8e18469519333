/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A further process in a running container: through the same steps as the first one. */
#include <stdbool.h>

#include "launcher/host.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/run.h"
#include "launcher/plan.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"

struct oci_exec_options {
	const char *console_socket, *pid_file, *pidfd_socket; /* NULL: none */
	const char *cgroup; /* below the container's own; NULL: that itself */
	int preserve_fds;
	bool detach;
};

struct oci_execution {
	struct container *container;
	const struct oci_exec_options *options;
	struct oci oci; /* the container's config, with the process to be executed in it */
	struct spec spec;
	struct host host;
	struct plan plan;
	struct oci_run oci_run;
	struct run run;
};

/**
 * oci_exec() - make the process, verify it, let it execute
 *
 * Before: container, options and oci are filled. After: it runs, and run.init_pid is a child of ours.
 * 0 or -errno with *err filled and nothing left.
 */
int oci_exec(struct oci_execution *execution, struct error *err);

/** oci_execution_end() - close what is still open. */
void oci_execution_end(struct oci_execution *execution);
