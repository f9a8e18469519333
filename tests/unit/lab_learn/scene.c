/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/profile.h"
#include "profiles/source.h"
#include "seccomp/syscall_table.h"

void scene_saw(struct observation *observation, const char *call, unsigned int times)
{
	int row = syscall_row_find(call);

	cr_assert(ge(int, row, 0), "%s is no system call", call);
	observation_call(observation, row, times, "server");
}

const struct spec *scene_spec(struct arena *arena, const char *more)
{
	static struct findings findings;
	struct vocabulary vocabulary;
	const struct profile_options options = { .vocabulary = &vocabulary };
	struct source *source = arena_alloc(arena, sizeof(*source));
	const struct spec *spec = NULL;
	char *text = arena_printf(arena,
				  "{\"kapsel\": 1, \"name\": \"web\", \"rootfs\": \"/srv/rootfs/web\", "
				  "\"command\": [\"/usr/sbin/web\"]%s%s}",
				  more[0] ? ", " : "", more);

	cr_assert(ne(ptr, text, NULL));
	*source = (struct source){ .name = "web", .text = text, .size = strlen(text) };
	findings.n = findings.n_errors = 0;
	vocabulary_fill(&vocabulary);
	cr_assert(zero(int, profile_read_text(source, &options, arena, &findings, &spec)), "%s",
		  findings.items[0].message);
	return spec;
}

static bool has(const char *const *names, const char *path, const char *tail)
{
	size_t length = strlen(path);

	for (; *names; names++)
		if (strncmp(*names, path, length) == 0 && str_equal(*names + length, tail))
			return true;
	return false;
}

static bool has_file(void *arg, const char *path)
{
	return has(arg, path, "");
}

static bool has_directory(void *arg, const char *path)
{
	return has(arg, path, "/");
}

struct propose_image scene_image(const char *const *names)
{
	return (struct propose_image){ has_file, has_directory, (void *)(uintptr_t)names };
}

bool scene_has_word(const struct propose_words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++)
		if (str_equal(words->items[i].word, word))
			return true;
	return false;
}
