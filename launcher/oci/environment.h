/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* argv and environment of the workload, with room for what is known only inside. */
struct error;
struct run;

enum { OCI_PRESERVE_MAX = 1024 };

/**
 * oci_environment_build() - fill run->argv, run->envp and what of them init completes (HOME, LISTEN_PID)
 * @preserve_fds: of --preserve-fds; those of LISTEN_FDS come before them
 *
 * Every descriptor that shall reach the workload must be open. 0 or -errno.
 */
int oci_environment_build(struct run *run, int preserve_fds, struct error *err);
