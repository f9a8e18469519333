/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "base/str.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/result.h"
#include "lab/report/layers.h"
#include "lab/report/picture.h"
#include "lab/report/sections.h"
#include "lab/table/probe_table.h"

static const struct text worked = { "the attack worked", "der Angriff gelang" };
static const struct text held = { "it ran and gained nothing", "er lief und erreichte nichts" };
static const struct text killed = { "the kernel killed it", "der Kernel hat ihn beendet" };
static const struct text stopped = { "the kernel refused it", "der Kernel hat ihn abgelehnt" };
static const struct text silent = { "no answer", "keine Antwort" };

static const struct text *meaning(const char *answer)
{
	if (str_equal(answer, "OK"))
		return &worked;
	if (str_equal(answer, "HELD"))
		return &held;
	if (str_starts(answer, "SIG"))
		return &killed;
	return answer[0] == 'E' ? &stopped : &silent;
}

static const char *answer_of(const struct result_probe *probe)
{
	return probe && probe->answer ? probe->answer : "";
}

void runs_answer(struct html *h, const struct result_probe *probe)
{
	const char *answer = answer_of(probe);

	if (!*answer) {
		html_element(h, "span", "answer", "\xe2\x80\x93");
		return;
	}
	html_element(h, "span", meaning(answer) == &worked ? "answer worked" : "answer held", answer);
}

/* "ret -1, errno EPERM", as far as the answer does not say it already. */
static void write_details(struct html *h, const struct result_probe *probe)
{
	char text[64];

	html_open(h, "p");
	html_attribute(h, "class", "details");
	snprintf(text, sizeof(text), "ret %ld", probe->ret);
	html_element(h, "code", NULL, text);
	if (sections_given(probe->error) && !str_equal(probe->error, answer_of(probe))) {
		html_text(h, ", ");
		html_element(h, "code", NULL, probe->error);
	}
	if (sections_given(probe->signal) && !str_equal(probe->signal, answer_of(probe))) {
		html_text(h, ", ");
		html_element(h, "code", NULL, probe->signal);
	}
	html_close(h, "p");
	if (sections_given(probe->evidence))
		html_element(h, "p", "said", probe->evidence);
	if (sections_given(probe->untestable))
		html_element(h, "p", "reason", probe->untestable);
}

static void write_verdict(struct html *h, const struct result_run *run, const char *expected)
{
	static const struct text other = { "expected was {1}", "erwartet war {1}" };
	const struct result_probe *probe = &run->probes[0];
	const char *answer = answer_of(probe);

	html_open(h, "p");
	html_attribute(h, "class", "verdict");
	runs_answer(h, probe);
	html_text(h, " ");
	html_word(h, "span", NULL, meaning(answer));
	if (expected && *answer && !probe_table_answers(expected, answer)) {
		html_open(h, "span");
		html_attribute(h, "class", "unexpected");
		html_text(h, " (");
		html_say(h, &other, expected, "");
		html_text(h, ")");
		html_close(h, "span");
	}
	html_close(h, "p");
	write_details(h, probe);
}

/* The map tells something where the exercise changes it or looks at it. */
static bool wants_id_map(const struct result *result)
{
	const char *open = result->open.uid_map ? result->open.uid_map : "";
	const char *hard = result->hard.uid_map ? result->hard.uid_map : "";
	const char *evidence = result->exercise->evidence ? result->exercise->evidence : "";

	return (*open && *hard && !str_equal(open, hard)) || strstr(evidence, "uid_map");
}

static bool wants_gauge(const struct result *result)
{
	return result->exercise->needs & (EXERCISE_NEEDS_MEMORY | EXERCISE_NEEDS_PIDS | EXERCISE_NEEDS_CPU);
}

static bool is_seccomp(const char *name)
{
	return name && str_equal(name, "seccomp");
}

struct side {
	const struct result_run *run;
	const char *name;
	struct layers layers;
};

