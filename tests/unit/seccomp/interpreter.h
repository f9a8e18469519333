/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The kernel's view of a filter, without the kernel: its check (seccomp_check_filter) and a run. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** interpreter_accepts() - Return: whether the kernel would load the program. */
bool interpreter_accepts(const struct sock_filter *program, size_t n);

/**
 * interpreter_run() - Return: the action for @data
 * @ret_looked: whether the program read an argument; such a call isn't in the kernel's bitmap
 */
uint32_t interpreter_run(const struct sock_filter *program, size_t n, const struct seccomp_data *data,
			 bool *ret_looked);
