/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/assessment.h"

#include "lab/audit/facts.h"

enum { BEST = 100 };

uint64_t assessment_points(const struct check *check, const struct opinion *opinion)
{
	if (opinion->state != OPINION_JUDGED)
		return 0;
	return ((uint64_t)opinion->badness * check->weight + check->range - 1) / check->range;
}

unsigned int assessment_tenths(uint64_t badness, uint64_t weight)
{
	return weight ? BEST - (unsigned int)((badness * BEST + weight - 1) / weight) : 0;
}

static void add(struct score *score, const struct check *check, const struct opinion *opinion)
{
	switch (opinion->state) {
	case OPINION_JUDGED:
		score->n_judged++;
		score->badness += assessment_points(check, opinion);
		score->weight += check->weight;
		break;
	case OPINION_NOT_APPLICABLE:
		score->n_not_applicable++;
		break;
	case OPINION_NOT_READABLE:
		score->n_not_readable++;
		break;
	case OPINION_NONE:
	default:
		break;
	}
}

static void finish(struct score *score)
{
	score->known = score->weight > 0;
	score->tenths = assessment_tenths(score->badness, score->weight);
}

void assessment_make(const struct audit_declared *declared, const struct facts *facts, struct assessment *ret)
{
	ret->n = 0;
	ret->declared = ret->effective = (struct score){ 0 };
	for (size_t topic = 0; topic < checks_topics(); topic++) {
		const char *title;
		size_t n;
		const struct check *rows = checks_topic(topic, &n, &title);

		for (size_t i = 0; i < n && ret->n < ASSESSMENT_ROWS_MAX; i++) {
			struct result *result = &ret->results[ret->n++];

			*result = (struct result){ .check = &rows[i], .topic = title };
			if (declared && rows[i].declared)
				rows[i].declared(&rows[i], declared, &result->declared);
			if (facts && rows[i].effective)
				rows[i].effective(&rows[i], facts, &result->effective);
			add(&ret->declared, &rows[i], &result->declared);
			add(&ret->effective, &rows[i], &result->effective);
		}
	}
	finish(&ret->declared);
	finish(&ret->effective);
}

const struct score *assessment_score(const struct assessment *assessment)
{
	return assessment->effective.known ? &assessment->effective : &assessment->declared;
}

bool assessment_differs(const struct result *result)
{
	const struct opinion *a = &result->declared, *b = &result->effective;

	if (a->state != OPINION_JUDGED || b->state != OPINION_JUDGED)
		return false;
	return a->badness != b->badness || (a->measured && b->measured && a->amount != b->amount);
}

const char *assessment_word(unsigned int tenths)
{
	/* The ranges of systemd-analyze security, from the other end. */
	static const struct {
		unsigned int least;
		const char *word;
	} words[] = {
		{ 100, "PERFECT" }, { 91, "SAFE" },    { 51, "OK" },
		{ 26, "MEDIUM" },   { 11, "EXPOSED" }, { 1, "UNSAFE" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (tenths >= words[i].least)
			return words[i].word;
	return "DANGEROUS";
}
