/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/event_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/error.h"
#include "top_fixture.h"

static struct event_list list;
static struct fixture fixture, later;
static struct model model;

static int parse(const char *line, struct event_list_item *ret)
{
	return event_list_parse(line, strlen(line), ret);
}

Test(top_event_list, shows_the_members_of_an_event)
{
	struct event_list_item item;

	cr_assert(zero(
		int, parse("{\"time\":\"2026-11-22T09:00:00.5Z\",\"event\":\"exit\",\"name\":\"web\",\"id\":"
			   "\"00\",\"status\":137,\"oom\":true,\"output\":\"\",\"reason\":\"out of memory\"}",
			   &item)));
	cr_assert(eq(str, item.event, "exit"));
	cr_assert(eq(str, item.name, "web"));
	cr_assert(eq(str, item.text, "status=137 oom=true reason=out of memory"));
	cr_assert(eq(i64, item.time_ns, INT64_C(1795338000500000000)));
}

Test(top_event_list, refuses_what_is_no_event)
{
	struct event_list_item item;

	cr_assert(ne(int, parse("", &item), 0));
	cr_assert(ne(int, parse("{\"event\":\"exit\"}", &item), 0));
	cr_assert(ne(int, parse("{\"time\":\"2026-11-22T09:00:00Z\",\"event\":", &item), 0));
	cr_assert(zero(int, parse("{\"time\":\"2026-11-22T09:00:00Z\",\"event\":7,\"name\":null}", &item)));
	cr_assert(eq(str, item.event, ""));
}

static void add(int64_t time_ns, const char *name)
{
	struct event_list_item item = { .time_ns = time_ns, .event = "start" };

	snprintf(item.name, sizeof(item.name), "%s", name);
	event_list_add(&list, &item);
}

Test(top_event_list, stays_in_the_order_of_time_without_doubles)
{
	add(30, "c");
	add(10, "a");
	add(20, "b");
	add(20, "b");
	add(20, "d");
	cr_assert(eq(sz, list.n, 4));
	cr_assert(eq(str, list.items[0].name, "a"));
	cr_assert(eq(str, list.items[1].name, "b"));
	cr_assert(eq(str, list.items[2].name, "d"));
	cr_assert(eq(str, list.items[3].name, "c"));
}

Test(top_event_list, forgets_the_oldest)
{
	for (int i = 1; i <= EVENT_LIST_MAX + 10; i++)
		add(i, "x");
	add(1, "late");
	cr_assert(eq(sz, list.n, EVENT_LIST_MAX));
	cr_assert(eq(i64, list.items[0].time_ns, 11));
	add(50, "between");
	cr_assert(eq(i64, list.items[0].time_ns, 12));
	cr_assert(eq(i64, list.items[EVENT_LIST_MAX - 1].time_ns, EVENT_LIST_MAX + 10));
	for (size_t i = 1; i < list.n; i++)
		cr_assert(le(i64, list.items[i - 1].time_ns, list.items[i].time_ns));
}

Test(top_event_list, reads_as_many_events_as_the_counter_grew)
{
	char path[] = "/tmp/kapsel-events-XXXXXX";
	struct sample *sample = fixture_add(&fixture, "web");
	struct error err = { 0 };
	FILE *out = fdopen(mkstemp(path), "w");

	for (int i = 0; i < 5; i++)
		fprintf(out, "{\"time\":\"2026-11-22T09:00:0%dZ\",\"event\":\"start\",\"name\":\"web\"}\n",
			i);
	fclose(out);
	snprintf(fixture.records[0].events_path, sizeof(fixture.records[0].events_path), "%s", path);
	cr_assert(zero(int, model_update(&model, fixture.samples, 1, &err)));
	cr_assert(not(event_list_update(&list, &model)));
	cr_assert(eq(sz, list.n, 0));
	fixture_later(&fixture, &later, 1);
	later.samples[0].counters.events = sample->counters.events + 3;
	cr_assert(zero(int, model_update(&model, later.samples, 1, &err)));
	cr_assert(event_list_update(&list, &model));
	unlink(path);
	cr_assert(eq(sz, list.n, 3));
	model_clear(&model);
}
