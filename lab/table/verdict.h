/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a probe's answer says of the profile it was made under. */
#include <stdbool.h>

struct trial_answer;

enum verdict {
	VERDICT_HOLDS,      /* stopped, by whichever layer */
	VERDICT_OPEN,       /* it worked, and the hardest default stops it */
	VERDICT_ALLOWED,    /* the same, but it was said that it may */
	VERDICT_KNOWN,      /* it worked, and no profile stops it: the table says so */
	VERDICT_UNTESTABLE, /* proves nothing here */
};

/**
 * verdict_of() - judge one answer
 * @allowed: names that may work, separated by commas, or NULL
 */
enum verdict verdict_of(const struct trial_answer *answer, const char *allowed);

/** verdict_name() - Return: "holds", "OPEN", "open, as allowed", "known", "not testable here". */
const char *verdict_name(enum verdict verdict);

/** verdict_lists() - Return: whether @name is one of @names, separated by commas; NULL has none. */
bool verdict_lists(const char *names, const char *name);
