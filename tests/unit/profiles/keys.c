/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/keys.h"

#include "profiles/json.h"
#include "profiles/merge.h"
#include "reading.h"

Test(keys, are_all_described_with_an_example)
{
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	cr_assert(gt(sz, n, 90));
	for (size_t i = 0; i < n; i++) {
		cr_expect(keys[i].description && strlen(keys[i].description) > 5, "%s", keys[i].path);
		cr_expect(keys[i].example != NULL, "%s", keys[i].path);
		cr_expect(keys[i].kind != 0, "%s", keys[i].path);
		cr_expect(keys[i].words || !(keys[i].kind & (KEY_WORD | KEY_WORDS)), "%s", keys[i].path);
		cr_expect(keys[i].absent || !keys[i].absent_words, "%s", keys[i].path);
		cr_expect(eq(int, keys[i].foreign != NULL, keys[i].foreign_words != NULL), "%s",
			  keys[i].path);
	}
}

Test(keys, stand_once_and_below_their_parents)
{
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++) {
		const char *dot = strrchr(keys[i].path, '.');
		bool parent = dot == NULL;

		for (size_t j = 0; j < i; j++) {
			cr_expect(not(str_equal(keys[i].path, keys[j].path)), "%s twice", keys[i].path);
			if (dot && strlen(keys[j].path) == (size_t)(dot - keys[i].path) &&
			    str_starts(keys[i].path, keys[j].path))
				parent = true;
		}
		cr_expect(parent, "%s has no parent before it", keys[i].path);
	}
}

Test(keys, of_the_top_are_forty_four_of_the_language)
{
	static const char *const all[] = {
		"$schema",       "kapsel",
		"name",          "description",
		"labels",        "extends",
		"rootfs",        "command",
		"args_from_cli", "workdir",
		"env",           "env_from_host",
		"hostname",      "umask",
		"user",          "mounts",
		"secrets",       "devices",
		"proc",          "network",
		"listen",        "share_host",
		"capabilities",  "allow_setuid",
		"allow_jit",     "allow_nested_namespaces",
		"allow_ptrace",  "syscalls",
		"exec",          "sysctls",
		"apparmor",      "selinux",
		"limits",        "stdin",
		"terminal",      "log",
		"stop",          "restart",
		"health",        "notify",
		"watchdog",      "on_missing",
		"events",        "on_supervisor_death",
	};
	const struct key *keys;
	size_t n, top = 0;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++)
		top += !strchr(keys[i].path, '.');
	cr_assert(eq(sz, top, ARRAY_SIZE(all)));
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		cr_expect(keys_find(all[i]) != NULL, "%s", all[i]);
}

/* Each example in its place is a valid profile; examples of absent keys are refused as such. */
Test(keys, have_examples_that_are_accepted)
{
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++) {
		struct source source = { .name = "t" };
		_cleanup_arena_ struct arena *arena = arena_new();
		struct findings findings = { 0 };
		char text[1024] = "{ \"kapsel\": 1, ", path[128], *part, *rest = path;
		_cleanup_free_ char *got = NULL;
		struct json *tree;
		int depth = 0;

		/* The merged example of the version key itself would stand twice. */
		if (str_equal(keys[i].path, "kapsel") || str_equal(keys[i].path, "extends"))
			continue;
		snprintf(path, sizeof(path), "%s", keys[i].path);
		while ((part = strsep(&rest, "."))) {
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "\"%s\": %s",
				 str_equal(part, "*") ? "/dev/x" : part, rest ? "{ " : keys[i].example);
			depth += rest != NULL;
		}
		while (depth-- >= 0)
			strcat(text, " }");
		source.text = text;
		source.size = strlen(text);
		cr_assert(eq(int, merge_load_text(&source, arena, &findings, &tree), 0), "%s", text);
		got = printed(&findings);
		if (keys_available(&keys[i]))
			cr_expect(zero(sz, findings.n), "%s\n%s", text, got);
		else
			cr_expect(same_text(findings.items[0].code, "E017"), "%s\n%s", text, got);
	}
}

Test(keys, have_fallbacks_that_are_accepted)
{
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++) {
		char text[512];

		if (!keys[i].fallback || strchr(keys[i].path, '.'))
			continue;
		snprintf(text, sizeof(text), PROFILE(", \"%s\": %s"), keys[i].path, keys[i].fallback);
		_cleanup_reading_ struct reading reading = read_text(text);
		cr_expect(eq(int, reading.result, 0), "%s", text);
		cr_expect(zero(sz, reading.findings.n), "%s", text);
	}
}

Test(keys, are_found_by_names_of_the_author_too)
{
	cr_assert(same_text(keys_find("limits.memory")->path, "limits.memory"));
	cr_assert(same_text(keys_find("mounts./srv/a.b.size")->path, "mounts.*.size"));
	cr_assert(same_text(keys_find("mounts./srv")->path, "mounts.*"));
	cr_assert(same_text(keys_find("sysctls.net.ipv4.ip_forward")->path, "sysctls.*"));
	cr_assert(keys_find("limits.memroy") == NULL);
	cr_assert(keys_find("") == NULL);
	cr_assert(keys_find("mounts.") == NULL);
}

Test(keys, are_suggested_for_what_is_nearly_one)
{
	cr_assert(same_text(keys_nearest("limits.memroy"), "limits.memory"));
	cr_assert(same_text(keys_nearest("memory"), "limits.memory"));
	cr_assert(same_text(keys_nearest("memroy"), "limits.memory"));
	cr_assert(same_text(keys_nearest("hostnme"), "hostname"));
	cr_assert(keys_nearest("xyzzyxyzzy") == NULL);
}

Test(keys, say_in_words_what_they_take)
{
	char text[256];

	cr_assert(same_text(keys_kind(keys_find("limits.memory"), text, sizeof(text)),
			    "a size like \"64MiB\" or \"unlimited\""));
	cr_assert(same_text(keys_kind(keys_find("network"), text, sizeof(text)),
			    "\"none\", \"loopback\", \"host\" or an object"));
	cr_assert(same_text(keys_kind(keys_find("share_host"), text, sizeof(text)),
			    "an array of \"pid\", \"ipc\", \"uts\", \"net\", \"cgroup\", \"time\""));
}
