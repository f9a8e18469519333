/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What holds of every import, whatever was read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "lab/convert/draft.h"
#include "profiles/findings.h"
#include "tests/fuzz/demand.h"

/* A refusal says why; a profile can be printed and judged, and no control byte comes out. */
static inline void check_import(struct draft *draft, int r, const struct error *err)
{
	static struct findings findings;
	const char *missing = NULL;
	struct printed printed;
	FILE *out;

	demand(r <= 0);
	demand((r < 0) == (err->msg[0] != '\0'));
	if (r < 0)
		return;
	draft_finish(draft);
	findings = (struct findings){ 0 };
	r = draft_check(draft, &findings, &missing);
	demand(r == 0 || findings.n_errors > 0);
	out = printed_begin(&printed);
	draft_print(draft, out);
	losses_print(&draft->losses, out);
	printed_end(&printed, false);
}
