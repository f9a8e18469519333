/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/columns.h"

#include <stdlib.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/error.h"
#include "top/cells.h"
#include "top_fixture.h"

static struct fixture fixture;
static struct model model;

static void clear(void)
{
	model_clear(&model);
}

TestSuite(top_columns, .init = fixture_locale, .fini = clear);

static void update(void)
{
	struct error err = { 0 };

	cr_assert(zero(int, model_update(&model, fixture.samples, fixture.n, &err)));
}

static int total_width(const struct columns *columns)
{
	int total = 0;

	for (int i = 0; i < COLUMNS; i++)
		total += columns->width[i] ? columns->width[i] + (total ? columns->gap : 0) : 0;
	return total;
}

Test(top_columns, fit_every_width_and_never_lose_one_by_growing)
{
	struct columns before = { 0 }, columns;

	for (int width = 0; width <= 400; width++) {
		columns_fit(&columns, width, 20);
		cr_assert(le(int, total_width(&columns), width));
		for (int i = 0; i < COLUMNS && before.gap == columns.gap && width % 5; i++)
			cr_assert(before.width[i] == 0 || columns.width[i] > 0, "column %d at %d", i, width);
		before = columns;
	}
	for (int i = 0; i < COLUMNS; i++)
		cr_assert(gt(int, columns.width[i], 0));
}

Test(top_columns, show_the_most_wanted_in_eighty)
{
	struct columns columns;

	columns_fit(&columns, 80, 8);
	cr_assert(gt(int, columns.width[COLUMN_STATUS], 0));
	cr_assert(gt(int, columns.width[COLUMN_CPU], 0));
	cr_assert(gt(int, columns.width[COLUMN_MEMORY], 0));
	cr_assert(gt(int, columns.width[COLUMN_RESTARTS], 0));
	cr_assert(gt(int, columns.width[COLUMN_PIDS], 0));
	cr_assert(zero(int, columns.width[COLUMN_NETWORK]));
}

Test(top_columns, give_pictures_no_more_than_there_are_samples)
{
	struct columns columns;

	columns_fit(&columns, 500, 8);
	cr_assert(eq(int, columns.width[COLUMN_CPU_HISTORY], MODEL_HISTORY));
	cr_assert(eq(int, columns.width[COLUMN_MEMORY_HISTORY], MODEL_HISTORY));
}

Test(top_columns, write_durations_in_six_columns)
{
	char text[32];

	cr_assert(eq(str, columns_duration(0, text, sizeof(text)), "0s"));
	cr_assert(eq(str, columns_duration(185, text, sizeof(text)), "3m05s"));
	cr_assert(eq(str, columns_duration(2 * 3600 + 14 * 60 + 59, text, sizeof(text)), "2h14m"));
	cr_assert(eq(str, columns_duration(5 * 86400 + 3 * 3600, text, sizeof(text)), "5d03h"));
}

static void expect_status(const char *text, enum columns_tone tone)
{
	struct columns_row row;

	update();
	columns_fill(&model.rows[0], STATS_SINCE_READING, &row);
	cr_assert(eq(str, row.text[COLUMN_STATUS], text));
	cr_assert(eq(int, row.tone, tone));
}

Test(top_columns, say_how_a_service_is)
{
	struct record *record = fixture.records;

	fixture_add(&fixture, "a");
	expect_status("healthy", COLUMNS_GOOD);
	record->health = RECORD_UNHEALTHY;
	expect_status("unhealthy", COLUMNS_BAD);
	record->health = RECORD_HEALTH_STARTING;
	expect_status("starting", COLUMNS_WAITING);
	record->health = RECORD_HEALTH_NONE;
	expect_status("running", COLUMNS_GOOD);
	record->ready = false;
	expect_status("not ready", COLUMNS_WAITING);
	record->status = RECORD_RESTARTING;
	expect_status("restarting", COLUMNS_WAITING);
	record->status = RECORD_EXITED;
	expect_status("exited 0", COLUMNS_OVER);
	record->exit_status = 137;
	expect_status("exited 137", COLUMNS_BAD);
	record->status = RECORD_LOST;
	expect_status("lost", COLUMNS_BAD);
}

Test(top_columns, colour_the_memory_near_its_limit)
{
	struct sample *sample = fixture_add(&fixture, "a");

	update();
	cr_assert(eq(int, columns_memory_tone(&model.rows[0]), COLUMNS_GOOD));
	sample->usage.memory_current_bytes = 39 * FIXTURE_MIB;
	update();
	cr_assert(eq(int, columns_memory_tone(&model.rows[0]), COLUMNS_WAITING));
	sample->usage.memory_current_bytes = 49 * FIXTURE_MIB;
	update();
	cr_assert(eq(int, columns_memory_tone(&model.rows[0]), COLUMNS_BAD));
}

Test(top_columns, print_a_plain_table)
{
	struct error err = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fixture_add(&fixture, "db");
	fixture_add(&fixture, "web\033[2J")->counters.denied[0] = 3;
	update();
	cr_assert(zero(int, columns_print(out, &model, STATS_SINCE_START, &err)));
	fclose(out);
	cr_assert(eq(str, text,
		     "NAME         STATUS    UP      RESTARTS   CPU %   MEM / LIMIT     PIDS   NET I/O   "
		     "BLOCK I/O   DENIED\n"
		     "db           healthy   1m02s   0          0.00%   20MiB / 40MiB   3      0B / 0B   "
		     "-- / --     0\n"
		     "web\\x1b[2J   healthy   1m02s   0          0.00%   20MiB / 40MiB   3      0B / 0B   "
		     "-- / --     3\n"));
	free(text);
}
