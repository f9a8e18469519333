/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Profiles of several files: web.kapsel.jsonc in the directory that the input describes (directory.h), its
 * parents beside it and in system/, its drop-ins, its credentials. Whatever they hold, reading them ends,
 * says what is wrong or gives a profile, and what it warns of can be printed.
 */
#include "base/arena.h"
#include "base/macro.h"
#include "profiles/findings.h"
#include "profiles/profile.h"
#include "profiles/show.h"
#include "tests/fuzz/directory.h"

static const char *const syscalls[] = { "openat", "read", "write" };
static const char *const groups[] = { "@base", "@process" };
static const struct vocabulary vocabulary = { syscalls, ARRAY_SIZE(syscalls), groups, ARRAY_SIZE(groups) };
static const char *const arguments[] = { "--further", "", NULL };

static void read_profile(const char *path, const struct profile_options *options)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct findings findings = { 0 };
	const struct spec *spec = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int r;

	demand(arena != NULL);
	r = profile_read(path, options, arena, &findings, &spec);
	demand((r == 0) == (findings.n_errors == 0));
	demand((r == 0) == (spec != NULL));
	out = open_memstream(&text, &size);
	demand(out != NULL);
	findings_print(out, &findings, false);
	findings_print_json(out, &findings);
	fclose(out);
	for (size_t i = 0; i < size; i++)
		demand((unsigned char)text[i] >= 0x20 || text[i] == '\n');
	free(text);
	if (r == 0)
		demand(show_resolve(spec, arena) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[128], below[128];
	struct profile_options options = {
		.vocabulary = &vocabulary, .system_dir = below, .check_owner = true, .arguments = arguments
	};

	snprintf(path, sizeof(path), "%s/credentials", directory_path());
	setenv("CREDENTIALS_DIRECTORY", path, 1);
	snprintf(path, sizeof(path), "%s/web.kapsel.jsonc", directory_path());
	snprintf(below, sizeof(below), "%s/system", directory_path());
	directory_fill(data, size);
	read_profile(path, &options);
	snprintf(path, sizeof(path), "%s/layer.kapsel.jsonc", directory_path());
	options = (struct profile_options){ .vocabulary = &vocabulary, .layer = true };
	read_profile(path, &options);
	return 0;
}
