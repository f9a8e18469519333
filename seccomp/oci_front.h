/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What stands in front of libseccomp's part of an OCI filter: it answers calls that the
 * config's author, or libseccomp, could not know of yet. It never looks at arguments, so
 * that the kernel's bitmap of allowed calls (Linux 5.11) still works.
 *
 * Why ENOSYS: a list of allowed calls was written for some kernel. A C library that is
 * newer tries a newer call first and falls back to the older one if the answer is ENOSYS,
 * but takes EPERM for the final word: glibc 2.33's faccessat2 and 2.34's clone3 broke every
 * container in this way. So a call newer than all that the rules name, on its
 * architecture, does not exist. One that is older and not named was left out on purpose.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct code;
struct oci_seccomp;

/**
 * oci_front_write() - write it, so that what follows in @code is reached by all other calls
 * @tokens: the architectures, SCMP_ARCH_*, each once
 */
void oci_front_write(struct code *code, const struct oci_seccomp *seccomp, const uint32_t *tokens,
		     size_t n_tokens);
