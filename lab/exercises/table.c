/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/table.h"

#include "base/macro.h"
#include "base/str.h"

enum { EXERCISES_MAX = 64 };

/* In the order in which a class meets them. */
static const struct exercise *const topics[] = {
	exercise_rows_files,          exercise_rows_identity, exercise_rows_rights,  exercise_rows_mounts,
	exercise_rows_calls,          exercise_rows_code,     exercise_rows_kernel,  exercise_rows_limits,
	exercise_rows_process_limits, exercise_rows_network,  exercise_rows_sockets,
};

/* What the arrays hold, one behind the other. More than EXERCISES_MAX would be left out: a unit test counts.
 */
static size_t gather(struct exercise *all)
{
	size_t n = 0;

	for (size_t t = 0; t < ARRAY_SIZE(topics); t++) {
		for (const struct exercise *row = topics[t]; row->id && n < EXERCISES_MAX; row++) {
			all[n] = *row;
			all[n].number = (int)n + 1;
			n++;
		}
	}
	return n;
}

const struct exercise *exercise_table(size_t *ret_n)
{
	static struct exercise all[EXERCISES_MAX];
	static size_t n; /* 0 until the first call; nothing changes afterwards */

	if (n == 0)
		n = gather(all);
	*ret_n = n;
	return all;
}

const struct exercise *exercise_find(const char *which)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);
	uint32_t number;

	if (str_to_u32(which, &number) == 0)
		return number >= 1 && number <= n ? &all[number - 1] : NULL;
	for (size_t i = 0; i < n; i++) {
		if (str_equal(all[i].id, which))
			return &all[i];
	}
	return NULL;
}
