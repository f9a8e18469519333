/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "lab/audit/facts.h"

static const struct topic {
	const char *title;
	const struct check *rows;
} topics[] = {
	{ "Who it is", checks_identity },
	{ "Capabilities", checks_capabilities },
	{ "Kernel protections of the process", checks_kernel },
	{ "System calls", checks_calls },
	{ "Namespaces", checks_isolation },
	{ "Network", checks_network },
	{ "Files and mounts", checks_mounts },
	{ "/proc, /sys and devices", checks_proc },
	{ "Limits", checks_limits },
	{ "Secrets and descriptors", checks_secrets },
	{ "The service", checks_service },
};

size_t checks_topics(void)
{
	return ARRAY_SIZE(topics);
}

const struct check *checks_topic(size_t i, size_t *ret_n, const char **ret_title)
{
	*ret_title = topics[i].title;
	*ret_n = 0;
	while (topics[i].rows[*ret_n].id)
		(*ret_n)++;
	return topics[i].rows;
}

const struct check *checks_find(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		for (const struct check *row = topics[i].rows; row->id; row++)
			if (str_equal(row->id, id))
				return row;
	return NULL;
}

bool checks_serves(const struct check *check, enum checks_catalog catalog, const char *number)
{
	const char *at = check->serves[catalog];
	size_t length = strlen(number);

	while (at && *at) {
		if (strncmp(at, number, length) == 0 && (at[length] == ' ' || at[length] == '\0'))
			return true;
		at += strcspn(at, " ");
		at += *at == ' ';
	}
	return false;
}

void opinion_judge(struct opinion *ret, unsigned int badness, const char *format, ...)
{
	va_list arguments;

	ret->state = OPINION_JUDGED;
	ret->badness = badness;
	va_start(arguments, format);
	vsnprintf(ret->value, sizeof(ret->value), format, arguments);
	va_end(arguments);
}

void opinion_amount(struct opinion *ret, uint64_t amount)
{
	ret->measured = true;
	ret->amount = amount;
}

void opinion_evidence(struct opinion *ret, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret->evidence, sizeof(ret->evidence), format, arguments);
	va_end(arguments);
}

void opinion_skip(struct opinion *ret, const char *format, ...)
{
	va_list arguments;

	ret->state = OPINION_NOT_APPLICABLE;
	ret->badness = 0;
	snprintf(ret->value, sizeof(ret->value), "n/a");
	va_start(arguments, format);
	vsnprintf(ret->evidence, sizeof(ret->evidence), format, arguments);
	va_end(arguments);
}

void opinion_unreadable(struct opinion *ret, int errnum, const char *what)
{
	ret->state = OPINION_NOT_READABLE;
	ret->badness = 0;
	snprintf(ret->value, sizeof(ret->value), "not readable");
	if (errnum == 0)
		snprintf(ret->evidence, sizeof(ret->evidence), "%s", what);
	else
		snprintf(ret->evidence, sizeof(ret->evidence), "not readable: %s: %s%s", what,
			 error_name(errnum), errnum == 13 || errnum == 1 ? ", run as root" : "");
}

void opinion_always(const struct check *check, const struct audit_declared *declared, struct opinion *ret)
{
	(void)check, (void)declared;
	opinion_judge(ret, 0, "always");
	opinion_evidence(ret, "kapsel does this for every profile");
}

void opinion_by_step(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_step *step = facts_step(facts, check->step);

	if (!facts->declared) {
		opinion_unreadable(ret, 0, "the kernel does not show this from outside");
		return;
	}
	if (!step || !str_equal(step->result, "holds")) {
		opinion_judge(ret, check->range, "not applied");
		opinion_evidence(ret, "the launcher's step %s %s", check->step,
				 step ? "found nothing to restrict" : "is not in the table of this run");
		return;
	}
	check->declared(check, facts->declared, ret);
	opinion_evidence(ret, "verified at start: %s: %s", check->step, step->report);
}
