/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A bundle of the OCI runtime-spec as a profile. */
#include "base/macro.h"

struct draft;
struct error;
struct oci;

/**
 * import_oci() - translate a bundle
 * @path: its directory, or a config.json
 *
 * Return: 0 or -errno with *err filled.
 */
int import_oci(struct draft *draft, const char *path, struct error *err) _must_check_;

/* The parts of it. */
void import_oci_limits(struct draft *draft, const struct oci *oci);
void import_oci_mounts(struct draft *draft, const struct oci *oci);
void import_oci_devices(struct draft *draft, const struct oci *oci);
void import_oci_namespaces(struct draft *draft, const struct oci *oci);
void import_oci_seccomp(struct draft *draft, const struct oci *oci);
