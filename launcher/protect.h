/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a program that launches must do before anything else. */
#include "base/macro.h"

struct error;

/** protect_standard() - open /dev/null for each of 0, 1 and 2 that the caller has closed. 0 or -1 with errno. */
int protect_standard(void) _must_check_;

/** protect_self() - undumpable, never setuid, the usual personality(2). 0 or -errno with *err filled. */
int protect_self(struct error *err) _must_check_;
