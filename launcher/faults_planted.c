/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/faults.h"

#include <stdlib.h>
#include <string.h>

static bool named(const char *variable, const char *step)
{
	const char *list = getenv(variable);
	size_t length = strlen(step);

	while (list && *list) {
		size_t next = strcspn(list, ",");

		if (next == length && strncmp(list, step, length) == 0)
			return true;
		list += next;
		if (*list == ',')
			list++;
	}
	return false;
}

bool faults_skip_apply(const char *step)
{
	return named("KAPSEL_SKIP_APPLY", step);
}

bool faults_skip_verify(const char *step)
{
	return named("KAPSEL_SKIP_VERIFY", step);
}
