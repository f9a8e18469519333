/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A compose file: each of its services. As compose.yml of a directory (directory.h) it may name files beside
 * it: then none of its words has what leads out of there.
 */
#include <string.h>

#include "base/arena.h"
#include "lab/convert/compose.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/fuzz_import.h"

enum { SERVICES_MAX = 8 };

static void translate(const struct compose *compose, struct arena *arena)
{
	struct error err = { 0 };

	for (size_t i = 0; i < compose->n_services && i < SERVICES_MAX; i++) {
		const char *file = compose_file_name(compose, i, "/out");
		struct draft draft;

		demand(!file || (strncmp(file, "/out/", 5) == 0 && file[5] != '.' && !strchr(file + 5, '/')));
		err = (struct error){ 0 };
		demand(draft_init(&draft, arena) == 0);
		draft.source = "fuzz";
		check_import(&draft, compose_translate(compose, i, &draft, &err), &err);
	}
	err = (struct error){ 0 };
	demand((compose_choose(compose, NULL, false, &err) < 0) == (err.msg[0] != '\0'));
	err = (struct error){ 0 };
	demand((compose_choose(compose, "web", true, &err) < 0) == (err.msg[0] != '\0'));
}

static void read_directory(const uint8_t *data, size_t size, struct arena *arena)
{
	char path[128], *text;
	struct error err = { 0 };
	struct compose compose;
	bool leads_out;
	int r;

	directory_fill(data, size);
	text = directory_text("compose.yml");
	leads_out = text && (strpbrk(text, "/\\") || strstr(text, ".."));
	free(text);
	if (leads_out)
		return;
	snprintf(path, sizeof(path), "%s/compose.yml", directory_path());
	r = compose_read(path, arena, &compose, &err);
	demand((r < 0) == (err.msg[0] != '\0'));
	if (r == 0)
		translate(&compose, arena);
}

/* Files that it names are not to be read; "nofile" is a limit. */
static bool names_files(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size, *found;

	if (memmem(data, size, "seccomp", 7))
		return true;
	for (; (found = memmem(text, (size_t)(end - text), "file", 4)); text = found + 4)
		if (found < (const char *)data + 2 || memcmp(found - 2, "nofile", 6) != 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct compose compose;
	int r;

	demand(arena != NULL);
	if (size > 4 && memcmp(data, "=== ", 4) == 0) {
		read_directory(data, size, arena);
		return 0;
	}
	if (names_files(data, size))
		return 0;
	r = compose_parse("fuzz.yml", (const char *)data, size, arena, &compose, &err);
	demand((r < 0) == (err.msg[0] != '\0'));
	if (r == 0)
		translate(&compose, arena);
	return 0;
}
