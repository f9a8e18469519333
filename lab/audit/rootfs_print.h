/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Writes what was found in a root file system. */
#include <stdbool.h>
#include <stdio.h>

struct rootfs;

/** rootfs_print_table() - for people. @threshold: tenths, -1: none; @all: every path, not the first ones. */
void rootfs_print_table(FILE *out, const struct rootfs *rootfs, int threshold, bool all);

/** rootfs_print_json() - one object, with every path. */
void rootfs_print_json(FILE *out, const struct rootfs *rootfs, int threshold);
