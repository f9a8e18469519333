/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/keys.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "top/screen.h"
#include "top_fixture.h"

static struct fixture fixture;
static struct top top;

static void begin(void)
{
	fixture_add(&fixture, "db");
	fixture_add(&fixture, "job");
	fixture_add(&fixture, "web");
	fixture_show(&top, &fixture);
}

static void end(void)
{
	model_clear(&top.model);
}

TestSuite(top_keys, .init = begin, .fini = end);

static void press(const char *keys)
{
	for (; *keys; keys++)
		keys_press(&top, *keys);
}

Test(top_keys, select_rows_and_let_the_log_follow)
{
	press("jj");
	cr_assert(eq(str, top.model.selected, "web"));
	cr_assert(eq(uint, fixture_follows, 2));
	keys_press(&top, SCREEN_KEY_UP);
	cr_assert(eq(str, top.model.selected, "job"));
	press("g");
	cr_assert(eq(str, top.model.selected, "db"));
	keys_press(&top, SCREEN_KEY_END);
	cr_assert(eq(str, top.model.selected, "web"));
}

Test(top_keys, act_only_after_a_yes)
{
	press("jjs");
	cr_assert(eq(int, top.prompt, TOP_ASK));
	cr_assert(eq(str, fixture_acted, ""));
	press("n");
	cr_assert(eq(int, top.prompt, TOP_NO_PROMPT));
	cr_assert(eq(str, fixture_acted, ""));
	press("s");
	keys_press(&top, SCREEN_KEY_ENTER);
	cr_assert(eq(str, fixture_acted, ""));
	press("sy");
	cr_assert(eq(str, fixture_acted, "stop web"));
	press("Ry");
	cr_assert(eq(str, fixture_acted, "restart web"));
	press("Ky");
	cr_assert(eq(str, fixture_acted, "kill web"));
}

Test(top_keys, act_on_the_service_that_was_asked_about)
{
	press("s");
	model_move(&top.model, 2); /* as if the rows had moved */
	press("y");
	cr_assert(eq(str, fixture_acted, "stop db"));
}

Test(top_keys, do_not_ask_about_a_service_that_ended)
{
	fixture.records[0].status = RECORD_EXITED;
	press("s");
	cr_assert(eq(int, top.prompt, TOP_NO_PROMPT));
	cr_assert(eq(str, top.message, "db does not run"));
}

Test(top_keys, filter_while_they_are_typed)
{
	press("/we");
	cr_assert(eq(sz, top.model.n_shown, 1));
	/* q and s are letters here. */
	press("qs");
	cr_assert(not(top.quit));
	cr_assert(eq(str, top.model.filter, "weqs"));
	keys_press(&top, SCREEN_KEY_BACKSPACE);
	keys_press(&top, SCREEN_KEY_BACKSPACE);
	keys_press(&top, SCREEN_KEY_ENTER);
	cr_assert(eq(int, top.prompt, TOP_NO_PROMPT));
	cr_assert(eq(str, top.model.selected, "web"));
	keys_press(&top, SCREEN_KEY_ESCAPE);
	cr_assert(eq(sz, top.model.n_shown, 3));
}

Test(top_keys, type_no_longer_filter_than_there_is_room_for)
{
	press("/");
	for (int i = 0; i < 200; i++)
		press("x");
	cr_assert(eq(sz, strlen(top.model.filter), MODEL_FILTER_MAX - 1));
	keys_press(&top, SCREEN_KEY_ESCAPE);
	cr_assert(eq(str, top.model.filter, ""));
}

Test(top_keys, sort_and_turn_round)
{
	press("c");
	cr_assert(eq(int, top.model.sort, MODEL_BY_CPU));
	cr_assert(not(top.model.reversed));
	press("c");
	cr_assert(top.model.reversed);
	press("m");
	cr_assert(eq(int, top.model.sort, MODEL_BY_MEMORY));
	cr_assert(not(top.model.reversed));
}

Test(top_keys, open_pages_and_come_back)
{
	keys_press(&top, SCREEN_KEY_ENTER);
	cr_assert(eq(int, top.page, TOP_DETAIL));
	cr_assert(eq(uint, fixture_details, 1));
	press("j");
	cr_assert(eq(sz, top.detail_first, 1));
	press("kkk");
	cr_assert(eq(sz, top.detail_first, 0));
	press("q");
	cr_assert(eq(int, top.page, TOP_TABLE));
	press("?");
	cr_assert(eq(int, top.page, TOP_HELP));
	keys_press(&top, SCREEN_KEY_ESCAPE);
	cr_assert(eq(int, top.page, TOP_TABLE));
	cr_assert(not(top.quit));
	press("q");
	cr_assert(top.quit);
}

Test(top_keys, do_nothing_without_services)
{
	fixture.n = 0;
	fixture_show(&top, &fixture);
	press("jkgGsRKcmnrpal ");
	keys_press(&top, SCREEN_KEY_ENTER);
	cr_assert(eq(int, top.page, TOP_TABLE));
	cr_assert(eq(str, fixture_acted, ""));
}

Test(top_keys, survive_each_code)
{
	for (int round = 0; round < 3; round++)
		for (int key = 1; key < SCREEN_KEY_OTHER + 5; key++)
			keys_press(&top, key);
	cr_assert(le(sz, top.model.at, 2));
}
