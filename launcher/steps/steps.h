/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Every step type, one file each. Their order stands in steps.c, and plan_check() proves it.
 */
#include "launcher/step.h"

struct spec_mount;

extern const struct step_type step_cgroup_limits;
extern const struct step_type step_device_filter;
extern const struct step_type step_listen;
extern const struct step_type step_user_namespace;
extern const struct step_type step_namespaces;
extern const struct step_type step_user_id;
extern const struct step_type step_hostname;
extern const struct step_type step_loopback;
extern const struct step_type step_root_filesystem;
extern const struct step_type step_proc;
extern const struct step_type step_dev;
extern const struct step_type step_mount;
extern const struct step_type step_secrets;
extern const struct step_type step_mask_paths;
extern const struct step_type step_sysctls;
extern const struct step_type step_nested_namespaces;
extern const struct step_type step_security_label;
extern const struct step_type step_program;
extern const struct step_type step_pivot_root;
extern const struct step_type step_working_directory;
extern const struct step_type step_keyring;
extern const struct step_type step_rlimits;
extern const struct step_type step_umask;
extern const struct step_type step_no_new_privs;
extern const struct step_type step_memory_execution;
extern const struct step_type step_capabilities;
extern const struct step_type step_undumpable;
extern const struct step_type step_descriptors;
extern const struct step_type step_landlock;
extern const struct step_type step_exec_once;
extern const struct step_type step_seccomp;

/** steps_all() - Return: all step types in the order of application, @ret_n of them. */
const struct step_type *const *steps_all(size_t *ret_n);

/** steps_find() - Return: the type of that name, or NULL. */
const struct step_type *steps_find(const char *name);
