/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
#include <stdint.h>

struct error;

/**
 * capabilities_set() - set the effective and permitted sets to @effective, the inheritable one
 * to @inheritable (capset(2)). 0 or -errno with *err filled.
 */
int capabilities_set(uint64_t effective, uint64_t inheritable, struct error *err);

/** capabilities_drop_bounding() - lower the bounding set to @keep; needs CAP_SETPCAP. 0 or -errno. */
int capabilities_drop_bounding(uint64_t keep, struct error *err);
