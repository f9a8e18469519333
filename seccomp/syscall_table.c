/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/syscall_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "seccomp/groups.h"

const struct syscall_row syscall_rows[SYSCALL_ROWS] = {
#define SYSCALL(name, x86_64, aarch64) { #name, x86_64, aarch64 },
#include "seccomp/syscall_table.inc"
#undef SYSCALL
};

static const char *const names[] = {
#define SYSCALL(name, x86_64, aarch64) #name,
#include "seccomp/syscall_table.inc"
#undef SYSCALL
	NULL,
};

#if defined(__x86_64__)
#define NATIVE(row) ((row)->x86_64)
#elif defined(__aarch64__)
#define NATIVE(row) ((row)->aarch64)
#else
#error "kapsel runs on x86-64 and aarch64"
#endif

static int compare_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct syscall_row *)row)->name);
}

int syscall_row_find(const char *name)
{
	const struct syscall_row *row;

	row = bsearch(name, syscall_rows, SYSCALL_ROWS, sizeof(*row), compare_name);
	return row ? (int)(row - syscall_rows) : -1;
}

int syscall_row_number(size_t row)
{
	return NATIVE(&syscall_rows[row]);
}

int syscall_row_of(int nr)
{
	if (nr < 0)
		return -1;
	for (size_t i = 0; i < SYSCALL_ROWS; i++)
		if (NATIVE(&syscall_rows[i]) == nr)
			return (int)i;

	return -1;
}

int syscall_number(const char *name)
{
	int row = syscall_row_find(name);

	if (row < 0)
		return -1;
	return syscall_row_number((size_t)row) < 0 ? -2 : syscall_row_number((size_t)row);
}

const char *syscall_name(int nr)
{
	int row = syscall_row_of(nr);

	return row < 0 ? NULL : syscall_rows[row].name;
}

const char *const *syscall_names(size_t *ret_n)
{
	*ret_n = SYSCALL_ROWS;
	return names;
}
