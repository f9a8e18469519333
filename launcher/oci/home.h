/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* HOME for a workload whose config doesn't give it: engines leave that to the runtime. */
#include <stddef.h>
#include <sys/types.h>

/**
 * oci_home_find() - "HOME=…" of @uid from /etc/passwd of the root we stand in, "HOME=/" without an entry
 *
 * The file is the image's: read in pieces, without the C library's name services, which would load its
 * libraries. Allocates nothing.
 */
void oci_home_find(uid_t uid, char *ret, size_t size);
