/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A profile's filter and a config's as one program. */
#include "base/macro.h"
#include "seccomp/filter.h"
#include "seccomp/oci_filter.h"

/**
 * oci_filter_join() - put @first in front of @filter: where it allows a call, the config's own part answers
 * @first: without a listener and without on_violation "log"
 * @arena: owns the new program
 *
 * Return: 0; -E2BIG when the kernel wouldn't take both together; -ENOMEM.
 */
int oci_filter_join(const struct filter *first, struct arena *arena, struct oci_filter *filter,
		    struct error *err) _must_check_;
