/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What holds of every import, whatever was read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "lab/convert/draft.h"
#include "profiles/findings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void demand(bool truth)
{
	if (!truth)
		abort();
}

/* A refusal says why; a profile can be printed and judged, and no control byte comes out. */
static inline void check_import(struct draft *draft, int r, const struct error *err)
{
	static struct findings findings;
	const char *missing = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	demand(r <= 0);
	demand((r < 0) == (err->msg[0] != '\0'));
	if (r < 0)
		return;
	draft_finish(draft);
	findings = (struct findings){ 0 };
	r = draft_check(draft, &findings, &missing);
	demand(r == 0 || findings.n_errors > 0);
	out = open_memstream(&text, &size);
	draft_print(draft, out);
	losses_print(&draft->losses, out);
	fclose(out);
	for (size_t i = 0; i < size; i++)
		demand((unsigned char)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
	free(text);
}
