/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Resources of which nothing is given, as the reader starts. */
#include "profiles/oci/oci.h"

/* A test names what it gives after all that it doesn't: the last one counts (C11 6.7.9). */
#pragma GCC diagnostic ignored "-Woverride-init"

#define OCI_RESOURCES_UNSET                                                                                  \
	.memory_limit = OCI_UNSET, .memory_reservation = OCI_UNSET, .memory_swap = OCI_UNSET,                \
	.memory_kernel = OCI_UNSET, .memory_kernel_tcp = OCI_UNSET, .swappiness = OCI_UNSET,                 \
	.cpu_shares = OCI_UNSET, .cpu_quota = OCI_UNSET, .cpu_burst = OCI_UNSET, .cpu_period = OCI_UNSET,    \
	.cpu_rt_runtime = OCI_UNSET, .cpu_rt_period = OCI_UNSET, .cpu_idle = OCI_UNSET,                      \
	.io_weight = OCI_UNSET, .io_leaf_weight = OCI_UNSET, .network_class = OCI_UNSET
