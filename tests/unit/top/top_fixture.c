/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top_fixture.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

char fixture_acted[128];
unsigned int fixture_details, fixture_follows;

struct sample *fixture_add(struct fixture *fixture, const char *name)
{
	struct record *record = &fixture->records[fixture->n];
	struct sample *sample = &fixture->samples[fixture->n];

	*record = (struct record){
		.status = RECORD_RUNNING,
		.health = RECORD_HEALTHY,
		.ready = true,
		.started_ns = UINT64_C(1800000000000000000),
		.log_driver = "json-file",
		.network = "none",
	};
	snprintf(record->name, sizeof(record->name), "%s", name);
	snprintf(record->id, sizeof(record->id), "%064zu", fixture->n + 1);
	*sample = (struct sample){
		.record = record,
		.taken_us = 1000000,
		.taken_ns = UINT64_C(1800000062000000000),
		.descriptors = USAGE_ABSENT,
		.network_known = true,
	};
	usage_clear(&sample->usage);
	sample->usage.cpu_usage_us = 0;
	sample->usage.memory_current_bytes = 30 * FIXTURE_MIB;
	sample->usage.memory_inactive_file_bytes = 10 * FIXTURE_MIB;
	sample->usage.memory_max_bytes = 40 * FIXTURE_MIB;
	sample->usage.threads = 3;
	fixture->n++;
	return sample;
}

void fixture_later(const struct fixture *before, struct fixture *ret, unsigned int cpu_percent)
{
	*ret = *before;
	for (size_t i = 0; i < ret->n; i++) {
		ret->samples[i].record = &ret->records[i];
		ret->samples[i].taken_us += 1000000;
		ret->samples[i].taken_ns += 1000000000;
		ret->samples[i].usage.cpu_usage_us += cpu_percent * 10000;
	}
}

void fixture_locale(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	tzset();
}

void fixture_show(struct top *top, const struct fixture *fixture)
{
	struct error err = { 0 };

	top->utf8 = true;
	cr_assert(zero(int, model_update(&top->model, fixture->samples, fixture->n, &err)));
	fixture_acted[0] = '\0';
	fixture_details = fixture_follows = 0;
}

/* What main.c does for the keys. */
void top_message(struct top *top, bool bad, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(top->message, sizeof(top->message), format, args);
	va_end(args);
	top->message_bad = bad;
}

void top_act(struct top *top, const char *name, enum action_what what)
{
	(void)top;
	snprintf(fixture_acted, sizeof(fixture_acted), "%s %.80s", action_verb(what), name);
}

void top_detail(struct top *top)
{
	(void)top;
	fixture_details++;
}

void top_follow(struct top *top)
{
	(void)top;
	fixture_follows++;
}
