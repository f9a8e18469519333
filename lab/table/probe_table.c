/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/table/probe_table.h"

#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/table/rows.h"

enum { ROWS_MAX = 320, NUMBERS_MAX = 115 };

static const struct probe_row *const parts[] = {
	rows_mounts, rows_processes, rows_kernel,  rows_entry,   rows_files,
	rows_limits, rows_nodes,     rows_sockets, rows_lessons,
};

static size_t add_number(int number, struct probe_row *rows, size_t n)
{
	for (size_t p = 0; p < ARRAY_SIZE(parts); p++) {
		for (const struct probe_row *row = parts[p]; row->name; row++) {
			if (row->number == number && n < ROWS_MAX)
				rows[n++] = *row;
		}
	}
	return n;
}

/* Put together once: the parts are by topic, where a number may stand in two of them. */
const struct probe_row *probe_table(size_t *ret_n)
{
	static struct probe_row rows[ROWS_MAX];
	static size_t n;

	if (n == 0) {
		for (int number = 1; number <= NUMBERS_MAX; number++)
			n = add_number(number, rows, n);
	}
	*ret_n = n;
	return rows;
}

const struct probe_row *probe_table_find(const char *name)
{
	for (size_t p = 0; p < ARRAY_SIZE(parts); p++) {
		for (const struct probe_row *row = parts[p]; row->name; row++) {
			if (str_equal(row->name, name))
				return row;
		}
	}
	return NULL;
}

bool probe_table_answers(const char *expected, const char *answer)
{
	size_t length = strlen(answer), part;

	for (const char *at = expected; *at; at += part + (at[part] == '|')) {
		part = strcspn(at, "|");
		if (part == length && length > 0 && strncmp(at, answer, length) == 0)
			return true;
	}
	return false;
}
