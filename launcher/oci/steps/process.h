/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The step types of OCI containers that are about the process, not its file system
 * (filesystem.h has those). create and exec use the same ones.
 */
#include "launcher/step.h"

extern const struct step_type oci_step_user_namespace;
extern const struct step_type oci_step_namespaces;
extern const struct step_type oci_step_uts_names;
extern const struct step_type oci_step_console;
extern const struct step_type oci_step_working_directory;
extern const struct step_type oci_step_rlimits;
extern const struct step_type oci_step_oom_score;
extern const struct step_type oci_step_scheduling;
extern const struct step_type oci_step_memory_policy;
extern const struct step_type oci_step_net_devices;
extern const struct step_type oci_step_personality;
extern const struct step_type oci_step_identity;
extern const struct step_type oci_step_capabilities;
extern const struct step_type oci_step_program;
extern const struct step_type oci_step_hooks;
extern const struct step_type oci_step_descriptors;
extern const struct step_type oci_step_seccomp;
