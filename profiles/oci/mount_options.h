/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The words of mounts[].options: one table that the reader parses with and that `features`
 * prints (mount(8), mount_setattr(2), runtime-spec config.md "Linux mount options").
 */
#include "base/macro.h"
#include "profiles/oci/oci.h"

struct arena;
struct error;

/**
 * mount_options_parse() - the flags that these words mean
 * @type: of the mount, "bind" sets flags.bind; NULL is allowed
 *
 * What is in no table goes to ret->data for the file system to judge. A later word
 * overrides an earlier one, as mount(8) does. Return: 0 or -errno.
 */
int mount_options_parse(const char *type, const struct spec_strings *options, struct arena *arena,
			struct oci_mount_flags *ret, struct error *err) _must_check_;

/** mount_options_names() - Return: all words of the table, sorted, NULL-terminated; static. */
const char *const *mount_options_names(void);
