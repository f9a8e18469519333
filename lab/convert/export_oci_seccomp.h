/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The filter of a profile as linux.seccomp of the runtime-spec. */
#include "base/macro.h"

struct arena;
struct error;
struct spec;
struct writer;

/**
 * export_oci_seccomp() - write the member "seccomp"
 *
 * The answers are those of the profile's own filter, but for execve(2), which the runtime itself calls
 * behind the filter. Return: 0 or -errno with *err filled.
 */
int export_oci_seccomp(const struct spec *spec, struct arena *arena, struct writer *writer, struct error *err)
	_must_check_;
