/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/codes.h"

#include <dirent.h>

#include "reading.h"

static bool is_digits(const char *text, size_t n)
{
	return strspn(text, "0123456789") >= n;
}

/* Marks in @used every "E003" that a file of the folder names in quotes, except in the catalogue itself. */
static void scan_file(const char *path, bool used[static 2000])
{
	FILE *file = fopen(path, "re");
	char line[1024];

	cr_assert(file != NULL, "%s", path);
	while (fgets(line, sizeof(line), file)) {
		for (const char *c = line; *c; c++) {
			if (c[0] != '"' || (c[1] != 'E' && c[1] != 'W') || !is_digits(c + 2, 3) ||
			    c[5] != '"')
				continue;
			used[(c[1] == 'W' ? 1000 : 0) + atoi(c + 2)] = true;
		}
	}
	fclose(file);
}

static void scan_folder(bool used[static 2000])
{
	DIR *directory = opendir(PROFILES_DIR);
	const struct dirent *entry;
	char path[4096];

	cr_assert(directory != NULL, "%s", PROFILES_DIR);
	while ((entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);

		if (length < 2 || !str_equal(entry->d_name + length - 2, ".c") ||
		    str_equal(entry->d_name, "codes.c"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", PROFILES_DIR, entry->d_name);
		scan_file(path, used);
	}
	closedir(directory);
}

Test(codes, are_in_the_catalogue_exactly_if_they_are_used)
{
	static bool used[2000];
	const struct code *codes;
	size_t n, n_used = 0;

	scan_folder(used);
	codes = codes_all(&n);
	for (size_t i = 0; i < n; i++) {
		size_t index = (codes[i].code[0] == 'W' ? 1000 : 0) + (size_t)atoi(codes[i].code + 1);

		cr_expect(used[index], "%s is in the catalogue, but nothing uses it", codes[i].code);
	}
	for (size_t i = 0; i < ARRAY_SIZE(used); i++) {
		char code[8];

		if (!used[i])
			continue;
		n_used++;
		snprintf(code, sizeof(code), "%c%03zu", i < 1000 ? 'E' : 'W', i % 1000);
		cr_expect(codes_find(code) != NULL, "%s is used, but not in the catalogue", code);
	}
	cr_assert(eq(sz, n_used, n));
}

Test(codes, are_sorted_and_explained)
{
	const struct code *codes;
	size_t n;

	codes = codes_all(&n);
	for (size_t i = 0; i < n; i++) {
		cr_expect(strlen(codes[i].title) > 5, "%s", codes[i].code);
		cr_expect(strlen(codes[i].explanation) > 20, "%s", codes[i].code);
		cr_expect(strlen(codes[i].remedy) > 5, "%s", codes[i].code);
		if (i > 0)
			cr_expect(lt(int, strcmp(codes[i - 1].code, codes[i].code), 0), "%s", codes[i].code);
	}
}

Test(codes, are_found_in_any_case)
{
	cr_assert(same_text(codes_find("e003")->code, "E003"));
	cr_assert(codes_find("E999") == NULL);
	cr_assert(codes_find("") == NULL);
}
