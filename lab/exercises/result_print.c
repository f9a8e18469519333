/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/result_print.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/print.h"
#include "lab/exercises/result.h"

static const char *outcome_text(enum result_outcome outcome, enum text_language language)
{
	static const struct text texts[] = {
		[RESULT_PASS] = { "pass", "bestanden" },
		[RESULT_FAIL] = { "FAIL", "FEHLGESCHLAGEN" },
		[RESULT_NOT_TESTABLE] = { "not testable here", "hier nicht prüfbar" },
	};

	return text_in(&texts[outcome], language);
}

static enum print_style outcome_style(enum result_outcome outcome)
{
	static const enum print_style styles[] = {
		[RESULT_PASS] = PRINT_GOOD,
		[RESULT_FAIL] = PRINT_BAD,
		[RESULT_NOT_TESTABLE] = PRINT_DOUBT,
	};

	return styles[outcome];
}

void result_print_question(const struct print *print, const struct exercise *exercise,
			   enum text_language language)
{
	char number[16];

	snprintf(number, sizeof(number), "%d  ", exercise->number);
	print_style(print, PRINT_BOLD, number);
	print_style(print, PRINT_BOLD, text_in(&exercise->title, language));
	fprintf(print->out, "  (%s)\n\n", exercise->id);
	print_wrapped(print, 0, "", text_in(&exercise->question, language));
}

void result_print_mechanism(const struct print *print, const struct exercise *exercise,
			    enum text_language language)
{
	for (size_t i = 0; i < ARRAY_SIZE(exercise->mechanism); i++) {
		char number[16];

		snprintf(number, sizeof(number), "%zu. ", i + 1);
		print_wrapped(print, 3, number, text_in(&exercise->mechanism[i], language));
	}
	fprintf(print->out, "\nman: %s\nkapsel explain %s\n", exercise->man, exercise->key);
}

static size_t count_source(const struct result_run *run, const char *source)
{
	size_t n = 0;

	for (size_t i = 0; i < run->n_evidence; i++)
		n += str_equal(run->evidence[i].source, source);
	return n;
}

/*
 * What the other run has of the same source. One that speaks several times, as each refused call does, has no
 * order: there only the same words belong together.
 */
static const struct result_evidence *find_evidence(const struct result_run *run,
						   const struct result_run *other, size_t index)
{
	const struct result_evidence *like = &run->evidence[index];
	bool single = count_source(run, like->source) <= 1 && count_source(other, like->source) <= 1;

	for (size_t i = 0; i < other->n_evidence; i++)
		if (str_equal(other->evidence[i].source, like->source) &&
		    (single || str_equal(other->evidence[i].value, like->value)))
			return &other->evidence[i];
	return NULL;
}

static void print_pair(const struct print *print, const char *source, const char *open, const char *hard,
		       bool all)
{
	bool same = str_equal(open, hard);

	if (same && !all)
		return;
	print_style(print, same ? PRINT_DIM : PRINT_PLAIN, "");
	print_untrusted(print, source);
	fputc('\n', print->out);
	print_columns(print, same ? PRINT_DIM : PRINT_PLAIN, open, hard);
}

static void print_evidence(const struct print *print, const struct result *result, bool all)
{
	const struct result_run *open = &result->open, *hard = &result->hard;

	for (size_t i = 0; i < open->n_evidence; i++) {
		const struct result_evidence *other = find_evidence(open, hard, i);

		print_pair(print, open->evidence[i].source, open->evidence[i].value,
			   other ? other->value : "-", all);
	}
	for (size_t i = 0; i < hard->n_evidence; i++)
		if (!find_evidence(hard, open, i))
			print_pair(print, hard->evidence[i].source, "-", hard->evidence[i].value, all);
}

static const char *layer_report(const struct result_run *run, const char *name)
{
	for (size_t i = 0; i < run->n_layers; i++)
		if (str_equal(run->layers[i].name, name))
			return run->layers[i].report;
	return NULL;
}

/* Restrictions as kapsel has verified them: the opened key shows in the one that it loosens. */
static void print_layers(const struct print *print, const struct result *result, bool all)
{
	for (size_t i = 0; i < result->hard.n_layers; i++) {
		const struct result_layer *layer = &result->hard.layers[i];
		const char *open = layer_report(&result->open, layer->name);
		char source[80];

		snprintf(source, sizeof(source), "kapsel: %s", layer->name);
		print_pair(print, source, open ? open : "-", layer->report, all);
	}
	for (size_t i = 0; i < result->open.n_layers; i++) {
		const struct result_layer *layer = &result->open.layers[i];
		char source[80];

		snprintf(source, sizeof(source), "kapsel: %s", layer->name);
		if (!layer_report(&result->hard, layer->name))
			print_pair(print, source, layer->report, "-", all);
	}
}

