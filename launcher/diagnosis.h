/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a host means for containers on it, feature by feature: a table of questions over
 * struct host_details. Pure, so that the answers for other machines can be tested.
 */
#include <stdbool.h>
#include <stddef.h>

struct host_details;

enum diagnosis_state {
	DIAGNOSIS_OK,
	DIAGNOSIS_LIMITED, /* containers start, with less */
	DIAGNOSIS_MISSING,
};

/* Text that holds what was found, and what to do about it. */
struct diagnosis_answer {
	enum diagnosis_state state;
	char found[400];
	char remedy[400]; /* "": none needed or none known */
};

struct diagnosis {
	const char *name;        /* stable id: "cgroup-memory" */
	const char *meaning;     /* what a container gets from it */
	bool needed;             /* a default profile doesn't start without it */
	unsigned int controller; /* for the rows of cgroup controllers */
	void (*assess)(const struct diagnosis *diagnosis, const struct host_details *details,
		       struct diagnosis_answer *ret);
};

/** diagnosis_all() - Return: the table; *ret_n its length. */
const struct diagnosis *diagnosis_all(size_t *ret_n);

/** diagnosis_assess() - answer one row; every field of @ret is set. */
void diagnosis_assess(const struct diagnosis *diagnosis, const struct host_details *details,
		      struct diagnosis_answer *ret);

/** diagnosis_state_name() - Return: "ok", "limited" or "missing". */
const char *diagnosis_state_name(enum diagnosis_state state);

/** diagnosis_blocks() - Return: whether this answer keeps a default profile from starting. */
static inline bool diagnosis_blocks(const struct diagnosis *diagnosis, const struct diagnosis_answer *answer)
{
	return diagnosis->needed && answer->state == DIAGNOSIS_MISSING;
}
