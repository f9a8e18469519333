/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sums, words, and the object for programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "lab/audit/audit_print.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/source.h"

Test(assessment, rounds_against_the_subject)
{
	cr_expect(eq(u32, assessment_tenths(0, 1000), 100));
	cr_expect(eq(u32, assessment_tenths(1, 100000), 99));
	cr_expect(eq(u32, assessment_tenths(500, 1000), 50));
	cr_expect(eq(u32, assessment_tenths(1000, 1000), 0));
	cr_expect(eq(u32, assessment_tenths(0, 0), 0));
}

Test(assessment, has_a_word_for_each_range)
{
	static const struct {
		unsigned int tenths;
		const char *word;
	} words[] = {
		{ 100, "PERFECT" }, { 99, "SAFE" },   { 91, "SAFE" },   { 90, "OK" },
		{ 51, "OK" },       { 50, "MEDIUM" }, { 26, "MEDIUM" }, { 25, "EXPOSED" },
		{ 11, "EXPOSED" },  { 10, "UNSAFE" }, { 1, "UNSAFE" },  { 0, "DANGEROUS" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		cr_expect(same_text(assessment_word(words[i].tenths), words[i].word));
}

Test(assessment, badness_is_a_share_of_the_weight)
{
	const struct check check = { .weight = 1000, .range = 3 };
	struct opinion opinion = { .state = OPINION_JUDGED, .badness = 1 };

	cr_expect(eq(u64, assessment_points(&check, &opinion), 334));
	opinion.badness = 3;
	cr_expect(eq(u64, assessment_points(&check, &opinion), 1000));
	opinion.state = OPINION_NOT_READABLE;
	cr_expect(eq(u64, assessment_points(&check, &opinion), 0));
}

Test(assessment, prints_json_that_parses_whatever_the_process_calls_itself)
{
	struct fixture *fixture = fixture_open();
	struct findings *findings = arena_alloc(fixture->arena, sizeof(*findings));
	const struct audit_print how = { .threshold = 75, .catalog = CATALOG_BSI };
	static struct assessment assessment;
	struct error err = { 0 };
	struct json *root = NULL;
	struct source source;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	fixture_change(fixture, "proc/42/comm", NULL, "a\"b\\\033[31m\xff\n");
	fixture_change(fixture, "proc/42/attr/current", NULL, "\"}\x01 unconfined\n");
	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0), "%s", err.msg);
	assessment.kind = "process";
	assessment.name = fixture->facts.command;
	out = open_memstream(&text, &size);
	audit_print_json(out, &assessment, &how);
	fclose(out);
	source = (struct source){ .name = "out", .text = text, .size = size };
	cr_assert(eq(int, json_parse(&source, JSON_STRICT, fixture->arena, findings, &root), 0), "%s",
		  findings->items[0].message);
	cr_expect(eq(sz, json_get(root, "checks")->n, assessment.n));
	cr_expect(json_find(root, "catalogue.items") != NULL);
	cr_expect(json_get(root, "threshold")->number > 7.4 && json_get(root, "threshold")->number < 7.6);
	free(text);
	fixture_close(fixture);
}
