/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Durations as Go writes them: "5s", "1m30s", "1.5h", "300ms".
 */
#include <stdint.h>

#include "base/macro.h"

/** duration_parse() - to milliseconds, at least 1. 0 or -EINVAL. */
int duration_parse(const char *text, uint64_t *ret_ms) _must_check_;
