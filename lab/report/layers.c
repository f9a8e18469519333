/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/report/layers.h"

#include "base/macro.h"
#include "base/str.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/result.h"
#include "lab/table/probe_table.h"
#include "profiles/keys.h"

/* These report what is of this run (a name, an inode, a count of mounts): a difference means nothing. */
static const char *const of_the_run[] = { "hostname", "keyring", "pivot-root", "program" };

/* What these can't answer with is somebody else's answer: Landlock and the network both refuse a connection.
 */
static const struct {
	const char *name, *answers;
} answers[] = {
	{ "landlock", "EACCES EPERM EXDEV" },
	{ "network", "EADDRNOTAVAIL ECONNREFUSED EHOSTUNREACH ENETUNREACH ENODEV" },
};

/* Keys below these change a restriction without changing its report: a tmpfs's size, the filter's manner. */
static const struct {
	const char *key, *name;
} unreported[] = { { "mounts.", "mount" }, { "syscalls.", "seccomp" } };

static const struct result_layer *find(const struct result_run *run, const char *name, size_t length)
{
	for (size_t i = 0; i < run->n_layers; i++)
		if (strlen(run->layers[i].name) == length && strncmp(run->layers[i].name, name, length) == 0)
			return &run->layers[i];
	return NULL;
}

bool layers_same(const struct result *result, const char *name)
{
	const struct result_layer *open = find(&result->open, name, strlen(name));
	const struct result_layer *hard = find(&result->hard, name, strlen(name));

	for (size_t i = 0; i < ARRAY_SIZE(of_the_run); i++)
		if (str_equal(name, of_the_run[i]))
			return true;
	if (!open || !hard)
		return open == hard;
	return str_equal(open->report, hard->report);
}

static void add(struct layers *layers, const char *name, const char *report)
{
	if (layers->n < LAYERS_MAX)
		layers->layer[layers->n++] = (struct layer){ name, report, LAYER_OTHER };
}

static bool has(const struct layers *layers, const char *name)
{
	for (size_t i = 0; i < layers->n; i++)
		if (str_equal(layers->layer[i].name, name))
			return true;
	return false;
}

/* What the table lists, from this run or, where the exercise has done away with it, from the hard one. */
static bool collect_listed(struct layers *layers, const struct result *result, const struct result_run *run)
{
	const char *words = layers->row->layers, *word;
	bool differs = false;
	size_t length;

	while ((word = keys_word(&words, &length))) {
		const struct result_layer *layer = find(run, word, length);
		const struct result_layer *hard = find(&result->hard, word, length);

		if (layer)
			add(layers, layer->name, layer->report);
		else if (hard)
			add(layers, hard->name, "");
		if (layer || hard)
			differs |= !layers_same(result, layer ? layer->name : hard->name);
	}
	return differs;
}

/* A difference outside of the list is what the exercise opened, if there is none within. */
static void collect_other(struct layers *layers, const struct result *result, const struct result_run *run)
{
	for (size_t i = 0; i < result->hard.n_layers; i++) {
		const char *name = result->hard.layers[i].name;
		const struct result_layer *layer = find(run, name, strlen(name));

		if (!layers_same(result, name) && !has(layers, name))
			add(layers, name, layer ? layer->report : "");
	}
	for (size_t i = 0; run == &result->open && i < run->n_layers; i++)
		if (!layers_same(result, run->layers[i].name) && !has(layers, run->layers[i].name))
			add(layers, run->layers[i].name, run->layers[i].report);
}

static void collect(struct layers *layers, const struct result *result, const struct result_run *run)
{
	if (!collect_listed(layers, result, run))
		collect_other(layers, result, run);
	layers->n_concerned = layers->n;
	for (size_t i = 0; i < layers->n; i++)
		layers->n_absent += !find(run, layers->layer[i].name, strlen(layers->layer[i].name));
	for (size_t i = run->n_layers; i-- > 0;) /* what was applied last is nearest to the process */
		if (!has(layers, run->layers[i].name))
			add(layers, run->layers[i].name, run->layers[i].report);
}

