/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/model.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/error.h"
#include "top_fixture.h"

static struct fixture first, second;
static struct model model;

static void update(const struct fixture *fixture)
{
	struct error err = { 0 };

	cr_assert(zero(int, model_update(&model, fixture->samples, fixture->n, &err)));
}

/* The names as they are shown: "a b c". */
static const char *order(void)
{
	static char text[512];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < model.n_shown; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 model.rows[model.shown[i]].now->record->name);
	return text;
}

static void clear(void)
{
	model_clear(&model);
}

TestSuite(top_model, .fini = clear);

Test(top_model, reckons_the_cpu_between_two_readings)
{
	fixture_add(&first, "a");
	update(&first);
	cr_assert(lt(dbl, model.rows[0].cpu, 0));
	fixture_later(&first, &second, 25);
	update(&second);
	cr_assert(epsilon_eq(dbl, model.rows[0].cpu, 25, 0.001));
	cr_assert(eq(sz, model.rows[0].cpu_history.n, 2));
	cr_assert(epsilon_eq(dbl, model.rows[0].memory, 20.0 * FIXTURE_MIB, 1));
}

Test(top_model, begins_anew_after_a_restart_but_keeps_the_course)
{
	fixture_add(&first, "a");
	update(&first);
	fixture_later(&first, &second, 25);
	second.records[0].started_ns += 5;
	update(&second);
	cr_assert(zero(ptr, model.rows[0].before));
	cr_assert(lt(dbl, model.rows[0].cpu, 0));
	cr_assert(eq(sz, model.rows[0].cpu_history.n, 2));
}

Test(top_model, takes_a_new_service_of_an_old_name_for_another_one)
{
	fixture_add(&first, "a");
	update(&first);
	fixture_later(&first, &second, 25);
	second.records[0].id[0] = 'f';
	update(&second);
	cr_assert(zero(ptr, model.rows[0].before));
	cr_assert(eq(sz, model.rows[0].cpu_history.n, 1));
}

Test(top_model, keeps_the_last_sixty_values)
{
	fixture_add(&first, "a");
	update(&first);
	for (int i = 0; i < 100; i++) {
		struct fixture *now = i % 2 ? &first : &second;

		fixture_later(i % 2 ? &second : &first, now, 10);
		update(now);
	}
	cr_assert(eq(sz, model.rows[0].cpu_history.n, MODEL_HISTORY));
	cr_assert(epsilon_eq(dbl, (double)model.rows[0].cpu_history.values[0], 10, 0.001));
}

static void three(void)
{
	fixture_add(&first, "a")->usage.threads = 7;
	fixture_add(&first, "b")->usage.memory_current_bytes = 100 * FIXTURE_MIB;
	fixture_add(&first, "c");
	first.records[2].restarts = 9;
	update(&first);
}

Test(top_model, sorts_by_each_key_and_back)
{
	three();
	cr_assert(eq(str, order(), "a b c"));
	model_sort_by(&model, MODEL_BY_NAME);
	cr_assert(eq(str, order(), "c b a"));
	model_sort_by(&model, MODEL_BY_MEMORY);
	cr_assert(eq(str, order(), "b a c"));
	model_sort_by(&model, MODEL_BY_MEMORY);
	cr_assert(eq(str, order(), "a c b"));
	model_sort_by(&model, MODEL_BY_RESTARTS);
	cr_assert(eq(str, order(), "c a b"));
	model_sort_by(&model, MODEL_BY_PIDS);
	cr_assert(eq(str, order(), "a b c"));
	fixture_later(&first, &second, 10);
	second.samples[1].usage.cpu_usage_us = 999999;
	update(&second);
	model_sort_by(&model, MODEL_BY_CPU);
	cr_assert(eq(str, order(), "b a c"));
}

Test(top_model, keeps_the_selection_with_its_service)
{
	three();
	model_move(&model, 1);
	cr_assert(eq(str, model.selected, "b"));
	model_sort_by(&model, MODEL_BY_RESTARTS);
	cr_assert(eq(str, model.selected, "b"));
	cr_assert(eq(sz, model.at, 2));
	model_move(&model, 100);
	cr_assert(eq(sz, model.at, 2));
	model_move(&model, -100);
	cr_assert(eq(str, model.selected, "c"));
}

Test(top_model, selects_the_neighbour_of_a_service_that_went)
{
	three();
	model_move(&model, 2);
	second = first;
	second.n = 2;
	update(&second);
	cr_assert(eq(str, model.selected, "b"));
	second.n = 0;
	update(&second);
	cr_assert(eq(str, model.selected, ""));
	cr_assert(zero(ptr, model_selected(&model)));
	model_move(&model, 1);
}

Test(top_model, filters_by_a_part_of_the_name)
{
	fixture_add(&first, "db-main");
	fixture_add(&first, "web");
	fixture_add(&first, "web-db");
	update(&first);
	snprintf(model.filter, sizeof(model.filter), "DB");
	model_arrange(&model);
	cr_assert(eq(str, order(), "db-main web-db"));
	snprintf(model.filter, sizeof(model.filter), "nothing");
	model_arrange(&model);
	cr_assert(eq(sz, model.n_shown, 0));
	model.filter[0] = '\0';
	first.records[0].status = RECORD_EXITED;
	model.alive_only = true;
	model_arrange(&model);
	cr_assert(eq(str, order(), "web web-db"));
}

Test(top_model, adds_up_all_services)
{
	struct model_totals total;

	three();
	first.records[0].status = RECORD_LOST;
	first.records[1].health = RECORD_UNHEALTHY;
	fixture_later(&first, &second, 10);
	update(&second);
	model_total(&model, &total);
	cr_assert(eq(sz, total.services, 3));
	cr_assert(eq(sz, total.running, 2));
	cr_assert(eq(sz, total.unhealthy, 1));
	cr_assert(eq(sz, total.failed, 1));
	cr_assert(epsilon_eq(dbl, total.cpu, 30, 0.01));
	cr_assert(epsilon_eq(dbl, total.memory, 130.0 * FIXTURE_MIB, 1));
}

Test(top_model, counts_what_happened_since)
{
	fixture_add(&first, "a")->counters.events = 5;
	update(&first);
	cr_assert(eq(u64, model.rows[0].new_events, 1));
	fixture_later(&first, &second, 10);
	second.samples[0].counters.events = 8;
	second.records[0].started_ns += 5;
	update(&second);
	cr_assert(eq(u64, model.rows[0].new_events, 3));
}
