/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* process.execCPUAffinity (runtime-spec config.md). */
#include <sys/types.h>

struct error;

/** oci_scheduling_set_affinity() - let @pid (0: the caller) run on the CPUs of @list, "0-2,5". 0 or -errno.
 */
int oci_scheduling_set_affinity(const char *list, pid_t pid, struct error *err);
