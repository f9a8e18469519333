/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/filters.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

static const char *const keys[] = { "status", "label", "name" };

static bool is_one_of(const void *arg, const char *value)
{
	const char *const *values = arg;

	for (; *values; values++)
		if (str_equal(*values, value))
			return true;
	return false;
}

Test(filters, of_one_key_one_must_hold_and_of_labels_all)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	static const char *const a[] = { "a", NULL }, *const ab[] = { "a", "b", NULL },
				 *const c[] = { "c", NULL };
	char mistake[FILTERS_MISTAKE_MAX];
	struct filters filters;

	cr_assert(zero(int, filters_parse("status=a,status=b", keys, 3, arena, &filters, mistake)));
	cr_assert(filters_allow(&filters, "status", false, is_one_of, a));
	cr_assert(not(filters_allow(&filters, "status", false, is_one_of, c)));
	cr_assert(not(filters_allow(&filters, "status", true, is_one_of, a)));
	cr_assert(filters_allow(&filters, "status", true, is_one_of, ab));
	cr_assert(filters_allow(&filters, "name", false, is_one_of, c), "nothing was asked of the name");
}

Test(filters, a_value_may_have_an_equals_sign)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char mistake[FILTERS_MISTAKE_MAX];
	struct filters filters;

	cr_assert(zero(int, filters_parse("label=tier=front", keys, 3, arena, &filters, mistake)));
	cr_assert(filters_have(&filters, "label", "tier=front"));
	cr_assert(filters_have(&filters, "label", NULL));
	cr_assert(not(filters_have(&filters, "status", NULL)));
}

Test(filters, mistakes_are_named)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char mistake[FILTERS_MISTAKE_MAX], many[FILTERS_MAX * 10] = "";
	struct filters filters;

	cr_assert(eq(int, filters_parse("running", keys, 3, arena, &filters, mistake), -EINVAL));
	cr_assert(eq(str, mistake, "write KEY=VALUE, not \"running\""));
	cr_assert(eq(int, filters_parse("stauts=x", keys, 3, arena, &filters, mistake), -EINVAL));
	cr_assert(eq(str, mistake, "unknown filter \"stauts\"; did you mean \"status\"?"));
	cr_assert(eq(int, filters_parse("volume=x", keys, 3, arena, &filters, mistake), -EINVAL));
	cr_assert(eq(str, mistake, "unknown filter \"volume\"; there are status, label, name"));
	for (int i = 0; i <= FILTERS_MAX; i++)
		strcat(many, "name=x,");
	cr_assert(eq(int, filters_parse(many, keys, 3, arena, &filters, mistake), -EINVAL));
}

Test(filters, a_mistake_of_any_length_stays_in_its_buffer)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char mistake[FILTERS_MISTAKE_MAX], large[1024];
	struct filters filters;

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 3] = '=';
	large[sizeof(large) - 1] = '\0';
	cr_assert(eq(int, filters_parse(large, keys, 3, arena, &filters, mistake), -EINVAL));
	cr_assert(eq(sz, strlen(mistake), FILTERS_MISTAKE_MAX - 1));
}
