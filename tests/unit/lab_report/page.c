/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"
#include "lab/exercises/result.h"
#include "lab/report/report.h"
#include "tests/unit/lab_report/markup.h"
#include "tests/unit/lab_report/sample.h"

static const char sharp_s[] = "\xc3\x9f";

static char *whole(enum text_language language)
{
	char *page = sample_page(sample_results(), SAMPLE_RESULTS, language);

	cr_assert(ne(ptr, page, NULL), "no page");
	return page;
}

/* One exercise, from its article on. */
static char *article(const char *page, const char *id)
{
	char start[80];
	char *part;

	snprintf(start, sizeof(start), "<article id=\"%s\"", id);
	part = markup_part(page, start, "</article>");
	cr_assert(ne(ptr, part, NULL), "no article %s", id);
	return part;
}

Test(lab_report, nests_its_elements_in_both_languages)
{
	cr_assert(eq(ptr, markup_fault(whole(TEXT_ENGLISH)), NULL), "%s", markup_fault(whole(TEXT_ENGLISH)));
	cr_assert(eq(ptr, markup_fault(whole(TEXT_GERMAN)), NULL), "%s", markup_fault(whole(TEXT_GERMAN)));
}

Test(lab_report, the_checker_of_this_test_finds_faults)
{
	cr_assert(ne(ptr, markup_fault("<p><b></p></b>"), NULL));
	cr_assert(ne(ptr, markup_fault("<p>"), NULL));
	cr_assert(ne(ptr, markup_fault("<p a=\"<\"></p>"), NULL));
	cr_assert(ne(ptr, markup_fault("a < b"), NULL));
	cr_assert(not(markup_headings_in_order("<h1></h1><h3></h3>")));
	cr_assert(not(markup_ids_unique("<p id=\"a\"></p><p id=\"a\"></p>")));
	cr_assert(not(markup_links_lead("<a href=\"#b\"></a><p id=\"a\"></p>")));
}

Test(lab_report, says_its_language)
{
	cr_assert(ne(ptr, strstr(whole(TEXT_ENGLISH), "<html lang=\"en\">"), NULL));
	cr_assert(ne(ptr, strstr(whole(TEXT_GERMAN), "<html lang=\"de-CH\">"), NULL));
	cr_assert(ne(ptr, strstr(whole(TEXT_GERMAN), "Zusammenfassung"), NULL));
	cr_assert(eq(ptr, strstr(whole(TEXT_GERMAN), sharp_s), NULL));
}

Test(lab_report, shows_what_is_hostile_and_lets_nothing_of_it_be_markup)
{
	char *page = whole(TEXT_ENGLISH);

	cr_assert(ge(sz, markup_count(page, HOSTILE_SEEN), 15));
	cr_assert(eq(sz, strcspn(page, "\x01\x02\x07\x08\x0b\x0c\r\x1b\x7f\xff"), strlen(page)));
	cr_assert(eq(ptr, strstr(page, "\xe2\x80\xae"), NULL));
}

Test(lab_report, loads_nothing_and_runs_nothing)
{
	static const char *const never[] = { "<script",     "http:",   "https:", " src=",   "url(",
					     "@import",     "<link",   "<img",   " onload", " onclick",
					     "javascript:", "<iframe", "<form",  " style=" };
	char *page = whole(TEXT_GERMAN);

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		cr_assert(eq(ptr, strstr(page, never[i]), NULL), "%s", never[i]);
	cr_assert(ne(ptr, strstr(page, "default-src &#39;none&#39;"), NULL));
}

Test(lab_report, has_headings_in_order_unique_ids_and_links_that_lead_somewhere)
{
	char *page = whole(TEXT_ENGLISH);

	cr_assert(markup_headings_in_order(page));
	cr_assert(markup_ids_unique(page));
	cr_assert(markup_links_lead(page));
	cr_assert(eq(sz, markup_count(page, "<h1>"), 1));
}

Test(lab_report, each_picture_has_a_title_and_a_description)
{
	char *page = whole(TEXT_ENGLISH);
	size_t n = markup_count(page, "<svg ");

	cr_assert(ge(sz, n, 8));
	cr_assert(eq(sz, markup_count(page, "role=\"img\" aria-labelledby=\""), n));
	cr_assert(eq(sz, markup_count(page, "<desc id="), n));
	cr_assert(eq(sz, markup_count(page, "<title id="), n));
	cr_assert(eq(sz, markup_count(page, "></desc>"), 0));
}

