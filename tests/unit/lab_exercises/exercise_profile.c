/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/exercise_profile.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/stage.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/profile.h"
#include "profiles/source.h"

static const struct exercise exercise = {
	.id = "one",
	.number = 1,
	.probes = "mmap-rwx add-key",
	.common = "{\"user\": {\"uid\": 7, \"gid\": 7}}",
	.evidence = "/proc/self/status:CapEff  /proc/self/uid_map",
};

static struct json *build(unsigned int controllers, const char *extra, struct arena *arena)
{
	const struct exercise_profile wanted = { .exercise = &exercise, .name = "lab-x-1", .extra = extra };
	struct stage *stage = arena_alloc(arena, sizeof(*stage));
	struct error err = { 0 };
	struct json *tree = NULL;
	const char *text;

	stage->host.place.available = controllers;
	strcpy(stage->rootfs, "/srv/lab");
	cr_assert(eq(int, exercise_profile_build(stage, &wanted, arena, &text, &err), 0), "%s", err.msg);
	cr_assert(eq(int, exercise_profile_keys(text, arena, &tree, &err), 0), "%s", err.msg);
	return tree;
}

static bool list_has(const struct json *list, const char *word)
{
	for (const struct json *item = list ? list->first : NULL; item; item = item->next)
		if (str_equal(item->text, word))
			return true;
	return false;
}

Test(exercise_profile, is_one_that_the_reader_takes)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct exercise_profile wanted = { .exercise = &exercise, .name = "lab-x-1" };
	struct stage *stage = arena_alloc(arena, sizeof(*stage));
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	const struct spec *spec = NULL;
	struct vocabulary vocabulary;
	const struct profile_options options = { .vocabulary = &vocabulary };
	struct source source = { .name = "profile" };
	struct error err = { 0 };

	vocabulary_fill(&vocabulary);
	strcpy(stage->rootfs, "/srv/lab");
	cr_assert(eq(int, exercise_profile_build(stage, &wanted, arena, &source.text, &err), 0));
	source.size = strlen(source.text);
	cr_assert(eq(int, profile_read_text(&source, &options, arena, findings, &spec), 0), "%s",
		  findings->items[0].message);
	cr_assert(eq(str, spec->name, "lab-x-1"));
	cr_assert(eq(int, (int)spec->user.uid, 7));
}

Test(exercise_profile, runs_the_probes_and_then_reads_the_evidence)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *const words[] = { "/kapsel-probe",     "run",      "mmap-rwx",
				      "add-key",           "evidence", "/proc/self/status:CapEff",
				      "/proc/self/uid_map" };
	const struct json *word = json_get(build(0, NULL, arena), "command")->first;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++, word = word->next)
		cr_assert(eq(str, word->text, words[i]));
	cr_assert(zero(ptr, word));
}

Test(exercise_profile, writes_unlimited_only_where_the_controller_is_missing)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct json *profile = build(CGROUP_MEMORY | CGROUP_PIDS, "{\"limits\":{\"pids\":256}}", arena);

	cr_assert(eq(str, json_find(profile, "limits.cpu")->text, "unlimited"));
	cr_assert(eq(long, (long)json_find(profile, "limits.pids")->integer, 256));
	cr_assert(zero(ptr, json_find(profile, "limits.memory")));
	cr_assert(zero(ptr, json_find(profile, "limits.swap")));
}

Test(exercise_profile, keeps_what_the_probe_itself_needs_in_any_list_of_calls)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct json *allow =
		json_find(build(0, "{\"syscalls\":{\"allow\":[\"keyctl\"]}}", arena), "syscalls.allow");

	cr_assert(eq(sz, allow->n, 3));
	cr_assert(list_has(allow, "@base") && list_has(allow, "@process") && list_has(allow, "keyctl"));
	allow = json_find(build(0, "{\"syscalls\":{\"allow\":[]}}", arena), "syscalls.allow");
	cr_assert(eq(sz, allow->n, 2));
}

Test(exercise_profile, merges_the_opened_key_into_the_common_ones)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct json *profile = build(0, "{\"user\": {\"host_range\": 65536}}", arena);

	cr_assert(eq(long, (long)json_find(profile, "user.host_range")->integer, 65536));
	cr_assert(eq(long, (long)json_find(profile, "user.uid")->integer, 7));
}

Test(exercise_profile, says_where_a_line_is_wrong)
{
	static const char *const lines[] = { "",      "[]",      "{", "{\"a\": 1,}", "{\"a\": 1, \"a\": 2}",
					     "{} {}", "// x\n{}" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct error err = { 0 };
		struct json *tree = NULL;

		cr_assert(eq(int, exercise_profile_keys(lines[i], arena, &tree, &err), -EINVAL), "%s",
			  lines[i]);
		cr_assert(str_starts(err.msg, "parse the line at column ") && err.remedy[0], "%s: %s",
			  lines[i], err.msg);
	}
}

static const char *stray(const char *line, const char *allowed, struct arena *arena)
{
	struct error err = { 0 };
	struct json *tree = NULL;

	cr_assert(eq(int, exercise_profile_keys(line, arena, &tree, &err), 0), "%s", err.msg);
	return exercise_profile_stray(tree, allowed, arena);
}

Test(exercise_profile, allows_keys_whole_or_in_part)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	cr_assert(zero(ptr, stray("{\"limits\":{\"pids\":1,\"cpu\":2}}", "limits", arena)));
	cr_assert(zero(ptr, stray("{\"limits\":{\"pids\":1}}", "user limits.pids", arena)));
	cr_assert(eq(str, stray("{\"limits\":{\"pids\":1,\"cpu\":2}}", "user limits.pids", arena),
		     "limits.cpu"));
	cr_assert(eq(str, stray("{\"limit\":1}", "limits", arena), "limit"));
	cr_assert(eq(str, stray("{\"limitsx\":1}", "limits", arena), "limitsx"));
	cr_assert(eq(str, stray("{\"limits\":{}}", "limits.pids", arena), "limits"));
	cr_assert(eq(str, stray("{\"limits\":null}", "limits.pids", arena), "limits"));
}
