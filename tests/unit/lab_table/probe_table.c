/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/table/probe_table.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/steps/steps.h"

Test(probe_table, is_in_the_order_of_its_numbers_without_a_gap)
{
	const struct probe_row *rows;
	int last = 0;
	size_t n;

	rows = probe_table(&n);
	cr_assert(gt(sz, n, 200));
	for (size_t i = 0; i < n; i++) {
		cr_expect(rows[i].number == last || rows[i].number == last + 1, "%s is %d after %d",
			  rows[i].name, rows[i].number, last);
		last = rows[i].number;
	}
	cr_assert(ge(int, last, PROBE_ATTACKS_MAX));
}

Test(probe_table, names_are_unique_and_found)
{
	const struct probe_row *rows;
	size_t n;

	rows = probe_table(&n);
	for (size_t i = 0; i < n; i++) {
		const struct probe_row *found = probe_table_find(rows[i].name);

		cr_assert(found != NULL, "%s", rows[i].name);
		cr_expect(eq(str, found->tries.en, rows[i].tries.en), "%s stands twice", rows[i].name);
	}
	cr_assert(zero(ptr, probe_table_find("mount-tmpf")));
	cr_assert(zero(ptr, probe_table_find("")));
}

Test(probe_table, says_the_same_whenever_it_is_asked)
{
	size_t first, second;

	cr_assert(eq(ptr, probe_table(&first), probe_table(&second)));
	cr_assert(eq(sz, first, second));
}

static bool is_answer(const char *word)
{
	if (str_equal(word, "OK") || str_equal(word, "HELD"))
		return true;
	for (int i = 1; i < 134; i++)
		if (str_equal(error_name(i), word))
			return true;
	for (int i = 1; i < NSIG; i++)
		if (str_starts(word, "SIG") && sigabbrev_np(i) && str_equal(sigabbrev_np(i), word + 3))
			return true;
	return false;
}

static void expect_answers(const char *name, const char *answers)
{
	char copy[128], *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", answers);
	cr_expect(copy[0] != '\0', "%s has an empty answer", name);
	for (char *word = strtok_r(copy, "|", &rest); word; word = strtok_r(NULL, "|", &rest))
		cr_expect(is_answer(word), "%s: %s is neither an errno nor a signal", name, word);
}

Test(probe_table, answers_are_names_of_the_kernel)
{
	const struct probe_row *rows;
	size_t n;

	rows = probe_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].elsewhere.en)
			cr_expect(eq(str, rows[i].strict, ""), "%s makes no attempt", rows[i].name);
		else
			expect_answers(rows[i].name, rows[i].strict);
		for (const struct probe_opening *o = rows[i].openings; o && o->title; o++)
			expect_answers(rows[i].name, o->answer);
		if (rows[i].alone)
			expect_answers(rows[i].name, rows[i].alone->answer);
	}
}

Test(probe_table, layers_are_steps_of_the_launcher)
{
	const struct probe_row *rows;
	size_t n;

	rows = probe_table(&n);
	for (size_t i = 0; i < n && rows[i].number <= PROBE_ATTACKS_MAX; i++) {
		char copy[200], *rest = NULL;

		snprintf(copy, sizeof(copy), "%s", rows[i].layers);
		cr_expect(copy[0] || rows[i].elsewhere.en, "%s is stopped by nobody", rows[i].name);
		for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
			cr_expect(steps_find(word) || str_equal(word, "kernel") || str_equal(word, "kapsel"),
				  "%s: there is no step %s", rows[i].name, word);
	}
}

static void expect_text(const char *name, const struct text *text)
{
	cr_assert(text->en && text->en[0], "%s has no English text", name);
	cr_assert(text->de && text->de[0], "%s has no German text", name);
	cr_expect(strstr(text->de, "\303\237") == NULL, "%s: Swiss spelling has ss", name);
	cr_expect(ne(str, text->de, text->en), "%s is not translated", name);
}

Test(probe_table, speaks_both_languages)
{
	const struct probe_row *rows;
	size_t n;

	rows = probe_table(&n);
	for (size_t i = 0; i < n; i++) {
		expect_text(rows[i].name, &rows[i].tries);
		if (rows[i].elsewhere.en || rows[i].elsewhere.de)
			expect_text(rows[i].name, &rows[i].elsewhere);
	}
}

Test(probe_table, compares_whole_answers)
{
	cr_assert(probe_table_answers("EPERM", "EPERM"));
	cr_assert(probe_table_answers("EACCES|EPERM", "EPERM"));
	cr_assert(probe_table_answers("EACCES|EPERM", "EACCES"));
	cr_assert(not(probe_table_answers("EACCES|EPERM", "EPER")));
	cr_assert(not(probe_table_answers("EACCES|EPERM", "EPERM|")));
	cr_assert(not(probe_table_answers("EACCES|EPERM", "OK")));
	cr_assert(not(probe_table_answers("EACCES|EPERM", "")));
	cr_assert(not(probe_table_answers("", "EPERM")));
	cr_assert(not(probe_table_answers("", "")));
}