Test(lab_report, each_column_and_row_has_its_header)
{
	char *page = whole(TEXT_ENGLISH);

	cr_assert(eq(sz, markup_count(page, "<th scope=\""), markup_count(page, "<th ")));
	cr_assert(eq(sz, markup_count(page, "<th>"), 0));
	cr_assert(eq(sz, markup_count(page, "<table"), markup_count(page, "<thead>")));
}

Test(lab_report, counts_the_outcomes)
{
	char *page = whole(TEXT_ENGLISH);

	cr_assert(ne(ptr, strstr(page, "<strong>2</strong> <span>pass</span>"), NULL));
	cr_assert(ne(ptr, strstr(page, "<strong>2</strong> <span>fail</span>"), NULL));
	cr_assert(ne(ptr, strstr(page, "<strong>1</strong> <span>not testable here</span>"), NULL));
}

Test(lab_report, gives_the_reason_of_what_did_not_pass)
{
	char *page = whole(TEXT_ENGLISH);
	char *reasons = markup_part(page, "class=\"reasons\"", "</ul>");

	cr_assert(ne(ptr, reasons, NULL));
	cr_assert(ne(ptr, strstr(reasons, "the cpu controller is not delegated to this user"), NULL));
	cr_assert(ne(ptr, strstr(reasons, "expected was ESRCH"), NULL));
	cr_assert(eq(ptr, strstr(reasons, "Memory has an end"), NULL));
}

Test(lab_report, has_no_list_of_reasons_when_all_passed)
{
	char *page = sample_page(sample_results(), 2, TEXT_ENGLISH);

	cr_assert(eq(ptr, strstr(page, "class=\"reasons\""), NULL));
}

Test(lab_report, folds_the_answers_away)
{
	char *part = article(whole(TEXT_ENGLISH), "nested-namespaces");
	char *answer = markup_part(part, "<summary>Answer", "</details>");
	char *solution = markup_part(part, "<summary>A solution", "</details>");

	cr_assert(ne(ptr, answer, NULL));
	cr_assert(ne(ptr, strstr(answer, "<strong>b</strong>: Many bugs"), NULL));
	cr_assert(ne(ptr, solution, NULL));
	cr_assert(ne(ptr, strstr(solution, "{ &quot;allow_nested_namespaces&quot;: true }"), NULL));
	cr_assert(eq(sz, markup_count(part, "Many bugs"), 1));
	cr_assert(eq(sz, markup_count(part, "<details open"), 0));
}

Test(lab_report, puts_equal_evidence_back)
{
	char *part = article(whole(TEXT_ENGLISH), "nested-namespaces");

	cr_assert(ne(ptr,
		     strstr(part, "<tr class=\"same\"><th scope=\"row\">/proc/self/status: Seccomp</th>"),
		     NULL));
	cr_assert(ne(ptr,
		     strstr(part,
			    "<tr><th scope=\"row\">/proc/sys/user/max_user_namespaces</th>\n<td>127234</td>\n"
			    "<td>0</td>"),
		     NULL));
}

Test(lab_report, says_what_was_expected_where_it_came_otherwise)
{
	char *page = whole(TEXT_ENGLISH);

	cr_assert(ne(ptr, strstr(article(page, "host-pid"), "(expected was ESRCH)"), NULL));
	cr_assert(eq(ptr, strstr(article(page, "nested-namespaces"), "expected was"), NULL));
}

Test(lab_report, an_exercise_that_did_not_run_has_its_reason_and_no_runs)
{
	char *part = article(whole(TEXT_ENGLISH), "cpu-share");

	cr_assert(ne(ptr, strstr(part, "class=\"reason\">the cpu controller"), NULL));
	cr_assert(eq(ptr, strstr(part, "class=\"run"), NULL));
	cr_assert(eq(ptr, strstr(part, "<svg"), NULL));
}

Test(lab_report, without_results_is_a_page_as_well)
{
	char *page = sample_page(NULL, 0, TEXT_GERMAN);

	cr_assert(ne(ptr, page, NULL));
	cr_assert(eq(ptr, markup_fault(page), NULL));
	cr_assert(eq(sz, markup_count(page, "<article"), 0));
}

Test(lab_report, a_full_disk_is_an_error)
{
	const struct report_setting setting = { TEXT_ENGLISH, "Linux", "root", "2026" };
	struct error err = { 0 };
	FILE *out = fopen("/dev/full", "we");

	cr_assert(ne(ptr, out, NULL));
	cr_assert(lt(int, report_write(out, &setting, sample_results(), SAMPLE_RESULTS, &err), 0));
	cr_assert(str_starts(err.msg, "write the report"));
	fclose(out);
}
