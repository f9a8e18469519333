/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* From linux.seccomp to BPF, without the cache. */
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct arena;
struct error;
struct oci_seccomp;
struct oci_seccomp_rule;

/**
 * oci_compile_filter() - write the program
 * @arena: owns *ret_program
 *
 * Return: 0; -EINVAL for what cannot be had as it was written; -errno. *err says where.
 */
int oci_compile_filter(const struct oci_seccomp *seccomp, struct arena *arena,
		       struct sock_filter **ret_program, size_t *ret_n, struct error *err) _must_check_;

/** oci_compile_action() - Return: SECCOMP_RET_* of the rule with its data: the errno, EPERM if none is given.
 */
uint32_t oci_compile_action(const struct oci_seccomp_rule *rule);

/** oci_compile_default() - Return: the same for all other calls. */
uint32_t oci_compile_default(const struct oci_seccomp *seccomp);
