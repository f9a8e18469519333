/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A proposal as a profile with a reason on each line, and as a difference to the present one. */
#include <stdio.h>

#include "base/macro.h"

struct arena;
struct proposal;

/** propose_print() - write the profile as JSON with comments. */
void propose_print(const struct proposal *proposal, FILE *out);

/**
 * propose_print_diff() - write what changes against the present profile, "-" and "+" lines
 * @name: of the present profile
 *
 * Return: 0 or -ENOMEM.
 */
int propose_print_diff(const struct proposal *proposal, const char *name, FILE *out) _must_check_;
