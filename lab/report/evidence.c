/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables with one column for each run. */
#include <stdbool.h>

#include "base/str.h"
#include "lab/exercises/result.h"
#include "lab/report/layers.h"
#include "lab/report/sections.h"
#include "lab/table/probe_table.h"

static const struct text open_text = { "opened", "geöffnet" };
static const struct text hard_text = { "hard", "hart" };
static const char none[] = "\xe2\x80\x93";

static void write_heading(struct html *h, const struct text *text)
{
	html_open(h, "th");
	html_attribute(h, "scope", "col");
	html_say(h, text, "", "");
	html_close(h, "th");
}

/* The caller writes rows and closes "tbody" and "table". */
static void open_table(struct html *h, const char *class, const struct text *first)
{
	html_open(h, "table");
	html_attribute(h, "class", class);
	html_open(h, "thead");
	html_open(h, "tr");
	write_heading(h, first);
	write_heading(h, &open_text);
	write_heading(h, &hard_text);
	html_close(h, "tr");
	html_close(h, "thead");
	html_open(h, "tbody");
}

/* NULL: that run has nothing of the kind. */
static void write_row(struct html *h, const char *name, const char *open, const char *hard, bool same)
{
	html_open(h, "tr");
	if (same)
		html_attribute(h, "class", "same");
	html_open(h, "th");
	html_attribute(h, "scope", "row");
	html_text(h, name);
	html_close(h, "th");
	html_element(h, "td", NULL, open ? open : none);
	html_element(h, "td", NULL, hard ? hard : none);
	html_close(h, "tr");
}

static const char *find_evidence(const struct result_run *run, const char *source)
{
	for (size_t i = 0; i < run->n_evidence; i++)
		if (str_equal(run->evidence[i].source, source))
			return run->evidence[i].value;
	return NULL;
}

static void write_evidence(struct html *h, const struct result *result)
{
	static const struct text heading = { "What the kernel says", "Was der Kernel sagt" };
	static const struct text source = { "source", "Quelle" };

	if (result->open.n_evidence == 0 && result->hard.n_evidence == 0)
		return;
	html_word(h, "h3", NULL, &heading);
	open_table(h, "sides", &source);
	for (size_t i = 0; i < result->open.n_evidence; i++) {
		const struct result_evidence *open = &result->open.evidence[i];
		const char *hard = find_evidence(&result->hard, open->source);

		write_row(h, open->source, open->value, hard, hard && str_equal(open->value, hard));
	}
	for (size_t i = 0; i < result->hard.n_evidence; i++)
		if (!find_evidence(&result->open, result->hard.evidence[i].source))
			write_row(h, result->hard.evidence[i].source, NULL, result->hard.evidence[i].value,
				  false);
	html_close(h, "tbody");
	html_close(h, "table");
}

static const struct result_probe *find_probe(const struct result_run *run, const char *name)
{
	for (size_t i = 0; i < run->n_probes; i++)
		if (str_equal(run->probes[i].name, name))
			return &run->probes[i];
	return NULL;
}

static void write_attempt(struct html *h, const struct result *result, const char *name)
{
	const struct result_probe *open = find_probe(&result->open, name),
				  *hard = find_probe(&result->hard, name);
	const struct probe_row *row = probe_table_find(name);

	html_open(h, "tr");
	if (open && hard && open->answer && hard->answer && str_equal(open->answer, hard->answer))
		html_attribute(h, "class", "same");
	html_open(h, "th");
	html_attribute(h, "scope", "row");
	html_element(h, "code", NULL, name);
	if (row) {
		html_text(h, " ");
		html_say(h, &row->tries, "", "");
	}
	html_close(h, "th");
	html_open(h, "td");
	runs_answer(h, open);
	html_close(h, "td");
	html_open(h, "td");
	runs_answer(h, hard);
	html_close(h, "td");
	html_close(h, "tr");
}

/* The first attempt is the exercise's; what else was tried in the same runs stands here. */
static void write_attempts(struct html *h, const struct result *result)
{
	static const struct text heading = { "All attempts", "Alle Versuche" };
	static const struct text attempt = { "attempt", "Versuch" };

	if (result->open.n_probes < 2 && result->hard.n_probes < 2)
		return;
	html_word(h, "h3", NULL, &heading);
	open_table(h, "sides", &attempt);
	for (size_t i = 0; i < result->open.n_probes; i++)
		write_attempt(h, result, result->open.probes[i].name);
	for (size_t i = 0; i < result->hard.n_probes; i++)
		if (!find_probe(&result->open, result->hard.probes[i].name))
			write_attempt(h, result, result->hard.probes[i].name);
	html_close(h, "tbody");
	html_close(h, "table");
}

void evidence_write(struct html *h, const struct result *result)
{
	write_attempts(h, result);
	write_evidence(h, result);
}

static const char *find_layer(const struct result_run *run, const char *name)
{
	for (size_t i = 0; i < run->n_layers; i++)
		if (str_equal(run->layers[i].name, name))
			return run->layers[i].report;
	return NULL;
}

void evidence_layers(struct html *h, const struct result *result)
{
	static const struct text fold = { "All restrictions of both starts",
					  "Alle Einschränkungen beider Starts" };
	static const struct text restriction = { "restriction", "Einschränkung" };

	if (result->open.n_layers == 0 && result->hard.n_layers == 0)
		return;
	html_open(h, "details");
	html_word(h, "summary", NULL, &fold);
	open_table(h, "sides", &restriction);
	for (size_t i = 0; i < result->hard.n_layers; i++) {
		const struct result_layer *hard = &result->hard.layers[i];

		write_row(h, hard->name, find_layer(&result->open, hard->name), hard->report,
			  layers_same(result, hard->name));
	}
	for (size_t i = 0; i < result->open.n_layers; i++)
		if (!find_layer(&result->hard, result->open.layers[i].name))
			write_row(h, result->open.layers[i].name, result->open.layers[i].report, NULL, false);
	html_close(h, "tbody");
	html_close(h, "table");
	html_close(h, "details");
}
