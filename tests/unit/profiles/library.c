/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profiles that are shipped must be readable by what is shipped with them. */
#include <dirent.h>

#include "launcher/commands/vocabulary.h"
#include "reading.h"

#define LIBRARY PROFILES_DIR "/library"

static char directory[32];

static void enter(void)
{
	enter_directory(directory);
}

/* Those are for containers of engines, and are read as they are. */
static bool is_layer(const char *name)
{
	return str_starts(name, "oci-");
}

static void leave(void)
{
	leave_directory(directory);
}

TestSuite(library, .init = enter, .fini = leave);

static void extend(const char *name)
{
	struct vocabulary vocabulary;
	const struct profile_options options = { .vocabulary = &vocabulary, .system_dir = LIBRARY };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct findings findings = { 0 };
	const struct spec *spec = NULL;
	_cleanup_free_ char *got = NULL;
	char text[512];

	vocabulary_fill(&vocabulary);
	snprintf(text, sizeof(text), "{ \"kapsel\": 1, \"extends\": \"%s\", \"rootfs\": \"/r\" }", name);
	write_file("x.kapsel.jsonc", text);
	cr_expect(eq(int, profile_read("x.kapsel.jsonc", &options, arena, &findings, &spec), 0), "%s", name);
	got = printed(&findings);
	cr_expect(zero(sz, findings.n), "%s has\n%s", name, got);
	if (spec)
		cr_expect(spec->description != NULL, "%s says nothing about itself", name);
}

Test(library, has_profiles_that_can_be_extended_without_a_finding)
{
	DIR *folder = opendir(LIBRARY);
	const struct dirent *entry;
	size_t n = 0;

	cr_assert(folder != NULL, "%s", LIBRARY);
	while ((entry = readdir(folder))) {
		if (!strstr(entry->d_name, ".kapsel.jsonc"))
			continue;
		if (is_layer(entry->d_name))
			continue;
		extend(entry->d_name);
		n++;
	}
	closedir(folder);
	cr_assert(gt(sz, n, 0));
}

Test(library, has_layers_that_can_be_read_without_a_finding)
{
	struct vocabulary vocabulary;
	const struct profile_options options = { .vocabulary = &vocabulary, .layer = true };
	DIR *folder = opendir(LIBRARY);
	const struct dirent *entry;
	size_t n = 0;

	cr_assert(folder != NULL, "%s", LIBRARY);
	vocabulary_fill(&vocabulary);
	while ((entry = readdir(folder))) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct findings findings = { 0 };
		const struct spec *spec = NULL;
		_cleanup_free_ char *got = NULL;
		char path[4096];

		if (!is_layer(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", LIBRARY, entry->d_name);
		cr_expect(zero(int, profile_read(path, &options, arena, &findings, &spec)), "%s", path);
		got = printed(&findings);
		cr_expect(zero(sz, findings.n), "%s has\n%s", path, got);
		n++;
	}
	closedir(folder);
	cr_assert(gt(sz, n, 0));
}
