/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/macro.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/result.h"
#include "lab/report/sections.h"
#include "lab/table/probe_table.h"

static const struct text answer_text = { "Answer", "Antwort" };
static const struct text solution_text = { "A solution", "Eine Lösung" };

/* Folded away; the caller writes the content and closes "details". */
static void open_fold(struct html *h, const struct text *summary)
{
	html_open(h, "details");
	html_word(h, "summary", NULL, summary);
}

static void write_attack(struct html *h, const struct result *result)
{
	static const struct text attack = { "The attack:", "Der Angriff:" };
	const struct result_run *run = result->hard.n_probes > 0 ? &result->hard : &result->open;
	const struct probe_row *row = run->n_probes > 0 ? probe_table_find(run->probes[0].name) : NULL;

	if (!row)
		return;
	html_open(h, "p");
	html_attribute(h, "class", "attempt");
	html_word(h, "strong", NULL, &attack);
	html_text(h, " ");
	html_say(h, &row->tries, "", "");
	html_text(h, " ");
	html_element(h, "code", NULL, row->name);
	html_close(h, "p");
}

static void write_mechanism(struct html *h, const struct exercise *exercise)
{
	static const struct text heading = { "How it works", "Wie es funktioniert" };
	static const struct text pages = { "Manual pages:", "Manpages:" };

	if (!exercise->mechanism[0].en)
		return;
	html_word(h, "h3", NULL, &heading);
	html_open(h, "p");
	for (size_t i = 0; i < ARRAY_SIZE(exercise->mechanism); i++) {
		if (!exercise->mechanism[i].en)
			break;
		if (i > 0)
			html_text(h, " ");
		html_say(h, &exercise->mechanism[i], "", "");
	}
	html_close(h, "p");
	if (!sections_given(exercise->man))
		return;
	html_open(h, "p");
	html_attribute(h, "class", "man");
	html_say(h, &pages, "", "");
	html_text(h, " ");
	html_element(h, "code", NULL, exercise->man);
	html_close(h, "p");
}

static void write_quiz(struct html *h, const struct exercise_quiz *quiz)
{
	static const struct text heading = { "Question", "Frage" };
	static const char *const letters[] = { "a", "b", "c", "d" };

	if (!quiz->question.en)
		return;
	html_word(h, "h3", NULL, &heading);
	html_word(h, "p", NULL, &quiz->question);
	html_open(h, "ol");
	html_attribute(h, "class", "choices");
	html_attribute(h, "type", "a");
	for (size_t i = 0; i < ARRAY_SIZE(quiz->choices) && quiz->choices[i].text.en; i++)
		html_word(h, "li", NULL, &quiz->choices[i].text);
	html_close(h, "ol");
	open_fold(h, &answer_text);
	html_open(h, "p");
	for (size_t i = 0; i < ARRAY_SIZE(quiz->choices) && quiz->choices[i].text.en; i++)
		if (quiz->choices[i].right) {
			html_element(h, "strong", NULL, letters[i]);
			html_text(h, ": ");
		}
	html_say(h, &quiz->because, "", "");
	html_close(h, "p");
	html_close(h, "details");
}

static void write_task(struct html *h, const struct exercise *exercise)
{
	static const struct text heading = { "Write the line", "Die Zeile schreiben" };
	char command[80];

	if (!exercise->task.ask.en)
		return;
	html_word(h, "h3", NULL, &heading);
	html_word(h, "p", NULL, &exercise->task.ask);
	snprintf(command, sizeof(command), "kapsel lab task %d '{ \xe2\x80\xa6 }'", exercise->number);
	html_open(h, "p");
	html_element(h, "code", NULL, command);
	html_close(h, "p");
	open_fold(h, &solution_text);
	html_element(h, "pre", NULL, exercise->task.solution);
	html_close(h, "details");
}

static void write_profiles(struct html *h, const struct result *result)
{
	static const struct text fold = { "The two profiles", "Die beiden Profile" };
	static const struct text open = { "opened", "geöffnet" };
	static const struct text hard = { "hard", "hart" };

	if (!sections_given(result->open.profile) && !sections_given(result->hard.profile))
		return;
	open_fold(h, &fold);
	html_open(h, "div");
	html_attribute(h, "class", "pair");
	html_open(h, "div");
	html_word(h, "h3", NULL, &open);
	html_element(h, "pre", NULL, result->open.profile);
	html_close(h, "div");
	html_open(h, "div");
	html_word(h, "h3", NULL, &hard);
	html_element(h, "pre", NULL, result->hard.profile);
	html_close(h, "div");
	html_close(h, "div");
	html_close(h, "details");
}

void article_write(struct html *h, const struct result *result)
{
	const struct exercise *exercise = result->exercise;

	html_open(h, "article");
	html_attribute(h, "id", exercise->id);
	html_open(h, "h2");
	html_open(h, "span");
	html_attribute(h, "class", "number");
	html_number(h, (uint64_t)exercise->number);
	html_close(h, "span");
	html_text(h, " ");
	html_say(h, &exercise->title, "", "");
	html_text(h, " ");
	summary_badge(h, result);
	html_close(h, "h2");
	html_word(h, "p", "question", &exercise->question);
	if (sections_given(result->reason))
		html_element(h, "p", "reason", result->reason);
	write_attack(h, result);
	runs_write(h, result);
	evidence_write(h, result);
	write_mechanism(h, exercise);
	write_quiz(h, &exercise->quiz);
	write_task(h, exercise);
	write_profiles(h, result);
	evidence_layers(h, result);
	html_close(h, "article");
}
