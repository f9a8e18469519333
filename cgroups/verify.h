/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the kernel says of a setting, compared by meaning with what was written: it
 * rounds memory to pages, and names every limit of a device where we wrote one.
 */
#include <stdbool.h>

#include "cgroups/cgroup.h"

/** verify_file() - Return: the file that tells whether the setting holds; not always the one written. */
const char *verify_file(const struct cgroup_setting *setting);

/** verify_same() - Return: whether the text of verify_file(), without newline, means what was asked for. */
bool verify_same(const struct cgroup_setting *setting, const char *got);
