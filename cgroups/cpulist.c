/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/cpulist.h"

#include <errno.h>
#include <stddef.h>

static int parse_number(const char **text, unsigned int *ret)
{
	const char *next = *text;
	unsigned int value = 0;

	if (*next < '0' || *next > '9')
		return -EINVAL;
	for (; *next >= '0' && *next <= '9'; next++) {
		value = value * 10 + (unsigned int)(*next - '0');
		if (value >= CGROUP_CPUS_MAX)
			return -ERANGE;
	}
	*text = next;
	*ret = value;
	return 0;
}

int cpulist_parse(const char *text, struct cpulist *ret)
{
	struct cpulist list = { 0 };

	while (*text != '\0' && *text != '\n') {
		unsigned int first, last;
		int r = parse_number(&text, &first);

		if (r < 0)
			return r;
		last = first;
		if (*text == '-') {
			text++;
			r = parse_number(&text, &last);
			if (r < 0)
				return r;
		}
		if (last < first)
			return -EINVAL;
		for (unsigned int cpu = first; cpu <= last; cpu++)
			list.words[cpu / 64] |= UINT64_C(1) << (cpu % 64);
		if (*text != ',')
			break;
		text++;
		if (*text == '\0' || *text == '\n')
			return -EINVAL;
	}
	if (*text == '\n')
		text++;
	if (*text != '\0')
		return -EINVAL;
	*ret = list;
	return 0;
}

bool cpulist_is_empty(const struct cpulist *list)
{
	for (size_t i = 0; i < sizeof(list->words) / sizeof(list->words[0]); i++)
		if (list->words[i] != 0)
			return false;
	return true;
}

bool cpulist_is_within(const struct cpulist *list, const struct cpulist *all)
{
	for (size_t i = 0; i < sizeof(list->words) / sizeof(list->words[0]); i++)
		if (list->words[i] & ~all->words[i])
			return false;
	return true;
}
