/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers, names and probes of the exercises. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "lab/exercises/exercise.h"
#include "lab/table/probe_table.h"

enum { EXERCISES_MIN = 30, EXERCISES_LIMIT = 64 };

/* The next of space-separated words into @word; returns what follows, NULL at the end. */
static const char *next_word(const char *at, char *word, size_t size)
{
	size_t length;

	at += strspn(at, " ");
	length = strcspn(at, " ");
	if (length == 0)
		return NULL;
	snprintf(word, size, "%.*s", (int)length, at);
	return at + length;
}

Test(exercise_table, counts_from_1_without_a_gap)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	cr_assert(ge(sz, n, EXERCISES_MIN));
	/* A full table would mean that the next exercise is left out silently. */
	cr_assert(lt(sz, n, EXERCISES_LIMIT));
	for (size_t i = 0; i < n; i++)
		cr_expect(eq(int, all[i].number, (int)i + 1), "%s", all[i].id);
}

Test(exercise_table, has_each_id_once_and_in_small_letters)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		cr_expect(
			eq(sz, strspn(all[i].id, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(all[i].id)),
			"%s", all[i].id);
		for (size_t j = 0; j < i; j++)
			cr_expect(not(str_equal(all[i].id, all[j].id)), "%s is there twice", all[i].id);
	}
}

Test(exercise_find, takes_a_number_or_an_id)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);
	char number[16];

	for (size_t i = 0; i < n; i++) {
		snprintf(number, sizeof(number), "%d", all[i].number);
		cr_expect(exercise_find(number) == &all[i], "%s", number);
		cr_expect(exercise_find(all[i].id) == &all[i], "%s", all[i].id);
	}
}

Test(exercise_find, knows_nothing_else)
{
	const char *const unknown[] = { "0",          "-1", "+1",
					"1x",         " 1", "65",
					"4294967297", "",   "no-such-exercise" };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		cr_expect(exercise_find(unknown[i]) == NULL, "\"%s\"", unknown[i]);
}

Test(exercise_probes, are_in_the_table_of_probes)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);
	char word[64];

	for (size_t i = 0; i < n; i++) {
		const char *at = next_word(all[i].probes, word, sizeof(word));

		cr_expect(at != NULL, "%s has no probe", all[i].id);
		for (; at; at = next_word(at, word, sizeof(word)))
			cr_expect(probe_table_find(word) != NULL, "%s: no probe %s", all[i].id, word);
	}
}

/* An answer that both runs could give would prove nothing. */
Test(exercise_answers, differ_between_the_two_runs)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);
	const char *all_open[] = { NULL, NULL };
	char answers[128], *answer, *rest;

	for (size_t i = 0; i < n; i++) {
		if (strpbrk(all[i].open_answer, "<>"))
			continue; /* measured: see the next test */
		all_open[0] = all[i].open_answer;
		all_open[1] = all[i].task.answer;
		for (size_t a = 0; a < ARRAY_SIZE(all_open); a++) {
			snprintf(answers, sizeof(answers), "%s", all_open[a]);
			for (answer = strtok_r(answers, "|", &rest); answer;
			     answer = strtok_r(NULL, "|", &rest))
				cr_expect(not(probe_table_answers(all[i].hard_answer, answer)),
					  "%s: %s comes in both runs", all[i].id, answer);
		}
	}
}

Test(exercise_answers, do_not_overlap_where_they_are_measured)
{
	size_t n, measured = 0;
	const struct exercise *all = exercise_table(&n);
	long least, least_of_task, most;

	for (size_t i = 0; i < n; i++) {
		if (!strpbrk(all[i].open_answer, "<>"))
			continue;
		measured++;
		cr_assert(eq(int, sscanf(all[i].open_answer, ">=%ld", &least), 1));
		cr_assert(eq(int, sscanf(all[i].task.answer, ">=%ld", &least_of_task), 1));
		cr_assert(eq(int, sscanf(all[i].hard_answer, "<=%ld", &most), 1));
		cr_expect(gt(long, least, most), "%s", all[i].id);
		cr_expect(gt(long, least_of_task, most), "%s", all[i].id);
	}
	cr_assert(gt(sz, measured, 0));
}

Test(exercise_evidence, is_read_from_files_by_absolute_paths)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);
	char word[128];

	for (size_t i = 0; i < n; i++) {
		const char *at = all[i].evidence ? all[i].evidence : "";

		while ((at = next_word(at, word, sizeof(word))))
			cr_expect(eq(chr, word[0], '/'), "%s: %s", all[i].id, word);
	}
}

/* "capabilities(7), user_namespaces(7)" */
Test(exercise_man, names_pages_with_their_sections)
{
	size_t n;
	const struct exercise *all = exercise_table(&n);

	for (size_t i = 0; i < n; i++) {
		const char *at = all[i].man;

		while (*at) {
			size_t name = strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");

			cr_assert(gt(sz, name, 0), "%s: %s", all[i].id, all[i].man);
			at += name;
			cr_assert(at[0] == '(' && strchr("12345678", at[1]) && at[2] == ')', "%s: %s",
				  all[i].id, all[i].man);
			at += 3;
			if (*at)
				cr_assert(str_starts(at, ", "), "%s: %s", all[i].id, all[i].man);
			at += strspn(at, ", ");
		}
	}
}
