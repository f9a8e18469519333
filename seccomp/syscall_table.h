/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The rows of syscall_table.inc. A row index is smaller and denser than a name or a
 * number, so that decisions are kept in arrays of one entry per row.
 */
#include <stddef.h>

struct syscall_row {
	const char *name;
	short x86_64;  /* -1: not there */
	short aarch64; /* -1: not there */
};

enum syscall_row_count {
#define SYSCALL(name, x86_64, aarch64) SYSCALL_ROW_##name,
#include "seccomp/syscall_table.inc"
#undef SYSCALL
	SYSCALL_ROWS
};

extern const struct syscall_row syscall_rows[SYSCALL_ROWS];

/** syscall_row_find() - Return: the row of that name, or -1. */
int syscall_row_find(const char *name);

/** syscall_row_number() - Return: the number of @row on this architecture, or -1. */
int syscall_row_number(size_t row);

/** syscall_row_of() - Return: the row of the number on this architecture, or -1. */
int syscall_row_of(int nr);
