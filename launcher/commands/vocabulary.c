/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/vocabulary.h"

#include "base/macro.h"
#include "profiles/profile.h"
#include "seccomp/groups.h"

enum { GROUPS_MAX = 64 };

void vocabulary_fill(struct vocabulary *ret)
{
	/* Always filled with the same constants, so that it need not belong to anybody. */
	static const char *names[GROUPS_MAX];
	const struct syscall_group *groups;
	size_t n;

	groups = groups_all(&n);
	if (n > ARRAY_SIZE(names))
		n = ARRAY_SIZE(names);
	for (size_t i = 0; i < n; i++)
		names[i] = groups[i].name;
	ret->groups = names;
	ret->n_groups = n;
	ret->syscalls = syscall_names(&ret->n_syscalls);
}
