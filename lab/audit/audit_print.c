/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/audit_print.h"

#include <string.h>

#include "base/str.h"
#include "lab/audit/assessment.h"
#include "lab/audit/catalog.h"

enum { TITLE_WIDTH = 60, VALUE_WIDTH = 16, OPENINGS_MAX = 5 };

const char *audit_print_score(unsigned int tenths, char buffer[static 8])
{
	snprintf(buffer, 8, "%u.%u", tenths / 10 % 100, tenths % 10);
	return buffer;
}

char audit_print_mark(const struct check *check, const struct opinion *opinion)
{
	switch (opinion->state) {
	case OPINION_JUDGED:
		if (opinion->badness == 0)
			return '+';
		return opinion->badness == check->range ? '-' : '~';
	case OPINION_NOT_APPLICABLE:
		return '.';
	case OPINION_NOT_READABLE:
		return '?';
	case OPINION_NONE:
	default:
		return ' ';
	}
}

static const char *color_of(char mark, const struct audit_print *how)
{
	if (!how->color)
		return "";
	return mark == '+' ? "\033[32m" : mark == '-' ? "\033[31m" : mark == '~' ? "\033[33m" : "";
}

static void print_opinion(FILE *out, const struct check *check, const struct opinion *opinion,
			  const struct audit_print *how)
{
	char mark = audit_print_mark(check, opinion);
	const char *color = color_of(mark, how), *value = "";
	char safe[4 * sizeof(opinion->value)];

	if (opinion->state == OPINION_JUDGED)
		value = opinion->value;
	else if (opinion->state == OPINION_NOT_APPLICABLE)
		value = "n/a";
	else if (opinion->state == OPINION_NOT_READABLE)
		value = "not readable";
	str_escape(safe, sizeof(safe), value);
	fprintf(out, "%s%c %-*.*s%s ", color, mark, VALUE_WIDTH, VALUE_WIDTH, safe, *color ? "\033[0m" : "");
}

/* What is shown as evidence: the running process's, where there is one. */
static const struct opinion *telling(const struct result *result)
{
	return result->effective.state != OPINION_NONE ? &result->effective : &result->declared;
}

/* For a terminal of 80 columns: the marks, and the evidence only where something is to be told. */
static void print_narrow_row(FILE *out, const struct result *result, const struct audit_print *how)
{
	char declared = audit_print_mark(result->check, &result->declared);
	char effective = audit_print_mark(result->check, &result->effective);
	const char *color = color_of(result->effective.state != OPINION_NONE ? effective : declared, how);
	char value[4 * sizeof(result->declared.value)], safe[4 * sizeof(result->declared.evidence)];
	bool differs = assessment_differs(result);

	fprintf(out, "%c %-*s %s%c %c%s %6u\n", differs ? '!' : ' ', TITLE_WIDTH, result->check->title, color,
		declared, effective, *color ? "\033[0m" : "", result->check->weight);
	if (!differs && strchr(" +.", declared) && strchr(" +.", effective))
		return;
	str_escape(value, sizeof(value), telling(result)->value);
	str_escape(safe, sizeof(safe), telling(result)->evidence);
	fprintf(out, "      %s%s%s\n", telling(result)->state == OPINION_JUDGED ? value : "",
		telling(result)->state == OPINION_JUDGED && value[0] ? ": " : "", safe);
}

static void print_row(FILE *out, const struct result *result, const struct audit_print *how)
{
	const struct opinion *opinion = telling(result);
	char safe[4 * sizeof(opinion->evidence)];

	if (result->declared.state == OPINION_NONE && result->effective.state == OPINION_NONE)
		return;
	if (how->narrow) {
		print_narrow_row(out, result, how);
		return;
	}
	str_escape(safe, sizeof(safe), opinion->evidence);
	fprintf(out, "%c %-*s ", assessment_differs(result) ? '!' : ' ', TITLE_WIDTH, result->check->title);
	print_opinion(out, result->check, &result->declared, how);
	print_opinion(out, result->check, &result->effective, how);
	fprintf(out, "%6u  %s\n", result->check->weight, safe);
}

static const struct opinion *counted(const struct assessment *assessment, const struct result *result)
{
	return assessment->effective.known ? &result->effective : &result->declared;
}

/* The rows that cost most, and where a profile closes them. */
static void print_openings(FILE *out, const struct assessment *assessment)
{
	bool told[ASSESSMENT_ROWS_MAX] = { false };

	for (int n = 0; n < OPENINGS_MAX; n++) {
		const struct result *worst = NULL;
		uint64_t most = 0;
		char safe[4 * sizeof(worst->declared.evidence)];

		for (size_t i = 0; i < assessment->n; i++) {
			const struct result *result = &assessment->results[i];
			uint64_t points = assessment_points(result->check, counted(assessment, result));

			if (told[i] || points <= most)
				continue;
			worst = result;
			most = points;
		}
		if (!worst)
			return;
		told[worst - assessment->results] = true;
		if (n == 0)
			fputs("\nWhat weighs most:\n", out);
		str_escape(safe, sizeof(safe), counted(assessment, worst)->evidence);
		fprintf(out, "  %5.1f%%  not so: %s (%s)%s%s\n",
			100.0 * (double)most / (double)assessment_score(assessment)->weight,
			worst->check->title, safe,
			worst->check->key && assessment->declared.known ? "; key: " : "",
			worst->check->key && assessment->declared.known ? worst->check->key : "");
	}
}

