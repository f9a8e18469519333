/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Judges a whole spec: settings that contradict each other are errors, openings that are
 * valid but weaken the container are warnings.
 */
#include <stdbool.h>

#include "profiles/findings.h"
#include "profiles/spec.h"

/** spec_check() - add errors and warnings about @spec; places come from its tree, where it has one. */
void spec_check(const struct spec *spec, struct findings *findings);

/** spec_check_secret_name() - Return: whether a variable of that name probably holds a secret (W108). */
bool spec_check_secret_name(const char *name);
