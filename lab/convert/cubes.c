/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/cubes.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

static int add(struct cubes *set, const struct cube *cube)
{
	if (set->n == CUBES_MAX)
		return -E2BIG;
	if (set->n == set->room) {
		size_t room = set->room ? set->room * 2 : 8;
		struct cube *items = arena_array(set->arena, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (set->n > 0)
			memcpy(items, set->items, set->n * sizeof(*items));
		set->items = items;
		set->room = room;
	}
	set->items[set->n++] = *cube;
	return 0;
}

int cubes_everything(struct arena *arena, struct cubes *ret)
{
	static const struct cube all = { 0 };

	*ret = (struct cubes){ .arena = arena };
	return add(ret, &all);
}

/* The part of a cube where (low & mask) == value. */
static int add_equal(struct cubes *out, const struct cube *cube, unsigned int index, uint32_t mask,
		     uint32_t value)
{
	struct cube part = *cube;

	if ((cube->value[index] ^ value) & cube->mask[index] & mask)
		return 0;
	part.mask[index] |= mask;
	part.value[index] |= value & mask;
	return add(out, &part);
}

/*
 * The part where it is not: for each bit from the highest, those that are equal above it and differ in
 * it. So the pieces don't overlap, and there is one for each bit that is still free.
 */
static int add_different(struct cubes *out, const struct cube *cube, unsigned int index, uint32_t mask,
			 uint32_t value)
{
	uint32_t above = 0;

	if ((cube->value[index] ^ value) & cube->mask[index] & mask)
		return add(out, cube);
	for (uint32_t bit = UINT32_C(1) << 31; bit; bit >>= 1) {
		int r;

		if (!(mask & bit))
			continue;
		if (!(cube->mask[index] & bit)) {
			r = add_equal(out, cube, index, above | bit, (value & above) | (~value & bit));
			if (r < 0)
				return r;
		}
		above |= bit;
	}
	return 0;
}

static int add_pointer(struct cubes *out, const struct cube *cube, unsigned int index,
		       enum cube_pointer pointer)
{
	struct cube part = *cube;

	if (cube->pointer[index] != CUBE_FREE && cube->pointer[index] != pointer)
		return 0;
	part.pointer[index] = pointer;
	return add(out, &part);
}

/* The part of @cube in which the test holds, or the one in which it does not. */
static int add_part(struct cubes *out, const struct cube *cube, const struct argument_test *test,
		    const struct argument_values *values, bool holds)
{
	uint32_t value = argument_value(test, values);

	switch (test->op) {
	case ARGUMENT_END:
		return holds ? add(out, cube) : 0;
	case ARGUMENT_GIVEN:
		return add_pointer(out, cube, test->index, holds ? CUBE_GIVEN : CUBE_NULL);
	case ARGUMENT_IS:
		break;
	case ARGUMENT_ANY:
		value = 0;
		holds = !holds;
		break;
	case ARGUMENT_NOT:
	case ARGUMENT_OTHER_FD:
	case ARGUMENT_OTHER_UID:
	case ARGUMENT_OTHER_GID:
		holds = !holds;
		break;
	}
	return holds ? add_equal(out, cube, test->index, test->mask, value)
		     : add_different(out, cube, test->index, test->mask, value);
}

static int add_parts(struct cubes *out, const struct cubes *set, const struct argument_test *test,
		     const struct argument_values *values, bool holds)
{
	for (size_t i = 0; i < set->n; i++) {
		int r = add_part(out, &set->items[i], test, values, holds);

		if (r < 0)
			return r;
	}
	return 0;
}

int cubes_split(const struct cubes *set, const struct argument_rule *rule,
		const struct argument_values *values, struct cubes *ret_refused, struct cubes *ret_rest)
{
	struct cubes refused = *set, rest = { .arena = set->arena };

	for (size_t i = 0; i < ARGUMENT_TESTS_MAX && rule->tests[i].op != ARGUMENT_END; i++) {
		struct cubes next = { .arena = set->arena };
		int r = add_parts(&rest, &refused, &rule->tests[i], values, false);

		if (r == 0)
			r = add_parts(&next, &refused, &rule->tests[i], values, true);
		if (r < 0)
			return r;
		refused = next;
	}
	*ret_refused = refused;
	*ret_rest = rest;
	return 0;
}
