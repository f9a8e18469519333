/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/stats_row.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "sample_fixture.h"

Test(stats_row, writes_sizes_as_docker_does)
{
	static const struct {
		uint64_t bytes;
		unsigned int base;
		const char *text;
	} cases[] = {
		{ 0, 1024, "0B" },
		{ 1023, 1024, "1023B" },
		{ 1024, 1024, "1KiB" },
		{ 22544384, 1024, "21.5MiB" },
		{ 67108864, 1024, "64MiB" },
		{ 1048575, 1024, "1MiB" },
		{ 0, 1000, "0B" },
		{ 999, 1000, "999B" },
		{ 1234, 1000, "1.23kB" },
		{ 999999, 1000, "1MB" },
		{ 123456789, 1000, "123MB" },
		{ UINT64_MAX, 1000, "18.4EB" },
	};
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_assert(eq(str, stats_bytes(cases[i].bytes, cases[i].base, text, sizeof(text)),
			     cases[i].text));
}

Test(stats_row, is_the_average_since_the_start_with_one_reading)
{
	struct record record;
	const struct sample sample = full_sample(&record); /* runs for 100 s, used 50.000001 s */
	struct stats_row row;

	stats_row_fill(&sample, NULL, STATS_SINCE_START, true, &row);
	cr_assert(eq(str, row.text[STATS_ID], "0123456789ab"));
	cr_assert(eq(str, row.text[STATS_NAME], "web"));
	cr_assert(eq(str, row.text[STATS_CPU], "50.00%"));
	cr_assert(eq(str, row.text[STATS_MEMORY], "20MiB / 64MiB"));
	cr_assert(eq(str, row.text[STATS_MEMORY_SHARE], "31.25%"));
	cr_assert(eq(str, row.text[STATS_NETWORK], "4kB / 6kB"));
	cr_assert(eq(str, row.text[STATS_BLOCK], "123kB / 789B"));
	cr_assert(eq(str, row.text[STATS_PIDS], "5"));
	cr_assert(eq(str, row.text[STATS_THROTTLED], "25.00%"));
	cr_assert(eq(str, row.text[STATS_PSI], "1.00% / 2.00% / 3.00%"));
	cr_assert(eq(str, row.text[STATS_OOM], "2"));
	cr_assert(eq(str, row.text[STATS_DENIED], "50"));
}

Test(stats_row, counts_two_busy_cores_as_two_hundred_percent)
{
	struct record record;
	const struct sample before = full_sample(&record);
	struct sample now = before;
	struct stats_row row;

	now.taken_us += 500000;
	now.usage.cpu_usage_us += 1000000;
	now.usage.cpu_periods += 5;
	now.usage.cpu_pressure.some_us += 50000;
	stats_row_fill(&now, &before, STATS_SINCE_READING, false, &row);
	cr_assert(eq(str, row.text[STATS_CPU], "200.00%"));
	cr_assert(eq(str, row.text[STATS_THROTTLED], "0.00%"));
	cr_assert(eq(str, row.text[STATS_PSI], "10.00% / 0.00% / 0.00%"));
	cr_assert(eq(str, row.text[STATS_ID], record.id));
}

Test(stats_row, says_nothing_of_time_without_an_earlier_reading)
{
	struct record record;
	const struct sample sample = full_sample(&record);
	struct stats_row row;

	stats_row_fill(&sample, NULL, STATS_SINCE_READING, true, &row);
	cr_assert(eq(str, row.text[STATS_CPU], "--"));
	cr_assert(eq(str, row.text[STATS_THROTTLED], "--"));
	cr_assert(eq(str, row.text[STATS_PSI], "-- / -- / --"));
	cr_assert(eq(str, row.text[STATS_PIDS], "5"));
}

Test(stats_row, forgets_the_reading_before_a_restart)
{
	struct record old, new;
	const struct sample before = full_sample(&old);
	struct sample now = full_sample(&new);
	struct stats_row row;

	new.started_ns += 99000000000; /* 1 s ago */
	now.taken_us += 1000000;
	now.usage.cpu_usage_us = 100000;
	stats_row_fill(&now, &before, STATS_SINCE_READING, true, &row);
	cr_assert(eq(str, row.text[STATS_CPU], "--"));
	stats_row_fill(&now, &before, STATS_SINCE_START, true, &row);
	cr_assert(eq(str, row.text[STATS_CPU], "10.00%"));
}

Test(stats_row, shows_what_is_not_known)
{
	struct record record;
	const struct sample sample = ended_sample(&record);
	struct stats_row row;

	stats_row_fill(&sample, NULL, STATS_SINCE_START, true, &row);
	cr_assert(eq(str, row.text[STATS_CPU], "--"));
	cr_assert(eq(str, row.text[STATS_MEMORY], "-- / --"));
	cr_assert(eq(str, row.text[STATS_MEMORY_SHARE], "--"));
	cr_assert(eq(str, row.text[STATS_NETWORK], "-- / --"));
	cr_assert(eq(str, row.text[STATS_BLOCK], "-- / --"));
	cr_assert(eq(str, row.text[STATS_PIDS], "--"));
	cr_assert(eq(str, row.text[STATS_OOM], "0"));
}

Test(stats_row, compares_with_the_machine_where_there_is_no_limit)
{
	struct record record;
	struct sample sample = full_sample(&record);
	char machine[32], expected[64];
	struct stats_row row;

	sample.usage.memory_max_bytes = USAGE_NO_LIMIT;
	stats_row_fill(&sample, NULL, STATS_SINCE_START, true, &row);
	snprintf(expected, sizeof(expected), "20MiB / %s",
		 stats_bytes(sample_host_memory(), 1024, machine, sizeof(machine)));
	cr_assert(eq(str, row.text[STATS_MEMORY], expected));
}

Test(stats_row, needs_only_the_files_of_its_columns)
{
	cr_assert(eq(uint, stats_parts(1U << STATS_NAME), 0));
	cr_assert(eq(uint, stats_parts(1U << STATS_CPU), USAGE_CPU));
	cr_assert(eq(uint, stats_parts(1U << STATS_PSI), USAGE_PRESSURE));
	cr_assert(eq(uint, stats_parts(1U << STATS_DENIED), SAMPLE_COUNTERS));
	cr_assert(
		zero(uint, stats_parts((1U << STATS_USUAL_COLUMNS) - 1) & (USAGE_DETAILS | USAGE_PRESSURE)));
}