static const char *answer_at(const struct result_run *run, const char *name)
{
	for (size_t i = 0; i < run->n_probes; i++)
		if (str_equal(run->probes[i].name, name))
			return run->probes[i].untestable[0] ? run->probes[i].untestable
							    : run->probes[i].answer;
	return "-";
}

static const char *words_at(const struct result_run *run, const char *name)
{
	for (size_t i = 0; i < run->n_probes; i++)
		if (str_equal(run->probes[i].name, name))
			return run->probes[i].evidence;
	return "";
}

static void print_answers(const struct print *print, const struct result *result)
{
	const struct result_run *longer =
		result->open.n_probes >= result->hard.n_probes ? &result->open : &result->hard;

	for (size_t i = 0; i < longer->n_probes; i++) {
		const char *name = longer->probes[i].name;
		const char *open = words_at(&result->open, name), *hard = words_at(&result->hard, name);

		print_untrusted(print, name);
		fputc('\n', print->out);
		print_columns(print, PRINT_BOLD, answer_at(&result->open, name),
			      answer_at(&result->hard, name));
		if (open[0] || hard[0])
			print_columns(print, PRINT_DIM, open, hard);
	}
}

static void print_runs(const struct print *print, const struct result *result, enum text_language language,
		       bool all)
{
	static const struct text opened = { "opened", "geöffnet" },
				 hardest = { "hardest default", "härteste Voreinstellung" };
	char rule[PRINT_COLUMN + 1];

	memset(rule, '-', sizeof(rule) - 1);
	rule[sizeof(rule) - 1] = '\0';
	print_columns(print, PRINT_BOLD, text_in(&opened, language), text_in(&hardest, language));
	print_columns(print, PRINT_DIM, rule, rule);
	print_answers(print, result);
	print_evidence(print, result, all);
	print_layers(print, result, all);
	print_pair(print, "kapsel", result->open.end, result->hard.end, all);
}

void result_print(const struct print *print, const struct result *result, enum text_language language,
		  bool all)
{
	static const struct text difference = { "The one difference, in the left profile only:",
						"Der einzige Unterschied, nur im Profil links:" };
	const struct exercise *exercise = result->exercise;
	char seconds[32];

	if (result->open.n_probes > 0 || result->hard.n_probes > 0) {
		print_runs(print, result, language, all);
		fprintf(print->out, "\n%s\n", text_in(&difference, language));
		print_wrapped(print, 2, "  ", exercise->opened);
		fputc('\n', print->out);
		result_print_mechanism(print, exercise, language);
		fputc('\n', print->out);
	}
	print_style(print, outcome_style(result->outcome), outcome_text(result->outcome, language));
	snprintf(seconds, sizeof(seconds), " (%.1f s)\n", result->seconds);
	fputs(result->outcome == RESULT_NOT_TESTABLE ? "\n" : seconds, print->out);
	if (result->reason[0])
		print_untrusted_wrapped(print, 0, result->reason);
}

void result_print_line(const struct print *print, const struct result *result, enum text_language language)
{
	const char *title = text_in(&result->exercise->title, language);
	char number[16], answers[64] = "";
	size_t columns, width;

	snprintf(number, sizeof(number), "%2d  ", result->exercise->number);
	fputs(number, print->out);
	fputs(title, print->out);
	columns = strlen(number) + print_length(title, strlen(title));
	if (result->open.n_probes > 0 && result->hard.n_probes > 0)
		snprintf(answers, sizeof(answers), "%s | %s", result->open.probes[0].answer,
			 result->hard.probes[0].answer);
	fprintf(print->out, "%*s  ", (int)(columns < 42 ? 42 - columns : 0), "");
	print_untrusted(print, answers);
	columns = strlen(answers);
	width = columns ? 21 : 16; /* "ECONNREFUSED | EACCES"; a reason's line has the longer outcome */
	fprintf(print->out, "%*s  ", (int)(columns < width ? width - columns : 0), "");
	print_style(print, outcome_style(result->outcome), outcome_text(result->outcome, language));
	fputc('\n', print->out);
	if (result->reason[0])
		print_untrusted_wrapped(print, 6, result->reason);
}
