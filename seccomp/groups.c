/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/groups.h"

#include <stddef.h>

#include "base/str.h"
#include "seccomp/group_table.h"

static bool contains(const char *const *list, const char *name)
{
	for (size_t i = 0; list[i]; i++)
		if (str_equal(list[i], name))
			return true;

	return false;
}

const struct syscall_group *groups_all(size_t *ret_n)
{
	return group_table(ret_n);
}

const struct syscall_group *groups_find(const char *name)
{
	const struct syscall_group *groups;
	size_t n;

	groups = group_table(&n);
	for (size_t i = 0; i < n; i++)
		if (str_equal(groups[i].name, name))
			return &groups[i];

	return NULL;
}

const char *groups_of(const char *name)
{
	const struct syscall_group *groups;
	size_t n;

	groups = group_table(&n);
	for (size_t i = 0; i < n; i++)
		if (contains(groups[i].calls, name))
			return groups[i].name;

	return NULL;
}

bool syscall_never(int nr)
{
	const char *name = syscall_name(nr);

	return name && contains(group_never_calls(), name);
}

bool syscall_absent(int nr)
{
	const char *name = syscall_name(nr);

	return name && contains(group_absent_calls(), name);
}
