/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The flags of update, which are runc's, as resources.
 */
#include "base/macro.h"
#include "launcher/oci/commands/command.h"
#include "profiles/oci/oci.h"

/** update_options - the option table of the verb. */
extern const struct oci_option update_options[];

/**
 * update_flags_read() - what the flags say
 * @ret: nothing given, so far (oci_resources_init())
 *
 * A number 0 means "as it is", as it does for runc. Return: 0 or -errno with *err filled.
 */
int update_flags_read(const struct oci_parse *parse, struct oci_resources *ret, struct error *err)
	_must_check_;

/** update_flags_bytes() - "512m", "1.5g", "-1" (no limit) to bytes, units of 1024. 0, -EINVAL or -ERANGE. */
int update_flags_bytes(const char *text, uint64_t *ret) _must_check_;
