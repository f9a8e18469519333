/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Where the own program lies, also when it runs from a copy that has no place. */
#include <stddef.h>

#include "base/macro.h"

/**
 * program_path() - the own program's absolute path
 *
 * Return: 0, or -ENOENT when it has none: deleted, or in memory, and not remembered.
 */
int program_path(char *ret, size_t size) _must_check_;

/**
 * program_remember() - before we execute a copy of ourselves: leave the path in the environment for it
 *
 * The copy believes it only while its own path says nothing. Return: 0 or -errno.
 */
int program_remember(void) _must_check_;
