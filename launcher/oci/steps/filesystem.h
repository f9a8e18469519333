/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The step types of OCI containers that build the file system (process.h has the others). All that init does
 * happens in its own mount namespace, by descriptors, below the root's one.
 *
 * Order of application: propagation, root, mounts, devices, (console), readonly-paths, masked-paths,
 * root-readonly, pivot-root. In "root-readonly" the tmpfs mounts that are to be read-only become so, too:
 * until then mount points can be made in them.
 */
#include "launcher/step.h"

extern const struct step_type oci_step_propagation;
extern const struct step_type oci_step_root;
extern const struct step_type oci_step_mounts;
extern const struct step_type oci_step_devices;
extern const struct step_type oci_step_masked_paths;
extern const struct step_type oci_step_readonly_paths;
extern const struct step_type oci_step_root_readonly;
extern const struct step_type oci_step_pivot_root;
