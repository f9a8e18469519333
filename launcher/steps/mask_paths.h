/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What "proc": "full" covers, and what it leaves read-only. */
#include "profiles/spec.h"

extern const struct spec_strings mask_paths_masked;
extern const struct spec_strings mask_paths_readonly;