static bool can_answer(const struct layer *layer, const char *answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (str_equal(layer->name, answers[i].name))
			return keys_has_word(answers[i].answers, answer);
	return true;
}

struct change {
	size_t at;   /* the first of the list that the exercise opened; n_concerned: none is known */
	bool hidden; /* it stands in both runs and reports the same */
};

static struct change find_change(const struct layers *layers, const struct result *result)
{
	struct change change = { 0, false };

	while (change.at < layers->n_concerned && layers_same(result, layers->layer[change.at].name))
		change.at++;
	for (size_t u = 0; change.at == layers->n_concerned && u < ARRAY_SIZE(unreported); u++)
		for (size_t i = 0;
		     i < layers->n_concerned && str_starts(result->exercise->key, unreported[u].key); i++)
			if (str_equal(layers->layer[i].name, unreported[u].name))
				change = (struct change){ i, true };
	return change;
}

/* Which layer stopped the attack; n_concerned: none, or it can't be told. */
static size_t stopping(const struct layers *layers, const struct result *result, bool hard,
		       struct change change, const char *answer)
{
	size_t none = layers->n_concerned;

	if (layers->works)
		return none;
	if (change.at == none) /* of several, that one which both runs open is not told by the results */
		return none > 0 && (none == 1 || !result->exercise->common) ? 0 : none;
	if ((hard || change.hidden) && can_answer(&layers->layer[change.at], answer))
		return change.at;
	for (size_t i = change.at + 1; i < none; i++)
		if (layers_same(result, layers->layer[i].name) && can_answer(&layers->layer[i], answer))
			return i;
	for (size_t i = change.at; hard && i-- > 0;)
		if (can_answer(&layers->layer[i], answer))
			return i;
	/* Opened, and it refuses all the same: another network has nobody who listens, either. */
	return *layers->layer[change.at].report && can_answer(&layers->layer[change.at], answer) ? change.at
												 : none;
}

/* The table's order is that of the first answer; an answer that only a later one gives puts that one in
 * front. */
static size_t reorder(struct layers *layers, size_t stops, size_t change, bool hard)
{
	struct layer first;

	if (!hard || stops >= layers->n_concerned || stops <= change)
		return stops;
	first = layers->layer[stops];
	for (size_t i = stops; i > change; i--)
		layers->layer[i] = layers->layer[i - 1];
	layers->layer[change] = first;
	return change;
}

static void assign(struct layers *layers, const struct result *result, bool hard, struct change change,
		   size_t stops)
{
	for (size_t i = 0; i < layers->n_concerned; i++) {
		struct layer *layer = &layers->layer[i];
		bool opened = !hard && (!layers_same(result, layer->name) || i == change.at);

		if (i == stops)
			layer->role = LAYER_STOPS;
		else if (opened)
			layer->role = *layer->report ? LAYER_OPENED : LAYER_ABSENT;
		else if (layers->works || (stops < layers->n_concerned && i < stops))
			layer->role = LAYER_PASSED;
		else
			layer->role = stops < layers->n_concerned ? LAYER_BEHIND : LAYER_MAYBE;
		if (opened && !layers->opened)
			layers->opened = layer->name;
	}
	if (stops < layers->n_concerned)
		layers->stops = layers->layer[stops].name;
}

void layers_of(const struct result *result, const struct result_run *run, struct layers *layers)
{
	const char *answer = run->n_probes > 0 ? run->probes[0].answer : NULL;
	bool hard = run == &result->hard;
	struct change change;
	size_t stops;

	*layers = (struct layers){ 0 };
	layers->row = answer && *answer ? probe_table_find(run->probes[0].name) : NULL;
	if (!layers->row || !layers->row->layers)
		return;
	layers->works = str_equal(answer, "OK");
	collect(layers, result, run);
	change = find_change(layers, result);
	stops = reorder(layers, stopping(layers, result, hard, change, answer), change.at, hard);
	assign(layers, result, hard, change, stops);
}
