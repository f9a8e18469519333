/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Where the own program lies, also when it runs from a copy that has no place. */
#include <stddef.h>

#include "base/macro.h"

struct error;

/**
 * program_path() - the own program's absolute path
 *
 * Return: 0, or -ENOENT when it has none: deleted, or in memory, and not remembered.
 */
int program_path(char *ret, size_t size) _must_check_;

/**
 * program_helper() - find a program that belongs to this one: beside it, or in @libexec_dir
 *
 * Beside it first: a build that isn't installed must not talk to another version.
 * Return: 0, or -ENOPKG with *err filled.
 */
int program_helper(const char *name, const char *libexec_dir, char *ret, size_t size, struct error *err)
	_must_check_;

/**
 * program_remember() - before we execute a copy of ourselves: leave the path in the environment for it
 *
 * The copy believes it only while its own path says nothing. Return: 0 or -errno.
 */
int program_remember(void) _must_check_;
