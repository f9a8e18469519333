/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/cubes.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/arena.h"
#include "base/str.h"

static const struct argument_values values = { .exec_fd = 1000, .uid = 65532, .gid = 100 };

static bool cube_holds(const struct cube *cube, const uint64_t args[6])
{
	for (size_t i = 0; i < CUBE_ARGUMENTS; i++) {
		if (((uint32_t)args[i] & cube->mask[i]) != cube->value[i])
			return false;
		if (cube->pointer[i] != CUBE_FREE && (args[i] != 0) != (cube->pointer[i] == CUBE_GIVEN))
			return false;
	}
	return true;
}

static size_t count(const struct cubes *set, const uint64_t args[6])
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += cube_holds(&set->items[i], args);
	return n;
}

/* Values of the rules themselves, their neighbours, and with bits above the int. */
static uint64_t pick(const struct argument_rule *rules, size_t n, unsigned int *seed)
{
	const struct argument_rule *rule = &rules[(size_t)rand_r(seed) % n];
	const struct argument_test *test = &rule->tests[rand_r(seed) % 3];
	uint64_t value = test->op == ARGUMENT_END ? (uint64_t)rand_r(seed) : argument_value(test, &values);

	switch (rand_r(seed) % 6) {
	case 0:
		return value ^ (UINT64_C(1) << rand_r(seed) % 32);
	case 1:
		return value | UINT64_C(1) << 32;
	case 2:
		return (uint64_t)(rand_r(seed) % 8);
	case 3:
		return value | (uint64_t)(rand_r(seed) % 0x1000);
	default:
		return value;
	}
}

static void compare(const char *call, const struct argument_rule *rules, size_t n)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct cubes rest, refused[16];
	unsigned int seed = 4711;

	cr_assert(le(sz, n, 16));
	cr_assert(zero(int, cubes_everything(arena, &rest)));
	for (size_t i = 0; i < n; i++)
		cr_assert(zero(int, cubes_split(&rest, &rules[i], &values, &refused[i], &rest)));
	for (size_t round = 0; round < 20000; round++) {
		uint64_t args[6];
		size_t pieces, first = n;

		for (size_t i = 0; i < 6; i++)
			args[i] = pick(rules, n, &seed);
		pieces = count(&rest, args);
		for (size_t i = 0; i < n; i++) {
			pieces += count(&refused[i], args);
			if (first == n && argument_rule_matches(&rules[i], args, &values))
				first = i;
		}
		cr_assert(eq(sz, pieces, 1), "%s: %zu pieces hold the same arguments", call, pieces);
		if (first == n)
			cr_assert(eq(sz, count(&rest, args), 1), "%s: allowed arguments got lost", call);
		else
			cr_assert(eq(sz, count(&refused[first], args), 1), "%s: rule %zu decides", call,
				  first);
	}
}

Test(cubes, say_what_the_rules_say_and_never_overlap)
{
	const struct argument_rule *rules;
	size_t n;

	rules = argument_rules(&n);
	for (size_t i = 0; i < n;) {
		size_t end = i;

		while (end < n && str_equal(rules[end].call, rules[i].call))
			end++;
		compare(rules[i].call, &rules[i], end - i);
		i = end;
	}
}

Test(cubes, leave_all_without_a_rule)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const uint64_t args[6] = { 1, 2, 3, UINT64_MAX, 5, 6 };
	struct cubes all;

	cr_assert(zero(int, cubes_everything(arena, &all)));
	cr_assert(eq(sz, all.n, 1));
	cr_assert(eq(sz, count(&all, args), 1));
}
