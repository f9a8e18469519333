/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/table/verdict.h"

#include <string.h>

#include "base/str.h"
#include "lab/table/probe_table.h"
#include "lab/table/trial.h"

bool verdict_lists(const char *names, const char *name)
{
	size_t length = strlen(name), part;

	for (const char *at = names; at && *at; at += part + (at[part] == ',')) {
		part = strcspn(at, ",");
		if (part == length && strncmp(at, name, length) == 0)
			return true;
	}
	return false;
}

enum verdict verdict_of(const struct trial_answer *answer, const char *allowed)
{
	if (!answer->known || answer->untestable[0])
		return VERDICT_UNTESTABLE;
	if (!str_equal(answer->answer, "OK"))
		return VERDICT_HOLDS;
	if (probe_table_answers(answer->row->strict, "OK"))
		return VERDICT_KNOWN;
	return verdict_lists(allowed, answer->row->name) ? VERDICT_ALLOWED : VERDICT_OPEN;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_HOLDS] = "holds",
		[VERDICT_OPEN] = "OPEN",
		[VERDICT_ALLOWED] = "open, as allowed",
		[VERDICT_KNOWN] = "known",
		[VERDICT_UNTESTABLE] = "not testable here",
	};

	return names[verdict];
}
