/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is drawn, and that nothing is drawn that the run did not tell. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/exercises/result.h"
#include "tests/unit/lab_report/markup.h"
#include "tests/unit/lab_report/sample.h"

static char *page(void)
{
	char *text = sample_page(sample_results(), SAMPLE_RESULTS, TEXT_ENGLISH);

	cr_assert(ne(ptr, text, NULL));
	return text;
}

/* The picture whose id begins so, up to its end; NULL: not there. */
static char *picture(const char *text, const char *id)
{
	char start[120];

	snprintf(start, sizeof(start), "aria-labelledby=\"%s-t ", id);
	return markup_part(text, start, "</svg>");
}

Test(lab_pictures, the_onion_has_a_ring_for_each_restriction)
{
	char *onion = picture(page(), "nested-namespaces-hard-onion");

	cr_assert(ne(ptr, onion, NULL));
	cr_assert(eq(sz, markup_count(onion, "class=\"ring"), 13));
	cr_assert(eq(sz, markup_count(onion, "class=\"ring stops\""), 1));
	cr_assert(eq(sz, markup_count(onion, "class=\"ring stands\""), 1));
	cr_assert(eq(sz, markup_count(onion, "class=\"mark\""), 2));
	cr_assert(ne(ptr,
		     strstr(onion, "13 restrictions surround the process. In the way of this attack: 2."),
		     NULL));
	cr_assert(ne(ptr, strstr(onion, "seccomp stops it."), NULL));
	cr_assert(eq(ptr, strstr(onion, "attackhead"), NULL), "a stopped attack does not arrive");
}

Test(lab_pictures, the_onion_of_the_open_run_has_a_door)
{
	char *onion = picture(page(), "nested-namespaces-open-onion");

	cr_assert(ne(ptr, onion, NULL));
	cr_assert(eq(sz, markup_count(onion, "class=\"ring opened\""), 1));
	cr_assert(eq(sz, markup_count(onion, "class=\"ring absent\""), 1));
	cr_assert(ne(ptr,
		     strstr(onion, "12 restrictions surround the process. In the way of this attack: 1."),
		     NULL));
	cr_assert(eq(sz, markup_count(onion, "class=\"ring stops\""), 0));
	cr_assert(ne(ptr, strstr(onion, "attackhead"), NULL));
	cr_assert(eq(ptr, strstr(onion, "stopdisc"), NULL));
	cr_assert(ne(ptr, strstr(onion, "The attack works."), NULL));
}

Test(lab_pictures, there_is_no_onion_without_layers)
{
	struct result *results = sample_results();

	results[SAMPLE_NAMESPACE].hard.n_layers = 0;
	cr_assert(eq(ptr, picture(sample_page(results, 1, TEXT_ENGLISH), "nested-namespaces-hard-onion"),
		     NULL));
}

Test(lab_pictures, the_id_map_shows_both_sides)
{
	char *map = picture(page(), "host-pid-hard-ids");

	cr_assert(ne(ptr, map, NULL));
	cr_assert(eq(sz, markup_count(map, "class=\"inside\""), 3));
	cr_assert(ne(ptr, strstr(map, ">100000<"), NULL));
	cr_assert(ne(ptr,
		     strstr(map, "1001\xe2\x80\x93"
				 "65535 is 101001\xe2\x80\x93"
				 "165535 on this machine."),
		     NULL));
	cr_assert(eq(sz, markup_count(map, "root"), 0));
}

Test(lab_pictures, the_id_map_marks_the_root_of_the_host)
{
	char *map = picture(page(), "host-pid-open-ids");

	cr_assert(ne(ptr, map, NULL));
	cr_assert(eq(sz, markup_count(map, "class=\"outside root\""), 1));
	cr_assert(ne(ptr, strstr(map, "4294967294"), NULL));
}

Test(lab_pictures, lines_that_are_no_id_map_are_not_drawn)
{
	static const char *const wrong[] = {
		"", "x", "1 2", "1 2 0", "1 99999999999 1", "-1 -1 -1", HOSTILE
	};
	struct result *results = sample_results();

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		results[SAMPLE_NAMESPACE].hard.uid_map = wrong[i];
		cr_assert(eq(ptr,
			     picture(sample_page(results, 1, TEXT_ENGLISH), "nested-namespaces-hard-ids"),
			     NULL),
			  "%s", wrong[i]);
	}
}

Test(lab_pictures, the_gauge_shows_peak_and_limit)
{
	char *text = page();
	char *open = picture(text, "memory-limit-open-gauge"),
	     *hard = picture(text, "memory-limit-hard-gauge");

	cr_assert(ne(ptr, open, NULL));
	cr_assert(ne(ptr, hard, NULL));
	cr_assert(ne(ptr, strstr(open, "memory: peak 137 MiB of 256 MiB."), NULL));
	cr_assert(ne(ptr, strstr(open, "processes: peak 3 of 16."), NULL));
	cr_assert(eq(ptr, strstr(open, "processor"), NULL), "a number that the run does not tell");
	cr_assert(ne(ptr, strstr(hard, "processor: held back for 1.23 s."), NULL));
	cr_assert(eq(sz, markup_count(open, "fill full"), 0));
	cr_assert(eq(sz, markup_count(hard, "fill full"), 1));
}

Test(lab_pictures, a_peak_without_a_limit_is_not_drawn)
{
	struct result *results = sample_results();

	results[SAMPLE_MEMORY].open.memory_max_bytes = RESULT_UNKNOWN;
	results[SAMPLE_MEMORY].open.pids_peak = RESULT_UNKNOWN;
	cr_assert(eq(ptr, picture(sample_page(results, 2, TEXT_ENGLISH), "memory-limit-open-gauge"), NULL));
}

Test(lab_pictures, the_gate_names_the_refused_call)
{
	char *text = page();
	char *open = picture(text, "nested-namespaces-open-gate"),
	     *hard = picture(text, "nested-namespaces-hard-gate");

	cr_assert(ne(ptr, open, NULL));
	cr_assert(ne(ptr, hard, NULL));
	cr_assert(ne(ptr, strstr(open, "181 of 374 system calls pass."), NULL));
	cr_assert(ne(ptr, strstr(hard, "176 of 374 system calls pass, unshare does not."), NULL));
	cr_assert(ne(ptr, strstr(hard, ">unshare()<"), NULL));
}

Test(lab_pictures, the_gate_names_no_call_that_was_not_the_attack)
{
	struct result *results = sample_results();
	char *gate;

	results[SAMPLE_NAMESPACE].open.refused_call = "unlink"; /* by a probe that tidies up */
	gate = picture(sample_page(results, 1, TEXT_ENGLISH), "nested-namespaces-open-gate");
	cr_assert(ne(ptr, gate, NULL));
	cr_assert(eq(ptr, strstr(gate, "unlink"), NULL));
}

Test(lab_pictures, the_gate_is_not_drawn_without_both_numbers)
{
	struct result *results = sample_results();

	results[SAMPLE_NAMESPACE].open.calls_known = RESULT_UNKNOWN;
	results[SAMPLE_NAMESPACE].hard.calls_allowed = 375; /* more than there are: some number is wrong */
	cr_assert(eq(ptr, strstr(sample_page(results, 1, TEXT_ENGLISH), "-gate-t"), NULL));
}
