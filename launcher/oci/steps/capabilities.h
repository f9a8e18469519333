/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The two halves of the capabilities that stand elsewhere: before the switch of ids, and after the filter. */
struct error;
struct run;

/** oci_capabilities_drop_bounding() - lower the bounding set, while CAP_SETPCAP is there. 0 or -errno. */
int oci_capabilities_drop_bounding(const struct run *run, struct error *err);

/** oci_capabilities_finish() - the sets as listed, after CAP_SYS_ADMIN was needed for the filter. 0 or
 * -errno. */
int oci_capabilities_finish(struct run *run, struct error *err);