static void write_pictures(struct html *h, const struct result *result, const struct side *side,
			   const struct side *other)
{
	/* An attack that works shows that nothing was in its way, if something was in the other run. */
	bool onion = side->layers.n_concerned > 0 || (side->layers.works && other->layers.n_concerned > 0);
	/* What is answered with ENOSYS is not counted as refused: the call named there is another one. */
	bool by_filter = is_seccomp(side->layers.stops);
	bool named = by_filter && !str_equal(answer_of(&side->run->probes[0]), "ENOSYS");
	char id[90];

	html_open(h, "div");
	html_attribute(h, "class", "pictures");
	snprintf(id, sizeof(id), "%.60s-%s-onion", result->exercise->id, side->name);
	if (onion && onion_draw(h, id, &side->layers))
		onion_legend(h, &side->layers);
	snprintf(id, sizeof(id), "%.60s-%s-gate", result->exercise->id, side->name);
	if (by_filter || is_seccomp(other->layers.stops) ||
	    result->open.calls_allowed != result->hard.calls_allowed)
		gate_draw(h, id, side->run, named);
	snprintf(id, sizeof(id), "%.60s-%s-ids", result->exercise->id, side->name);
	if (wants_id_map(result))
		id_map_draw(h, id, side->run);
	snprintf(id, sizeof(id), "%.60s-%s-gauge", result->exercise->id, side->name);
	if (wants_gauge(result))
		gauge_draw(h, id, side->run);
	html_close(h, "div");
}

/* The last line of a killed run is also all that is known of its probe. */
static bool said_already(const struct result_run *run)
{
	return run->n_probes > 0 && run->probes[0].evidence && str_equal(run->probes[0].evidence, run->end);
}

static void write_end(struct html *h, const char *end)
{
	static const struct text words = { "end of the run:", "Ende des Laufs:" };

	html_open(h, "p");
	html_attribute(h, "class", "end");
	html_word(h, "span", NULL, &words);
	html_text(h, " ");
	html_text(h, end);
	html_close(h, "p");
}

static void write_run(struct html *h, const struct result *result, const struct side *side,
		      const struct side *other)
{
	static const struct text open = { "With the key opened", "Mit geöffnetem Schlüssel" };
	static const struct text hard = { "Hardest default", "Härteste Voreinstellung" };
	static const struct text nothing = { "not opened", "nicht geöffnet" };
	const struct result_run *run = side->run;
	bool is_open = run == &result->open;

	html_open(h, "section");
	html_attribute(h, "class", is_open ? "run open" : "run hard");
	html_word(h, "h3", NULL, is_open ? &open : &hard);
	html_open(h, "p");
	html_attribute(h, "class", "line");
	if (is_open)
		html_element(h, "code", NULL, result->exercise->opened);
	else
		html_word(h, "span", NULL, &nothing);
	html_close(h, "p");
	if (run->n_probes > 0)
		write_verdict(h, run,
			      is_open ? result->exercise->open_answer : result->exercise->hard_answer);
	write_pictures(h, result, side, other);
	if (sections_given(run->end) && !said_already(run))
		write_end(h, run->end);
	html_close(h, "section");
}

void runs_write(struct html *h, const struct result *result)
{
	static const struct text both = { "In both runs:", "In beiden Läufen:" };
	struct side open = { .run = &result->open, .name = "open" },
		    hard = { .run = &result->hard, .name = "hard" };

	if (result->open.n_probes == 0 && result->hard.n_probes == 0)
		return;
	if (sections_given(result->exercise->common)) {
		html_open(h, "p");
		html_attribute(h, "class", "attempt");
		html_word(h, "strong", NULL, &both);
		html_text(h, " ");
		html_element(h, "code", NULL, result->exercise->common);
		html_close(h, "p");
	}
	html_open(h, "div");
	html_attribute(h, "class", "pair");
	layers_of(result, open.run, &open.layers);
	layers_of(result, hard.run, &hard.layers);
	write_run(h, result, &open, &hard);
	write_run(h, result, &hard, &open);
	html_close(h, "div");
}
