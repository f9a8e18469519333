/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Criterion compares strings as char *; ours are const. */
#include <stdint.h>

static inline char *text(const char *string)
{
	return (char *)(uintptr_t)string;
}
