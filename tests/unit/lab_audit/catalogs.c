/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Catalogues and rows refer to each other, in both directions, without a gap. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "lab/audit/catalog.h"
#include "lab/audit/programs.h"
#include "lab/audit/secrets.h"

enum { TITLE_MAX = 60 };

/* Calls @act for each row. */
static void each_row(void (*act)(const struct check *check, void *arg), void *arg)
{
	for (size_t topic = 0; topic < checks_topics(); topic++) {
		const char *title;
		size_t n;
		const struct check *rows = checks_topic(topic, &n, &title);

		for (size_t i = 0; i < n; i++)
			act(&rows[i], arg);
	}
}

struct wanted {
	enum checks_catalog catalog;
	const char *number;
	unsigned int rows;
};

static void count_row(const struct check *check, void *arg)
{
	struct wanted *wanted = arg;

	wanted->rows += checks_serves(check, wanted->catalog, wanted->number);
}

Test(catalogs, have_rows_or_a_reason_for_every_item)
{
	for (int i = 0; i < CATALOGS; i++)
		for (const struct catalog_item *item = catalog_get((enum checks_catalog)i)->items;
		     item->number; item++) {
			struct wanted wanted = { (enum checks_catalog)i, item->number, 0 };

			each_row(count_row, &wanted);
			if (item->kind == CATALOG_BY_ROWS)
				cr_expect(gt(u32, wanted.rows, 0), "no row serves %s", item->number);
			else
				cr_expect(wanted.rows == 0 && item->remark, "%s has no reason, or rows",
					  item->number);
		}
}

static bool has_item(const struct catalog *catalog, const char *number, size_t length)
{
	for (const struct catalog_item *item = catalog->items; item->number; item++)
		if (strlen(item->number) == length && strncmp(item->number, number, length) == 0)
			return true;
	return false;
}

static void check_references(const struct check *check, void *arg)
{
	(void)arg;
	for (int i = 0; i < CATALOGS; i++)
		for (const char *at = check->serves[i] ? check->serves[i] : ""; *at;) {
			size_t length = strcspn(at, " ");

			cr_expect(has_item(catalog_get((enum checks_catalog)i), at, length),
				  "%s: no item %.*s", check->id, (int)length, at);
			at += length;
			at += *at == ' ';
		}
	cr_expect(le(sz, strlen(check->title), TITLE_MAX), "%s", check->title);
	cr_expect(check->declared || check->effective, "%s judges nothing", check->id);
	cr_expect(check->weight > 0 && check->range > 0, "%s", check->id);
	cr_expect(checks_find(check->id) == check, "%s stands twice", check->id);
}

Test(catalogs, have_every_item_that_a_row_names)
{
	each_row(check_references, NULL);
}

Test(catalogs, have_the_numbers_of_the_published_ones)
{
	char number[16];

	for (int i = 1; i <= 26; i++) {
		snprintf(number, sizeof(number), "A%d", i);
		cr_expect(has_item(catalog_get(CATALOG_BSI), number, strlen(number)), "%s", number);
	}
	for (int i = 1; i <= 32; i++) {
		snprintf(number, sizeof(number), "5.%d", i);
		cr_expect(has_item(catalog_get(CATALOG_CIS), number, strlen(number)), "%s", number);
	}
	for (int i = 0; i <= 13; i++) {
		snprintf(number, sizeof(number), "%d", i);
		cr_expect(has_item(catalog_get(CATALOG_OWASP), number, strlen(number)), "%s", number);
	}
	cr_assert(eq(int, catalog_find("cis"), CATALOG_CIS));
	cr_assert(eq(int, catalog_find("CIS 5"), -1));
}

Test(catalogs, judge_an_item_by_all_of_its_rows)
{
	static const struct check a = { .id = "a", .weight = 1, .range = 2, .serves = { "A1" } },
				  b = { .id = "b", .weight = 1, .range = 2, .serves = { "A1 A2" } };
	static const struct catalog_item one = { "A1", CATALOG_BY_ROWS, "", NULL },
					 two = { "A2", CATALOG_BY_ROWS, "", NULL };
	static struct assessment assessment = { .n = 2 };

	assessment.results[0] = (struct result){ .check = &a, .effective = { .state = OPINION_JUDGED } };
	assessment.results[1] =
		(struct result){ .check = &b, .effective = { .state = OPINION_NOT_READABLE } };
	cr_expect(same_text(catalog_verdict(&assessment, CATALOG_BSI, &one), "met"));
	cr_expect(same_text(catalog_verdict(&assessment, CATALOG_BSI, &two), "not judged"));
	assessment.results[1].effective = (struct opinion){ .state = OPINION_JUDGED, .badness = 1 };
	cr_expect(same_text(catalog_verdict(&assessment, CATALOG_BSI, &one), "partly met"));
	assessment.results[1].effective.badness = 2;
	cr_expect(same_text(catalog_verdict(&assessment, CATALOG_BSI, &two), "not met"));
}

Test(catalogs, number_words_match_whole)
{
	static const struct check check = { .serves = { "A15 A1" } };

	cr_expect(checks_serves(&check, CATALOG_BSI, "A1"));
	cr_expect(checks_serves(&check, CATALOG_BSI, "A15"));
	cr_expect(checks_serves(&check, CATALOG_BSI, "A") == false);
	cr_expect(checks_serves(&check, CATALOG_BSI, "A5") == false);
	cr_expect(checks_serves(&check, CATALOG_CIS, "A1") == false);
}

Test(secrets, are_known_by_name_or_form_and_files_are_none)
{
	cr_expect(secrets_suspicious("DB_PASSWORD", "x"));
	cr_expect(secrets_suspicious("--api-key", "x"));
	cr_expect(secrets_suspicious("X", "ghp_0123456789abcdef0123456789abcdef0123"));
	cr_expect(secrets_suspicious("URL", "postgres://app:hunter2@db/app"));
	cr_expect(secrets_suspicious("DB_PASSWORD", "") == false);
	cr_expect(secrets_suspicious("DB_PASSWORD_FILE", "/run/secrets/db") == false);
	cr_expect(secrets_suspicious("PATH", "/bin:/usr/bin") == false);
	cr_expect(secrets_suspicious("URL", "http://db:8080/app") == false);
	cr_expect(secrets_suspicious("KEYBOARD", "ch") == false);
}

Test(programs, are_known_by_their_whole_name)
{
	cr_expect(eq(int, programs_kind("bash"), PROGRAMS_SHELL));
	cr_expect(eq(int, programs_kind("apk"), PROGRAMS_PACKAGES));
	cr_expect(eq(int, programs_kind("sshd"), PROGRAMS_REMOTE));
	cr_expect(eq(int, programs_kind("bas"), PROGRAMS_NONE));
	cr_expect(eq(int, programs_kind("sh bash"), PROGRAMS_NONE));
	cr_expect(eq(int, programs_kind(""), PROGRAMS_NONE));
}
