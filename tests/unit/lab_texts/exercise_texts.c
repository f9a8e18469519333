/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What students read, in both languages. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/exercises/exercise.h"

enum { CHOICES_MIN = 3, SENTENCE_MAX = 230, TITLE_MAX = 60 };

struct visit {
	const struct exercise *exercise;
	void (*look)(const struct exercise *exercise, const char *what, const struct text *text);
};

static void visit(const struct visit *visit, const char *what, const struct text *text)
{
	visit->look(visit->exercise, what, text);
}

static void visit_exercise(const struct visit *to)
{
	const struct exercise *exercise = to->exercise;

	visit(to, "title", &exercise->title);
	visit(to, "question", &exercise->question);
	for (size_t i = 0; i < ARRAY_SIZE(exercise->mechanism); i++)
		visit(to, "mechanism", &exercise->mechanism[i]);
	visit(to, "quiz", &exercise->quiz.question);
	for (size_t i = 0; i < ARRAY_SIZE(exercise->quiz.choices); i++)
		if (exercise->quiz.choices[i].text.en)
			visit(to, "choice", &exercise->quiz.choices[i].text);
	visit(to, "because", &exercise->quiz.because);
	visit(to, "task", &exercise->task.ask);
}

static void visit_all(void (*look)(const struct exercise *exercise, const char *what,
				   const struct text *text))
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++)
		visit_exercise(&(struct visit){ &all[i], look });
}

static void is_there(const struct exercise *exercise, const char *what, const struct text *text)
{
	cr_expect(text->en && text->en[0], "%s: no English %s", exercise->id, what);
	cr_expect(text->de && text->de[0], "%s: no German %s", exercise->id, what);
}

Test(exercise_texts, are_there_in_both_languages)
{
	visit_all(is_there);
}

static void is_utf8(const struct exercise *exercise, const char *what, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text), length;

	for (; left > 0; at += length, left -= length) {
		length = str_utf8_length(at, left);
		cr_assert(gt(sz, length, 0), "%s: %s is not UTF-8: %s", exercise->id, what, text);
		cr_assert(ge(int, *at, 0x20), "%s: %s has a control character", exercise->id, what);
	}
}

static void is_clean(const struct exercise *exercise, const char *what, const struct text *text)
{
	const char *const both[] = { text->en, text->de };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		is_utf8(exercise, what, both[i]);
		cr_expect(not(str_starts(both[i], " ")), "%s: %s", exercise->id, both[i]);
		cr_expect(strstr(both[i], "  ") == NULL, "%s: two spaces: %s", exercise->id, both[i]);
		cr_expect(both[i][strlen(both[i]) - 1] != ' ', "%s: %s", exercise->id, both[i]);
	}
}

Test(exercise_texts, are_plain_lines)
{
	visit_all(is_clean);
}

static void is_swiss(const struct exercise *exercise, const char *what, const struct text *text)
{
	cr_expect(strstr(text->de, "\xc3\x9f") == NULL, "%s: sharp s in the %s: %s", exercise->id, what,
		  text->de);
	cr_expect(strstr(text->de, "\xe2\x80\x9e") == NULL, "%s: „ instead of « in the %s", exercise->id,
		  what);
}

Test(exercise_texts, follow_swiss_spelling_in_german)
{
	visit_all(is_swiss);
}

/* A point that ends a sentence; "1.5" and "/etc" hold none. */
static size_t sentences(const char *text)
{
	size_t n = 0;

	for (const char *at = text; *at; at++)
		n += (*at == '.' || *at == '?') && (at[1] == '\0' || at[1] == ' ');
	return n;
}

Test(exercise_mechanism, is_three_sentences_of_readable_length)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		for (size_t s = 0; s < ARRAY_SIZE(all[i].mechanism); s++) {
			const char *const both[] = { all[i].mechanism[s].en, all[i].mechanism[s].de };

			for (size_t l = 0; l < ARRAY_SIZE(both); l++) {
				cr_expect(eq(sz, sentences(both[l]), 1), "%s: %s", all[i].id, both[l]);
				cr_expect(eq(chr, both[l][strlen(both[l]) - 1], '.'), "%s: %s", all[i].id,
					  both[l]);
				cr_expect(le(sz, strlen(both[l]), SENTENCE_MAX), "%s: %s", all[i].id,
					  both[l]);
			}
		}
	}
}

Test(exercise_title, fits_into_a_line_of_the_list)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		cr_expect(le(sz, strlen(all[i].title.en), TITLE_MAX), "%s", all[i].title.en);
		cr_expect(le(sz, strlen(all[i].title.de), TITLE_MAX), "%s", all[i].title.de);
	}
}

Test(exercise_question, asks)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		cr_expect(strchr(all[i].question.en, '?') != NULL, "%s", all[i].question.en);
		cr_expect(strchr(all[i].question.de, '?') != NULL, "%s", all[i].question.de);
	}
}

Test(exercise_quiz, has_one_right_choice_among_three_or_four)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		const struct exercise_choice *choices = all[i].quiz.choices;
		size_t given = 0, right = 0;

		for (size_t c = 0; c < ARRAY_SIZE(all[i].quiz.choices); c++) {
			if (!choices[c].text.en) {
				cr_expect(not(choices[c].right), "%s", all[i].id);
				continue;
			}
			cr_expect(eq(sz, given, c), "%s: a gap between the choices", all[i].id);
			given++;
			right += choices[c].right;
		}
		cr_expect(ge(sz, given, CHOICES_MIN), "%s", all[i].id);
		cr_expect(eq(sz, right, 1), "%s", all[i].id);
	}
}

/* Whoever always takes the same letter must not pass. */
Test(exercise_quiz, spreads_the_right_choice)
{
	size_t n, at[4] = { 0 };
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < ARRAY_SIZE(at); c++)
			at[c] += all[i].quiz.choices[c].right;
	for (size_t c = 0; c < ARRAY_SIZE(at); c++)
		cr_expect(lt(sz, at[c], n / 2), "choice %zu is right %zu times of %zu", c + 1, at[c], n);
}
