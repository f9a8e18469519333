/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* From a policy to BPF. */
#include <linux/filter.h>
#include <stddef.h>

struct arena;
struct error;
struct filter_options;
struct policy;

/**
 * compile_policy() - write the program
 * @arena: owns *ret_program
 *
 * Return: 0 or -errno with *err filled.
 */
int compile_policy(const struct policy *policy, const struct filter_options *options, struct arena *arena,
		   struct sock_filter **ret_program, size_t *ret_n, struct error *err);
