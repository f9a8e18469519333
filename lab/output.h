/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Files that learn, import and export write. */
#include <stddef.h>

#include "base/macro.h"

struct error;

/**
 * output_save() - write a file whole or not at all; what was there is replaced
 * @path: the file, or a directory
 * @name: of the file, where @path is a directory; NULL: none may be
 *
 * Only a regular file is replaced: with a link or a device, as /dev/stdout is, the name itself would go.
 * Return: 0 or -errno with *err filled.
 */
int output_save(const char *path, const char *name, const char *text, size_t size, struct error *err)
	_must_check_;
