/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An assessment as one JSON object. */
#include <string.h>

#include "base/str.h"
#include "lab/audit/assessment.h"
#include "lab/audit/audit_print.h"
#include "lab/audit/catalog.h"
#include "profiles/json_print.h"

static void print_member(FILE *out, const char *name, const char *text)
{
	fprintf(out, ", \"%s\": ", name);
	if (text)
		json_print_string(out, text);
	else
		fputs("null", out);
}

static void print_score(FILE *out, const char *name, const struct score *score)
{
	char number[8];

	fprintf(out, "\t\"%s\": %s,\n", name,
		score->known ? audit_print_score(score->tenths, number) : "null");
}

/* "declared": "own", "declared_state": "judged", "declared_score": 10.0, "declared_evidence": "…" */
static void print_opinion(FILE *out, const char *side, const struct check *check,
			  const struct opinion *opinion)
{
	static const char *const states[] = { NULL, "judged", "not-applicable", "not-readable" };
	char name[40], number[8];

	print_member(out, side, opinion->state == OPINION_JUDGED ? opinion->value : NULL);
	snprintf(name, sizeof(name), "%s_state", side);
	print_member(out, name, states[opinion->state]);
	fprintf(out, ", \"%s_score\": %s", side,
		opinion->state == OPINION_JUDGED
			? audit_print_score(100 - opinion->badness * 100 / check->range, number)
			: "null");
	snprintf(name, sizeof(name), "%s_evidence", side);
	print_member(out, name, opinion->state != OPINION_NONE ? opinion->evidence : NULL);
}

static void print_catalogs(FILE *out, const struct check *check)
{
	fputs(", \"catalogues\": {", out);
	for (int i = 0; i < CATALOGS; i++) {
		const char *at = check->serves[i] ? check->serves[i] : "";

		fprintf(out, "%s\"%s\": [", i ? ", " : "", catalog_get((enum checks_catalog)i)->word);
		for (bool first = true; *at; first = false) {
			fprintf(out, "%s\"%.*s\"", first ? "" : ", ", (int)strcspn(at, " "), at);
			at += strcspn(at, " ");
			at += *at == ' ';
		}
		fputs("]", out);
	}
	fputs("}", out);
}

static void print_check(FILE *out, const struct assessment *assessment, const struct result *result)
{
	const struct opinion *counted = assessment->effective.known ? &result->effective : &result->declared;
	const struct opinion *telling =
		result->effective.state != OPINION_NONE ? &result->effective : &result->declared;

	fputs("\t\t{\"id\": ", out);
	json_print_string(out, result->check->id);
	print_member(out, "title", result->check->title);
	print_member(out, "topic", result->topic);
	print_member(out, "key", result->check->key);
	fprintf(out, ", \"weight\": %u", result->check->weight);
	print_opinion(out, "declared", result->check, &result->declared);
	print_opinion(out, "effective", result->check, &result->effective);
	fprintf(out, ", \"differs\": %s, \"lost\": %llu", assessment_differs(result) ? "true" : "false",
		(unsigned long long)assessment_points(result->check, counted));
	print_member(out, "where", result->check->where);
	print_member(out, "evidence", telling->evidence);
	print_catalogs(out, result->check);
	fputs("}", out);
}

static void print_not_checkable(FILE *out, const struct audit_print *how)
{
	bool first = true;

	fputs("\t\"not_checkable\": [", out);
	for (int i = 0; i < CATALOGS; i++) {
		const struct catalog *catalog = catalog_get((enum checks_catalog)i);

		if (how->catalog >= 0 && how->catalog != i)
			continue;
		for (const struct catalog_item *item = catalog->items; item->number; item++) {
			if (item->kind == CATALOG_BY_ROWS)
				continue;
			fprintf(out, "%s\n\t\t{\"catalogue\": \"%s\"", first ? "" : ",", catalog->word);
			first = false;
			print_member(out, "item", item->number);
			print_member(out, "kind", catalog_kind_name(item->kind));
			print_member(out, "about", item->about);
			print_member(out, "reason", item->remark);
			fputs("}", out);
		}
	}
	fputs("\n\t]", out);
}

static void print_items(FILE *out, const struct assessment *assessment, const struct audit_print *how)
{
	const struct catalog *catalog = catalog_get((enum checks_catalog)how->catalog);

	fprintf(out, ",\n\t\"catalogue\": {\"word\": \"%s\"", catalog->word);
	print_member(out, "name", catalog->name);
	fputs(", \"items\": [", out);
	for (const struct catalog_item *item = catalog->items; item->number; item++) {
		bool first = true;

		fprintf(out, "%s\n\t\t{\"item\": \"%s\"", item == catalog->items ? "" : ",", item->number);
		print_member(out, "about", item->about);
		print_member(out, "result",
			     item->kind == CATALOG_BY_ROWS
				     ? catalog_verdict(assessment, (enum checks_catalog)how->catalog, item)
				     : catalog_kind_name(item->kind));
		print_member(out, "remark", item->remark);
		fputs(", \"checks\": [", out);
		for (size_t i = 0; i < assessment->n; i++) {
			if (!checks_serves(assessment->results[i].check, (enum checks_catalog)how->catalog,
					   item->number))
				continue;
			fprintf(out, "%s\"%s\"", first ? "" : ", ", assessment->results[i].check->id);
			first = false;
		}
		fputs("]}", out);
	}
	fputs("\n\t]}", out);
}

void audit_print_json(FILE *out, const struct assessment *assessment, const struct audit_print *how)
{
	const struct score *score = assessment_score(assessment);
	char number[8];

	fputs("{\n\t\"subject\": {\"kind\": ", out);
	json_print_string(out, assessment->kind);
	print_member(out, "name", assessment->name);
	if (assessment->pid)
		fprintf(out, ", \"pid\": %d", (int)assessment->pid);
	fputs("},\n", out);
	print_score(out, "score", score);
	print_score(out, "declared_score", &assessment->declared);
	print_score(out, "effective_score", &assessment->effective);
	fprintf(out, "\t\"verdict\": \"%s\",\n", assessment_word(score->tenths));
	if (how->threshold >= 0)
		fprintf(out, "\t\"threshold\": %s,\n",
			audit_print_score((unsigned int)how->threshold, number));
	fputs("\t\"checks\": [\n", out);
	for (size_t i = 0; i < assessment->n; i++) {
		fputs(i ? ",\n" : "", out);
		print_check(out, assessment, &assessment->results[i]);
	}
	fputs("\n\t],\n", out);
	print_not_checkable(out, how);
	if (how->catalog >= 0)
		print_items(out, assessment, how);
	fputs("\n}\n", out);
}
