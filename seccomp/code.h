/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* BPF instructions in the making: some written by hand, some by libseccomp. */
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct error;

struct code {
	struct sock_filter *items; /* room for BPF_MAXINSNS */
	size_t n;
	bool full; /* one more would not have fit: the program is no use */
};

/** code_add() - append one instruction, or set full. */
void code_add(struct code *code, uint16_t op, uint8_t jt, uint8_t jf, uint32_t k);

/**
 * code_import() - append what libseccomp makes of @filter (seccomp_export_bpf(3))
 *
 * Return: 0; -E2BIG when it does not fit; -errno.
 */
int code_import(struct code *code, scmp_filter_ctx filter, struct error *err) _must_check_;
