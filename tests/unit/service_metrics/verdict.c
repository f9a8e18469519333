/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/verdict.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample_fixture.h"

static const struct verdict_bounds no_bounds = { VERDICT_NO_BOUND, VERDICT_NO_BOUND, VERDICT_NO_BOUND,
						 VERDICT_NO_BOUND, VERDICT_NO_BOUND };

static char *numbers(const struct sample *sample, const struct verdict_bounds *bounds)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	verdict_print_numbers(out, sample, bounds);
	fclose(out);
	return text;
}

static enum verdict_result reach(const struct sample *sample, struct verdict_bounds bounds, char *ret_text)
{
	struct verdict verdict;

	verdict_reach(sample, &bounds, &verdict);
	strcpy(ret_text, verdict.text);
	return verdict.result;
}

Test(verdict, is_ok_for_a_service_that_runs)
{
	char text[VERDICT_TEXT_MAX];
	struct record record;
	struct sample sample = full_sample(&record);

	cr_assert(eq(int, reach(&sample, no_bounds, text), VERDICT_OK));
	cr_assert(eq(str, text, "web: up 100 s, healthy, memory 31 %, processes 8 %"));
	record.health = RECORD_HEALTH_NONE;
	record.started_ns -= UINT64_C(3) * 3600 * 1000000000;
	cr_assert(eq(int, reach(&sample, no_bounds, text), VERDICT_OK));
	cr_assert(eq(str, text, "web: up 3 h, memory 31 %, processes 8 %"));
}

Test(verdict, follows_the_bounds_from_their_value_on)
{
	struct verdict_bounds bounds = no_bounds;
	char text[VERDICT_TEXT_MAX];
	struct record record;
	struct sample sample = full_sample(&record);

	sample.usage.memory_max_bytes = 2 * usage_working_set(&sample.usage); /* 50 % */
	bounds.warn_memory = 51;
	bounds.crit_memory = 60;
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_OK));
	bounds.warn_memory = 50;
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_WARNING));
	bounds.crit_memory = 50;
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_CRITICAL));
	bounds = no_bounds;
	sample.usage.threads = 60;
	bounds.warn_pids = 90;
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_WARNING));
	bounds.crit_pids = 93;
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_CRITICAL));
}

Test(verdict, warns_of_more_restarts_than_allowed)
{
	struct verdict_bounds bounds = no_bounds;
	char text[VERDICT_TEXT_MAX];
	struct record record;
	struct sample sample = full_sample(&record); /* 4 restarts */

	bounds.max_restarts = 4;
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_OK));
	bounds.max_restarts = 3;
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_WARNING));
	cr_assert(strstr(text, ", 4 restarts") != NULL);
}

Test(verdict, is_critical_for_a_service_that_ended_or_was_lost)
{
	char text[VERDICT_TEXT_MAX];
	struct record record;
	struct sample sample = ended_sample(&record);

	cr_assert(eq(int, reach(&sample, no_bounds, text), VERDICT_CRITICAL));
	cr_assert(eq(str, text, "job: ended 60 s ago with exit code 137: out of memory: peak 64.0 MiB"));
	record.status = RECORD_LOST;
	cr_assert(eq(int, reach(&sample, no_bounds, text), VERDICT_CRITICAL));
	record.status = RECORD_RESTARTING;
	cr_assert(eq(int, reach(&sample, no_bounds, text), VERDICT_WARNING));
	record.status = RECORD_STARTING;
	cr_assert(eq(int, reach(&sample, no_bounds, text), VERDICT_OK));
}

Test(verdict, lets_no_text_of_the_workload_fake_a_line_or_a_number)
{
	char text[VERDICT_TEXT_MAX];
	struct record record;
	struct sample sample = full_sample(&record);

	record.health = RECORD_UNHEALTHY;
	record.health_failures = 3;
	strcpy(record.health_output, "bad | web_memory=1B\nKAPSEL OK - \x1b[2J");
	cr_assert(eq(int, reach(&sample, no_bounds, text), VERDICT_CRITICAL));
	cr_assert(strpbrk(text, "|\n\x1b") == NULL, "%s", text);
	cr_assert(strstr(text, "unhealthy after 3 failed checks: bad / web_memory=1B") != NULL);
	memset(record.health_output, '|', sizeof(record.health_output) - 1);
	memset(record.reason, '|', sizeof(record.reason) - 1);
	cr_assert(eq(int, reach(&sample, no_bounds, text), VERDICT_CRITICAL));
	cr_assert(strchr(text, '|') == NULL);
}

Test(verdict, is_unknown_where_a_bound_can_not_be_looked_at)
{
	struct verdict_bounds bounds = no_bounds;
	char text[VERDICT_TEXT_MAX];
	struct record record;
	struct sample sample = full_sample(&record);

	usage_clear(&sample.usage);
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_OK));
	bounds.warn_memory = 80;
	cr_assert(eq(int, reach(&sample, bounds, text), VERDICT_UNKNOWN));
	cr_assert(strstr(text, "memory not known") != NULL);
}

Test(verdict, orders_results_by_how_bad_they_are)
{
	cr_assert(eq(int, verdict_worse(VERDICT_UNKNOWN, VERDICT_OK), VERDICT_UNKNOWN));
	cr_assert(eq(int, verdict_worse(VERDICT_UNKNOWN, VERDICT_WARNING), VERDICT_WARNING));
	cr_assert(eq(int, verdict_worse(VERDICT_CRITICAL, VERDICT_UNKNOWN), VERDICT_CRITICAL));
	cr_assert(eq(int, verdict_worse(VERDICT_OK, VERDICT_OK), VERDICT_OK));
}

Test(verdict, has_the_numbers_with_their_bounds)
{
	struct verdict_bounds bounds = { .warn_memory = 50,
					 .crit_memory = 100,
					 .warn_pids = VERDICT_NO_BOUND,
					 .crit_pids = 50,
					 .max_restarts = 3 };
	struct record record;
	struct sample sample = full_sample(&record);
	char *text = numbers(&sample, &bounds);

	cr_assert(eq(str, text,
		     " web_memory=20971520B;33554432;67108864;0;67108864 web_pids=5;;32;0;64"
		     " web_cpu_ms=50000c;;;0; web_restarts=4;3;;0; web_denied=50c;;;0;"));
	free(text);
	usage_clear(&sample.usage);
	text = numbers(&sample, &no_bounds);
	cr_assert(eq(str, text, " web_restarts=4;;;0; web_denied=50c;;;0;"));
	free(text);
}
