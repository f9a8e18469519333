/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sets of system call arguments as lists of cubes: some bits fixed, the rest free.
 *
 * kapsel's filter says which arguments are refused, and the first rule that matches decides. The
 * runtime-spec can only say which combinations are allowed, joined by "and", and libseccomp gives no
 * order among rules of one call. So the space of arguments is cut into pieces that don't overlap; each
 * is one rule with SCMP_CMP_MASKED_EQ. That looks at the low 32 bits alone, as the kernel does with an
 * int: with SCMP_CMP_NE, TIOCSTI | 1 << 32 would pass (CVE-2019-7303).
 */
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "seccomp/argument_rules.h"

struct arena;

enum { CUBE_ARGUMENTS = 6, CUBES_MAX = 4096 };

enum cube_pointer { CUBE_FREE, CUBE_NULL, CUBE_GIVEN }; /* all 64 bits: any, 0, not 0 */

struct cube {
	uint32_t mask[CUBE_ARGUMENTS], value[CUBE_ARGUMENTS]; /* (low & mask) == value */
	enum cube_pointer pointer[CUBE_ARGUMENTS];
};

struct cubes {
	struct arena *arena;
	struct cube *items;
	size_t n, room;
};

/** cubes_everything() - Return: 0 with @ret the one cube that leaves all free, or -ENOMEM. */
int cubes_everything(struct arena *arena, struct cubes *ret) _must_check_;

/**
 * cubes_split() - cut @set by a rule
 * @ret_refused: the part of @set that the rule refuses
 * @ret_rest:    the other one
 *
 * Return: 0, -ENOMEM, -E2BIG above CUBES_MAX pieces.
 */
int cubes_split(const struct cubes *set, const struct argument_rule *rule,
		const struct argument_values *values, struct cubes *ret_refused, struct cubes *ret_rest)
	_must_check_;
