/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/devices.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "device_interpreter.h"

enum { R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE, M = BPF_DEVCG_ACC_MKNOD };

static bool allows(const struct device_rule *rules, size_t n_rules, bool block, uint32_t major,
		   uint32_t minor, uint32_t access)
{
	struct bpf_insn insns[DEVICES_INSNS_MAX];
	int n = devices_compile(rules, n_rules, insns);

	cr_assert(gt(int, n, 0));
	return device_interpreter_allows(insns, n, block, major, minor, access);
}

Test(devices_compile, denies_everything_without_a_rule)
{
	for (uint32_t access = 0; access <= (R | W | M); access++) {
		cr_assert(not(allows(NULL, 0, false, 1, 3, access)));
		cr_assert(not(allows(NULL, 0, true, 8, 0, access)));
	}
}

static const struct device_rule rules[] = {
	{ .major = 1, .minor = 3, .read = true, .write = true },
	{ .major = 1, .minor = 5, .read = true },
	{ .major = 136, .any_minor = true, .read = true, .write = true },
	{ .block = true, .major = 8, .minor = 0, .read = true, .write = true, .mknod = true },
	{ .block = true, .any_major = true, .any_minor = true, .mknod = true },
	{ .major = 0xfffffff0, .minor = 0xfffffffe, .read = true },
};

static const struct {
	bool block;
	uint32_t major, minor, access;
	bool allowed;
} table[] = {
	{ false, 1, 3, R, true },
	{ false, 1, 3, W, true },
	{ false, 1, 3, R | W, true },
	{ false, 1, 3, M, false },
	{ false, 1, 3, R | M, false },
	{ true, 1, 3, R, false },
	{ false, 1, 4, R, false },
	{ false, 3, 1, R, false },
	{ false, 2, 3, R, false },
	{ false, 1, 5, R, true },
	{ false, 1, 5, W, false },
	{ false, 1, 5, R | W, false },
	{ false, 136, 0, R | W, true },
	{ false, 136, 4095, R | W, true },
	{ false, 137, 0, R, false },
	{ true, 8, 0, R | W | M, true },
	{ false, 8, 0, R, false },
	{ true, 8, 1, R, false },
	{ true, 8, 1, M, true },
	{ true, 8, 1, R | M, false },
	{ true, 259, 77, M, true },
	{ false, 259, 77, M, false },
	{ false, 0xfffffff0, 0xfffffffe, R, true },
	{ false, 0xfffffff0, 0xffffffff, R, false },
	{ false, 0, 0, 0, false },
};

Test(devices_compile, allows_exactly_what_the_rules_list)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		cr_assert(eq(int,
			     allows(rules, ARRAY_SIZE(rules), table[i].block, table[i].major, table[i].minor,
				    table[i].access),
			     table[i].allowed),
			  "row %zu: %c %u:%u access %u", i, table[i].block ? 'b' : 'c', table[i].major,
			  table[i].minor, table[i].access);
}

Test(devices_compile, adds_up_rules_for_one_device)
{
	const struct device_rule two[] = {
		{ .major = 10, .minor = 200, .read = true },
		{ .major = 1, .minor = 3, .read = true },
		{ .major = 10, .minor = 200, .write = true },
	};

	cr_assert(allows(two, ARRAY_SIZE(two), false, 10, 200, R | W));
	cr_assert(not(allows(two, ARRAY_SIZE(two), false, 10, 200, R | W | M)));
	cr_assert(not(allows(two, ARRAY_SIZE(two), false, 1, 3, R | W)));
}

Test(devices_compile, lets_the_first_rule_that_matches_decide)
{
	const struct device_rule mixed[] = {
		{ .major = 1, .minor = 3, .read = true },
		{ .deny = true, .major = 1, .any_minor = true, .read = true, .write = true },
		{ .major = 1, .minor = 5, .read = true, .mknod = true },
		{ .any_major = true, .any_minor = true, .read = true, .write = true },
	};
	const size_t n = ARRAY_SIZE(mixed);

	cr_assert(allows(mixed, n, false, 1, 3, R));
	cr_assert(not(allows(mixed, n, false, 1, 3, W)));
	cr_assert(not(allows(mixed, n, false, 1, 3, R | W)), "what is denied in part is denied");
	cr_assert(not(allows(mixed, n, false, 1, 5, R)));
	cr_assert(allows(mixed, n, false, 1, 5, M));
	cr_assert(not(allows(mixed, n, false, 1, 5, R | M)));
	cr_assert(allows(mixed, n, false, 2, 5, R | W));
	cr_assert(not(allows(mixed, n, false, 2, 5, M)));
}

Test(devices_compile, does_not_move_a_minor_past_a_rule_that_denies_it)
{
	const struct device_rule mixed[] = {
		{ .major = 1, .minor = 3, .read = true },
		{ .deny = true, .major = 1, .minor = 5, .read = true },
		{ .deny = true, .major = 1, .minor = 6, .read = true },
		{ .major = 1, .minor = 5, .read = true },
		{ .major = 1, .minor = 6, .read = true },
		{ .major = 1, .minor = 7, .read = true },
	};

	for (uint32_t minor = 0; minor < 40; minor++)
		cr_assert(eq(int, allows(mixed, ARRAY_SIZE(mixed), false, 1, minor, R),
			     minor == 3 || minor == 7));
}

Test(devices_compile, ignores_a_rule_that_allows_nothing)
{
	const struct device_rule empty = { .major = 1, .minor = 3 };

	cr_assert(not(allows(&empty, 1, false, 1, 3, R)));
	cr_assert(not(allows(&empty, 1, false, 1, 3, 0)));
}

Test(devices_compile, shares_one_block_among_minors)
{
	struct bpf_insn insns[DEVICES_INSNS_MAX];
	struct device_rule mixed[4] = {
		{ .major = 1, .minor = 3, .read = true, .write = true },
		{ .major = 1, .minor = 9, .read = true, .write = true },
		{ .major = 1, .minor = 9, .read = true },                 /* another access: not shared */
		{ .major = 1, .minor = 40, .read = true, .write = true }, /* no bit for it */
	};
	int two = devices_compile(mixed, 2, insns);

	cr_assert(eq(int, two, devices_compile(mixed, 1, insns)));
	cr_assert(gt(int, devices_compile(mixed, 3, insns), two));
	for (uint32_t minor = 0; minor < 100; minor++)
		cr_assert(eq(int, allows(mixed, 4, false, 1, minor, W),
			     minor == 3 || minor == 9 || minor == 40));
	cr_assert(not(allows(mixed, 4, false, 2, 3, R)));
	cr_assert(not(allows(mixed, 4, true, 1, 3, R)));
}

Test(devices_compile, refuses_more_rules_than_fit)
{
	struct device_rule *many = calloc(1000, sizeof(*many));
	struct bpf_insn insns[DEVICES_INSNS_MAX];
	size_t fitting = 0;

	cr_assert(ne(ptr, many, NULL));
	for (size_t i = 0; i < 1000; i++)
		many[i] = (struct device_rule){ .major = (uint32_t)i, .minor = 1, .read = true };
	while (devices_compile(many, fitting + 1, insns) > 0)
		fitting++;
	cr_assert(ge(sz, fitting, 90));
	cr_assert(le(int, devices_compile(many, fitting, insns), DEVICES_INSNS_MAX));
	cr_assert(eq(int, devices_compile(many, fitting + 1, insns), -E2BIG));
	cr_assert(allows(many, fitting, false, (uint32_t)fitting - 1, 1, R));
	free(many);
}
