/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service unit, and a socket unit behind a line "---". */
#include <string.h>

#include "base/arena.h"
#include "lab/convert/import_systemd.h"
#include "lab/convert/unit_file.h"
#include "tests/fuzz/fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct unit_file service, sockets;
	struct error err = { 0 };
	struct draft draft;
	char *text = arena_memdup(arena, data, size), *second = strstr(text, "\n---\n");
	int r;

	if (second) {
		*second = '\0';
		second += strlen("\n---\n");
	}
	r = unit_file_parse("fuzz.service", text, arena, &service, &err);
	if (r == 0 && second)
		r = unit_file_parse("fuzz.socket", second, arena, &sockets, &err);
	demand(r <= 0 && (r < 0) == (err.msg[0] != '\0'));
	if (r < 0)
		return 0;
	demand(draft_init(&draft, arena) == 0);
	draft.source = "fuzz";
	check_import(&draft, import_systemd_units(&draft, &service, second ? &sockets : NULL, &err), &err);
	return 0;
}
