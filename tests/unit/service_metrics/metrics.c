/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/metrics.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample_fixture.h"

static char *print(enum metrics_form form, const struct sample *samples, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	metrics_print(out, samples, n, "/sys/fs/cgroup", form);
	fclose(out);
	return text;
}

static char *print_both(enum metrics_form form)
{
	struct record web, job;
	const struct sample samples[] = { full_sample(&web), ended_sample(&job) };

	return print(form, samples, 2);
}

/* Where nothing but the output changed on purpose, KAPSEL_GOLDEN=write makes the file anew. */
static void compare(const char *name, const char *text)
{
	char path[512], *wanted = calloc(1, 256 * 1024);
	const char *mode = getenv("KAPSEL_GOLDEN");
	bool write = mode && strcmp(mode, "write") == 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
	file = fopen(path, write ? "we" : "re");
	cr_assert(file && wanted, "%s", path);
	if (write)
		fputs(text, file);
	else
		cr_assert(ne(sz, fread(wanted, 1, 256 * 1024 - 1, file), 0));
	fclose(file);
	if (!write)
		cr_assert(eq(str, text, wanted), "%s", path);
	free(wanted);
}

Test(metrics, have_the_text_that_prometheus_reads)
{
	char *text = print_both(METRICS_TEXT);

	compare("golden.prom", text);
	free(text);
}

Test(metrics, have_the_text_of_openmetrics)
{
	char *text = print_both(METRICS_OPENMETRICS);

	compare("golden.openmetrics", text);
	free(text);
}

Test(metrics, name_each_family_once_and_end_their_last_line)
{
	char *text = print_both(METRICS_TEXT), *type = text;

	while ((type = strstr(type, "\n# TYPE "))) {
		char line[128];

		type++;
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(type, "\n") + 1, type);
		cr_assert(strstr(type + 1, line) == NULL, "twice: %s", line);
	}
	cr_assert(eq(chr, text[strlen(text) - 1], '\n'));
	free(text);
}

Test(metrics, of_no_service_are_an_empty_text)
{
	char *text = print(METRICS_TEXT, NULL, 0), *open = print(METRICS_OPENMETRICS, NULL, 0);

	cr_assert(eq(str, text, ""));
	cr_assert(eq(str, open, "# EOF\n"));
	free(text);
	free(open);
}

Test(metrics, escape_what_would_end_a_label)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	metrics_print_label(out, "a\"b\\c\nd\xc3\xa9\xff{}=,");
	fclose(out);
	cr_assert(eq(str, text, "\"a\\\"b\\\\c\\nd\xc3\xa9\xef\xbf\xbd{}=,\""));
	free(text);
}

Test(metrics, keep_a_cgroup_path_that_is_not_below_the_mount)
{
	struct record record;
	struct sample sample = full_sample(&record);
	char *text;

	strcpy(record.cgroup, "/sys/fs/cgroup2/kapsel/web");
	text = print(METRICS_TEXT, &sample, 1);
	cr_assert(strstr(text, "container_threads{id=\"/sys/fs/cgroup2/kapsel/web\",") != NULL);
	free(text);
}

Test(metrics, leave_out_the_group_of_a_service_that_ended)
{
	struct record record;
	const struct sample sample = ended_sample(&record);
	char *text = print(METRICS_TEXT, &sample, 1);

	cr_assert(strstr(text, "container_memory") == NULL);
	cr_assert(strstr(text, "container_last_seen") == NULL);
	cr_assert(strstr(text, "kapsel_up{name=\"job\"} 0\n") != NULL);
	cr_assert(strstr(text, "kapsel_exit_status{name=\"job\"} 137\n") != NULL);
	free(text);
}
