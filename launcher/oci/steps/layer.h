/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The steps of a layer that profiles' own steps can't do: no supervisor stays, and the config has a say. */
#include "launcher/step.h"

struct run;

extern const struct step_type oci_step_layer_landlock;
extern const struct step_type oci_step_layer_seccomp;

/**
 * oci_layer_allow_programs() - Landlock rules for the command, what exec.allow lists, and their interpreters
 *
 * Return: 0 or -errno.
 */
int oci_layer_allow_programs(const struct run *run, int ruleset, int root, struct error *err);
