/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A compose file: each of its services. */
#include <string.h>

#include "base/arena.h"
#include "lab/convert/compose.h"
#include "tests/fuzz/fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct compose compose;
	int r;

	/* Files that it names are not to be read. */
	if (memmem(data, size, "env_file", 8) || memmem(data, size, "file:", 5) ||
	    memmem(data, size, "seccomp", 7))
		return 0;
	r = compose_parse("fuzz.yml", (const char *)data, size, arena, &compose, &err);
	demand((r < 0) == (err.msg[0] != '\0'));
	for (size_t i = 0; r == 0 && i < compose.n_services && i < 8; i++) {
		struct draft draft;

		err = (struct error){ 0 };
		demand(draft_init(&draft, arena) == 0);
		draft.source = "fuzz";
		check_import(&draft, compose_translate(&compose, i, &draft, &err), &err);
	}
	return 0;
}