static void print_score(FILE *out, const char *what, const struct score *score)
{
	char number[8];

	if (!score->known)
		return;
	fprintf(out, "%-10s %4s of 10  %-9s  %u checks judged, %u not applicable, %u not readable\n", what,
		audit_print_score(score->tenths, number), assessment_word(score->tenths), score->n_judged,
		score->n_not_applicable, score->n_not_readable);
}

static void print_end(FILE *out, const struct assessment *assessment, const struct audit_print *how)
{
	unsigned int score = assessment_score(assessment)->tenths, differ = 0;
	char number[8];

	fputs("\n", out);
	print_score(out, "Declared", &assessment->declared);
	print_score(out, "Effective", &assessment->effective);
	for (size_t i = 0; i < assessment->n; i++)
		differ += assessment_differs(&assessment->results[i]);
	if (assessment->declared.known && assessment->effective.known)
		fprintf(out, "%u row(s) differ between profile and kernel%s\n", differ,
			differ ? ", marked !" : "");
	if (how->threshold >= 0)
		fprintf(out, "Threshold  %4s: %s\n", audit_print_score((unsigned int)how->threshold, number),
			score < (unsigned int)how->threshold ? "missed" : "reached");
}

static void print_subject(FILE *out, const struct assessment *assessment)
{
	char safe[512];

	str_escape(safe, sizeof(safe), assessment->name);
	fprintf(out, "Audit of %s %s", assessment->kind, safe);
	if (assessment->pid)
		fprintf(out, ", process %d", (int)assessment->pid);
	fputs("\n", out);
}

void audit_print_table(FILE *out, const struct assessment *assessment, const struct audit_print *how)
{
	const char *topic = "";

	print_subject(out, assessment);
	if (how->narrow)
		fprintf(out, "\n  %-*s D E WEIGHT\n", TITLE_WIDTH, "WHAT (D declared, E effective)");
	else
		fprintf(out, "\n  %-*s   %-*s   %-*s %6s  %s\n", TITLE_WIDTH, "WHAT", VALUE_WIDTH, "DECLARED",
			VALUE_WIDTH, "EFFECTIVE", "WEIGHT", "EVIDENCE");
	for (size_t i = 0; i < assessment->n; i++) {
		if (!str_equal(topic, assessment->results[i].topic))
			fprintf(out, "%s\n", assessment->results[i].topic);
		topic = assessment->results[i].topic;
		print_row(out, &assessment->results[i], how);
	}
	fputs("\n+ good   ~ in part   - bad   . not applicable   ? not readable   ! not as declared\n", out);
	print_openings(out, assessment);
	print_end(out, assessment, how);
}

static void print_item(FILE *out, const struct assessment *assessment, const struct catalog_item *item,
		       const struct audit_print *how)
{
	const char *verdict = item->kind == CATALOG_BY_ROWS
				      ? catalog_verdict(assessment, (enum checks_catalog)how->catalog, item)
				      : catalog_kind_name(item->kind);

	fprintf(out, "%-32s %-27s %s\n", item->number, verdict, item->about);
	if (item->remark)
		fprintf(out, "%-32s %-27s (%s)\n", "", "", item->remark);
	for (size_t i = 0; i < assessment->n; i++) {
		const struct result *result = &assessment->results[i];
		const struct opinion *opinion = telling(result);
		char safe[4 * sizeof(opinion->evidence)];

		if (!checks_serves(result->check, (enum checks_catalog)how->catalog, item->number) ||
		    opinion->state == OPINION_NONE)
			continue;
		str_escape(safe, sizeof(safe), opinion->evidence);
		fprintf(out, "    %-28s ", result->check->id);
		print_opinion(out, result->check, opinion, how);
		fprintf(out, " %s\n", safe);
	}
}

void audit_print_catalog(FILE *out, const struct assessment *assessment, const struct audit_print *how)
{
	const struct catalog *catalog = catalog_get((enum checks_catalog)how->catalog);

	print_subject(out, assessment);
	fprintf(out,
		"%s\nThe descriptions are kapsel's own short ones; the numbers lead to the published text.\n\n",
		catalog->name);
	for (const struct catalog_item *item = catalog->items; item->number; item++)
		print_item(out, assessment, item, how);
	print_end(out, assessment, how);
}
