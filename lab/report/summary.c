/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/macro.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/result.h"
#include "lab/report/report.h"
#include "lab/report/sections.h"

static const struct text outcomes[] = {
	[RESULT_PASS] = { "pass", "bestanden" },
	[RESULT_FAIL] = { "fail", "nicht bestanden" },
	[RESULT_NOT_TESTABLE] = { "not testable here", "hier nicht prüfbar" },
};
static const char *const marks[] = {
	[RESULT_PASS] = "\xe2\x9c\x93", [RESULT_FAIL] = "\xe2\x9c\x97", [RESULT_NOT_TESTABLE] = "\xe2\x80\x93"
};
static const char *const classes[] = {
	[RESULT_PASS] = "pass", [RESULT_FAIL] = "fail", [RESULT_NOT_TESTABLE] = "none"
};

void summary_badge(struct html *h, const struct result *result)
{
	html_open(h, "span");
	html_attribute(h, "class", "badge");
	html_open(h, "span");
	html_attribute(h, "class", classes[result->outcome]);
	html_open(h, "span");
	html_attribute(h, "aria-hidden", "true");
	html_text(h, marks[result->outcome]);
	html_text(h, " ");
	html_close(h, "span");
	html_word(h, "span", "word", &outcomes[result->outcome]);
	html_close(h, "span");
	html_close(h, "span");
}

static void write_fact(struct html *h, const struct text *name, const char *value)
{
	html_open(h, "div");
	html_word(h, "dt", NULL, name);
	html_element(h, "dd", NULL, value);
	html_close(h, "div");
}

static const struct text intro = {
	"Each exercise makes the same attack twice: once with exactly one key of the profile opened, once "
	"under the hardest default. Both answers come from the kernel of this machine.",
	"Jede Übung macht denselben Angriff zweimal: einmal mit genau einem geöffneten Schlüssel des "
	"Profils, einmal unter der härtesten Voreinstellung. Beide Antworten stammen vom Kernel dieser "
	"Maschine.",
};

static void write_head(struct html *h, const struct report_setting *setting)
{
	static const struct text name = { "Lab report", "Laborbericht" };
	static const struct text host = { "machine", "Maschine" };
	static const struct text user = { "started by", "gestartet von" };
	static const struct text time = { "time", "Zeit" };
	static const struct text language = { "language", "Sprache" };

	html_open(h, "header");
	html_element(h, "p", "brand", "kapsel lab");
	html_word(h, "h1", NULL, &name);
	html_word(h, "p", "intro", &intro);
	html_open(h, "dl");
	html_attribute(h, "class", "facts");
	write_fact(h, &host, setting->host);
	write_fact(h, &user, setting->user);
	write_fact(h, &time, setting->time);
	write_fact(h, &language, setting->language == TEXT_GERMAN ? "Deutsch" : "English");
	html_close(h, "dl");
	html_close(h, "header");
}

static void write_counts(struct html *h, const struct result *results, size_t n)
{
	size_t counts[ARRAY_SIZE(outcomes)] = { 0 };

	for (size_t i = 0; i < n; i++)
		counts[results[i].outcome]++;
	html_open(h, "ul");
	html_attribute(h, "class", "counts");
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		html_open(h, "li");
		html_attribute(h, "class", classes[i]);
		html_open(h, "strong");
		html_number(h, counts[i]);
		html_close(h, "strong");
		html_text(h, " ");
		html_word(h, "span", NULL, &outcomes[i]);
		html_close(h, "li");
	}
	html_close(h, "ul");
}

/* A reference to an exercise: "#pid-namespace". */
static void write_link(struct html *h, const struct exercise *exercise)
{
	char target[80];

	snprintf(target, sizeof(target), "#%s", exercise->id);
	html_open(h, "a");
	html_attribute(h, "href", target);
	html_say(h, &exercise->title, "", "");
	html_close(h, "a");
}

static void write_reasons(struct html *h, const struct result *results, size_t n)
{
	static const struct text heading = { "What did not pass", "Was nicht bestanden ist" };
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (results[i].outcome == RESULT_PASS)
			continue;
		if (!any) {
			html_word(h, "h3", NULL, &heading);
			html_open(h, "ul");
			html_attribute(h, "class", "reasons");
		}
		any = true;
		html_open(h, "li");
		write_link(h, results[i].exercise);
		html_text(h, " ");
		summary_badge(h, &results[i]);
		if (sections_given(results[i].reason))
			html_element(h, "p", NULL, results[i].reason);
		html_close(h, "li");
	}
	if (any)
		html_close(h, "ul");
}

static void write_heading_cell(struct html *h, const char *class, const struct text *text)
{
	html_open(h, "th");
	html_attribute(h, "scope", "col");
	if (class)
		html_attribute(h, "class", class);
	html_word(h, "span", "word", text);
	html_close(h, "th");
}

static void write_row(struct html *h, const struct result *result)
{
	const struct exercise *exercise = result->exercise;

	html_open(h, "tr");
	html_open(h, "td");
	html_attribute(h, "class", "number");
	html_number(h, (uint64_t)exercise->number);
	html_close(h, "td");
	html_open(h, "th");
	html_attribute(h, "scope", "row");
	write_link(h, exercise);
	html_element(h, "code", "key", exercise->key);
	html_close(h, "th");
	html_open(h, "td");
	runs_answer(h, result->open.n_probes > 0 ? &result->open.probes[0] : NULL);
	html_close(h, "td");
	html_open(h, "td");
	runs_answer(h, result->hard.n_probes > 0 ? &result->hard.probes[0] : NULL);
	html_close(h, "td");
	html_open(h, "td");
	summary_badge(h, result);
	html_close(h, "td");
	html_close(h, "tr");
}

static void write_overview(struct html *h, const struct result *results, size_t n)
{
	static const struct text heading = { "Overview", "Übersicht" };
	static const struct text number = { "No.", "Nr." };
	static const struct text exercise = { "Exercise", "Übung" };
	static const struct text open = { "Open", "Offen" };
	static const struct text hard = { "Hard", "Hart" };
	static const struct text outcome = { "Result", "Ergebnis" };

	html_word(h, "h2", NULL, &heading);
	html_open(h, "table");
	html_attribute(h, "class", "overview");
	html_open(h, "thead");
	html_open(h, "tr");
	write_heading_cell(h, "number", &number);
	write_heading_cell(h, NULL, &exercise);
	write_heading_cell(h, "narrow", &open);
	write_heading_cell(h, "narrow", &hard);
	write_heading_cell(h, "outcome", &outcome);
	html_close(h, "tr");
	html_close(h, "thead");
	html_open(h, "tbody");
	for (size_t i = 0; i < n; i++)
		write_row(h, &results[i]);
	html_close(h, "tbody");
	html_close(h, "table");
}

void summary_write(struct html *h, const struct report_setting *setting, const struct result *results,
		   size_t n)
{
	static const struct text heading = { "Summary", "Zusammenfassung" };

	write_head(h, setting);
	html_open(h, "nav");
	html_word(h, "h2", NULL, &heading);
	write_counts(h, results, n);
	write_reasons(h, results, n);
	write_overview(h, results, n);
	html_close(h, "nav");
}
