/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A docker run line, a word a line. Files it names are not read: the options for that are taken out. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/docker.h"
#include "tests/fuzz/fuzz_import.h"

enum { WORDS_MAX = 256 };

static bool reads_files(const char *word)
{
	return strstr(word, "-file") || strstr(word, "seccomp");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *words[WORDS_MAX + 1] = { NULL };
	struct error err = { 0 };
	struct draft draft;
	char *rest = arena_memdup(arena, data, size);
	size_t n = 0;

	while (rest && n < WORDS_MAX) {
		char *word = strsep(&rest, "\n");

		if (!reads_files(word))
			words[n++] = word;
	}
	demand(draft_init(&draft, arena) == 0);
	draft.source = "fuzz";
	check_import(&draft, docker_run(&draft, words, &err), &err);
	return 0;
}
