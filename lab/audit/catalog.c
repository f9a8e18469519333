/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/catalog.h"

#include "base/str.h"
#include "lab/audit/assessment.h"

static const struct catalog catalogs[CATALOGS] = {
	[CATALOG_BSI] = { "bsi", "BSI IT-Grundschutz SYS.1.6 Containerisierung (edition 2023)", catalog_bsi },
	[CATALOG_CIS] = { "cis", "CIS Docker Benchmark, section 5", catalog_cis },
	[CATALOG_NIST] = { "nist", "NIST SP 800-190, chapter 4", catalog_nist },
	[CATALOG_PSS] = { "pss", "Kubernetes Pod Security Standards", catalog_pss },
	[CATALOG_OWASP] = { "owasp", "OWASP Docker Security Cheat Sheet", catalog_owasp },
};

const struct catalog *catalog_get(enum checks_catalog which)
{
	return &catalogs[which];
}

int catalog_find(const char *word)
{
	for (int i = 0; i < CATALOGS; i++)
		if (str_equal(catalogs[i].word, word))
			return i;
	return -1;
}

const char *catalog_kind_name(enum catalog_kind kind)
{
	static const char *const names[] = { "checked", "organisational", "image build",
					     "not checkable by a program" };

	return names[kind];
}

const char *catalog_verdict(const struct assessment *assessment, enum checks_catalog which,
			    const struct catalog_item *item)
{
	unsigned int judged = 0, good = 0, worst = 0;

	for (size_t i = 0; i < assessment->n; i++) {
		const struct result *result = &assessment->results[i];
		/* The same side as is shown as evidence. */
		const struct opinion *opinion =
			result->effective.state != OPINION_NONE ? &result->effective : &result->declared;

		if (!checks_serves(result->check, which, item->number) || opinion->state != OPINION_JUDGED)
			continue;
		judged++;
		good += opinion->badness == 0;
		worst += opinion->badness == result->check->range;
	}
	if (judged == 0)
		return "not judged";
	if (good == judged)
		return "met";
	return worst == judged ? "not met" : "partly met";
}
