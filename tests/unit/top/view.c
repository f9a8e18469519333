/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/error.h"
#include "screen_fake.h"
#include "top/log_pane.h"
#include "top/screen.h"
#include "top_fixture.h"

static struct fixture first, second;
static struct top top;

static void begin(void)
{
	struct error err = { 0 };

	fixture_locale();
	cr_assert(zero(int, log_pane_new(&top.log, &err)));
	fake_resize(24, 120);
}

static void end(void)
{
	model_clear(&top.model);
	top.log = log_pane_free(top.log);
}

TestSuite(top_view, .init = begin, .fini = end);

static void add(struct fixture *fixture, size_t n)
{
	char name[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "service-%03zu", i);
		fixture_add(fixture, name);
	}
}

Test(top_view, draws_a_row_for_each_service)
{
	add(&first, 3);
	first.records[1].health = RECORD_UNHEALTHY;
	fixture_show(&top, &first);
	fixture_later(&first, &second, 25);
	fixture_show(&top, &second);
	view_draw(&top);
	cr_assert(eq(
		str, fake_row(1),
		"NAME         STATUS          UP  RESTARTS     CPU %  CPU                          MEM / LIMIT  "
		"MEM          PIDS  DENIED"));
	cr_assert(eq(
		str, fake_row(3),
		"service-001  unhealthy    1m03s         0    25.00%                    █        20MiB / 40MiB  "
		"[████    ]      3       0"));
	cr_assert(eq(uint, fake_look(3, 13), LOOK_BAD));
	cr_assert(eq(uint, fake_look(4, 13), LOOK_GOOD));
	cr_assert(eq(uint, fake_look(2, 0), LOOK_PLAIN | LOOK_SELECTED));
	cr_assert(fake_shows("3 of 3 services run, 1 unhealthy  cpu 75.0%  memory 60MiB"));
}

Test(top_view, scrolls_through_five_hundred)
{
	add(&first, 500);
	fixture_show(&top, &first);
	view_draw(&top);
	cr_assert(fake_shows("service-000"));
	cr_assert(not(fake_shows("service-499")));
	model_move(&top.model, 499);
	view_draw(&top);
	cr_assert(fake_shows("service-499"));
	cr_assert(not(fake_shows("service-000")));
	model_move(&top.model, -250);
	view_draw(&top);
	cr_assert(fake_shows("service-249"));
}

Test(top_view, leaves_no_gap_when_services_go)
{
	add(&first, 100);
	fixture_show(&top, &first);
	model_move(&top.model, 99);
	view_draw(&top);
	second = first;
	second.n = 30;
	fixture_show(&top, &second);
	view_draw(&top);
	cr_assert(ne(ptr, strstr(fake_row(21), "service-029"), NULL));
}

/* screen_put() fails for anything that leaves the screen. */
Test(top_view, stays_inside_of_every_size)
{
	static char pages[][64] = { "", "title\n  text\n\n", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n" };

	add(&first, 40);
	fixture_show(&top, &first);
	snprintf(top.message, sizeof(top.message), "%0300d", 1);
	for (int rows = 1; rows <= 40; rows++)
		for (int columns = 1; columns <= 250; columns += 3)
			for (int i = 0; i < 12; i++) {
				fake_resize(rows, columns);
				top.page = (enum top_page)(i % 3);
				top.prompt = (enum top_prompt)(i / 4);
				top.show_log = i & 1;
				top.detail = pages[i % 3];
				top.detail_first = (size_t)i;
				view_draw(&top);
			}
}

Test(top_view, says_when_the_terminal_is_too_small)
{
	add(&first, 1);
	fixture_show(&top, &first);
	fake_resize(5, 20);
	view_draw(&top);
	cr_assert(eq(str, fake_row(0), "too small"));
	cr_assert(eq(str, fake_row(1), "needs 40x8"));
}

Test(top_view, asks_and_answers_in_the_last_line)
{
	add(&first, 1);
	fixture_show(&top, &first);
	top.prompt = TOP_ASK;
	top.asked = ACTION_RESTART;
	snprintf(top.asked_name, sizeof(top.asked_name), "web");
	view_draw(&top);
	cr_assert(eq(str, fake_row(23), "restart web? y/n"));
	top.prompt = TOP_NO_PROMPT;
	snprintf(top.message, sizeof(top.message), "refused \033[2J");
	view_draw(&top);
	cr_assert(eq(str, fake_row(23), "refused \\x1b[2J"));
}

Test(top_view, shows_the_last_event_harmless)
{
	struct event_list_item item = { .time_ns = 1000000000, .event = "exit", .name = "web" };

	add(&first, 1);
	fixture_show(&top, &first);
	snprintf(item.text, sizeof(item.text), "reason=\033]0;x\007");
	event_list_add(&top.events, &item);
	view_draw(&top);
	cr_assert(eq(str, fake_row(22), "last event: 00:00:01 web exit reason=\\x1b]0;x\\x07"));
}

Test(top_view, shows_the_log_of_the_selected_service)
{
	char path[] = "/tmp/kapsel-view-XXXXXX";
	FILE *out = fdopen(mkstemp(path), "w");

	fputs("{\"log\":\"\\u001b[2J\\u6f22 out\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-22T09:00:01Z\"}\n"
	      "{\"log\":\"trouble\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-22T09:00:02Z\"}\n",
	      out);
	fclose(out);
	add(&first, 1);
	snprintf(first.records[0].log_path, sizeof(first.records[0].log_path), "%s", path);
	fixture_show(&top, &first);
	log_pane_watch(top.log, &first.records[0]);
	unlink(path);
	top.show_log = true;
	view_draw(&top);
	cr_assert(eq(str, fake_row(3), "log of service-000"));
	cr_assert(eq(str, fake_row(4), "09:00:01 \\x1b[2J\u6f22 out"));
	cr_assert(eq(str, fake_row(5), "09:00:02 trouble"));
	cr_assert(eq(uint, fake_look(5, 9), LOOK_WAITING));
	top.show_log = false;
	view_draw(&top);
	cr_assert(not(fake_shows("trouble")));
}

Test(top_view, tells_what_to_do_when_nothing_is_there)
{
	fixture_show(&top, &first);
	view_draw(&top);
	cr_assert(fake_shows("kapsel run -d PROFILE"));
	add(&first, 1);
	fixture_show(&top, &first);
	snprintf(top.model.filter, sizeof(top.model.filter), "zzz");
	model_arrange(&top.model);
	view_draw(&top);
	cr_assert(fake_shows("no service passes the filter"));
}
