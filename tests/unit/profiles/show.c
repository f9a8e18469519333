/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/show.h"

#include "profiles/json.h"
#include "profiles/keys.h"
#include "reading.h"

static const char profile[] =
	"{ \"kapsel\": 1, \"name\": \"t\",\n  \"rootfs\": { \"path\": \"/r\" }, \"command\": [\"/c\", \"a\\nb\"],\n"
	"  \"mounts\": { \"/a\": { \"type\": \"bind\", \"source\": \"/b\" }, \"/t\": { \"type\": \"tmpfs\", \"size\": \"1MiB\" } },\n"
	"  \"secrets\": { \"s\": { \"source\": \"/s\" } }, \"listen\": { \"x\": { \"stream\": \"@x\" }, \"y\": { \"datagram\": \"@y\", \"fd\": 3 } },\n"
	"  \"limits\": { \"memory\": \"unlimited\", \"io\": { \"8:0\": { \"read_bps\": 5 } } }, \"sysctls\": { \"net.a\": 1 }, \"env\": { \"A\": \"1\" } }";

static char *show(const struct json *tree, bool origin, bool color)
{
	enum { SIZE = 64 * 1024 };
	const struct show_style style = { .origin = origin, .color = color };
	char *text = calloc(1, SIZE);
	FILE *out = fmemopen(text, SIZE - 1, "w");

	show_print(out, tree, &style);
	fclose(out);
	return text;
}

Test(show, resolved_is_a_profile_that_means_the_same)
{
	_cleanup_reading_ struct reading first = read_text(profile), second = { 0 };
	_cleanup_free_ char *text = NULL, *again = NULL;

	cr_assert(eq(int, first.result, 0));
	text = show(show_resolve(first.spec, first.arena), true, false);
	second = read_text(text);
	cr_assert(eq(int, second.result, 0), "%s", text);
	cr_assert(eq(sz, second.findings.n, first.findings.n));
	cr_assert(eq(u64, second.spec->limits.memory_bytes, SPEC_UNLIMITED));
	cr_assert(eq(u64, second.spec->limits.memory_high_bytes, first.spec->limits.memory_high_bytes));
	cr_assert(eq(u64, second.spec->limits.io[0].read_bps, 5));
	cr_assert(eq(sz, second.spec->n_mounts, 2));
	cr_assert(eq(sz, second.spec->n_listen, 2));
	cr_assert(same_text(second.spec->listen[1].name, "x"));
	cr_assert(eq(sz, second.spec->env.n, first.spec->env.n));
	cr_assert(same_text(second.spec->command.items[1], "a\nb"));
	again = show(show_resolve(second.spec, second.arena), false, false);
	free(text);
	text = show(show_resolve(first.spec, first.arena), false, false);
	/* The long form of rootfs stays; the order of env changes with PATH written. */
	cr_assert(eq(sz, strlen(again), strlen(text)));
}

/* One more key and what it comes to, read again. Return: whether the key could stand alone. */
static bool comes_back(const char *path, const char *value)
{
	_cleanup_reading_ struct reading first = { 0 }, second = { 0 };
	_cleanup_free_ char *text = NULL;
	const char *dot = strchr(path, '.');
	char written[1024];

	if (dot)
		snprintf(written, sizeof(written), PROFILE(", \"%.*s\": { \"%s\": %s }"), (int)(dot - path),
			 path, dot + 1, value);
	else
		snprintf(written, sizeof(written), PROFILE(", \"%s\": %s"), path, value);
	first = read_text(written);
	if (first.result < 0)
		return false;
	text = show(show_resolve(first.spec, first.arena), true, false);
	second = read_text(text);
	cr_expect(eq(int, second.result, 0), "%s: %s comes back as\n%s", path, value, text);
	return true;
}

Test(show, resolved_is_a_profile_with_each_key_alone)
{
	size_t n, n_read = 0, length;
	const struct key *keys = keys_all(&n);

	for (size_t i = 0; i < n; i++) {
		const char *words = keys[i].words, *word;
		char value[64];

		if (!keys_available(&keys[i]) || strchr(keys[i].path, '*'))
			continue;
		n_read += comes_back(keys[i].path, keys[i].example);
		while (keys[i].kind & (KEY_WORD | KEY_WORDS) && (word = keys_word(&words, &length))) {
			snprintf(value, sizeof(value), keys[i].kind & KEY_WORDS ? "[\"%.*s\"]" : "\"%.*s\"",
				 (int)length, word);
			n_read += comes_back(keys[i].path, value);
		}
	}
	cr_assert(ge(sz, n_read, 90), "only %zu could be read at all", n_read);
}

Test(show, resolved_has_every_key_that_is_available)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(""));
	const struct json *tree = show_resolve(reading.spec, reading.arena);
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++) {
		bool below = strchr(keys[i].path, '*') || str_starts(keys[i].path, "rootfs.") ||
			     str_starts(keys[i].path, "network.") || str_equal(keys[i].path, "$schema") ||
			     str_equal(keys[i].path, "extends") || str_starts(keys[i].path, "health.") ||
			     str_starts(keys[i].path, "log.syslog_");

		if (!below)
			cr_expect(eq(int, json_find(tree, keys[i].path) != NULL, keys_available(&keys[i])),
				  "%s", keys[i].path);
	}
}

Test(show, resolved_has_the_details_of_what_is_used)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"log\": { \"driver\": \"syslog\" }, \"health\": { \"command\": [\"/c\"] },"
		"\"restart\": { \"policy\": \"always\" }, \"events\": { \"exec\": [\"/e\", \"a\"] }"));
	_cleanup_free_ char *text = show(show_resolve(reading.spec, reading.arena), false, false);
	_cleanup_reading_ struct reading again = read_text(text);

	cr_assert(strstr(text, "\"syslog_address\": \"unixgram:///dev/log\"") != NULL);
	cr_assert(strstr(text, "\"syslog_facility\": \"daemon\"") != NULL);
	cr_assert(strstr(text, "\"start_period\": \"0s\"") != NULL);
	cr_assert(strstr(text, "\"delay\": \"100ms\"") != NULL);
	cr_assert(eq(int, again.result, 0), "%s", text);
	cr_assert(zero(sz, again.findings.n));
	cr_assert(eq(u64, again.spec->health.interval_ms, 30000));
	cr_assert(same_text(again.spec->events.exec.items[1], "a"));
}

Test(show, says_where_each_value_comes_from)
{
	_cleanup_reading_ struct reading reading = read_text(profile);
	_cleanup_free_ char *text = show(show_resolve(reading.spec, reading.arena), true, false);

	cr_assert(strstr(text, "\"path\": \"/r\" // web.kapsel.jsonc:2\n") != NULL);
	cr_assert(strstr(text, "\"memory\": \"unlimited\", // web.kapsel.jsonc:5\n") != NULL);
	cr_assert(strstr(text, "\"pids\": 16, // default\n") != NULL);
	cr_assert(strstr(text, "\"hostname\": \"t\", // default\n") != NULL);
	cr_assert(strstr(text, "\"memory_high\": \"unlimited\", // default\n") != NULL);
}

Test(show, prints_the_merged_tree_without_defaults)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(", \"limits\": { \"pids\": 3 }"));
	_cleanup_free_ char *text = show(reading.spec->tree, false, false);

	cr_assert(same_text(
		text,
		"{\n\t\"kapsel\": 1,\n\t\"name\": \"t\",\n\t\"rootfs\": \"/r\",\n\t\"command\": [\"/c\"],\n"
		"\t\"limits\": {\n\t\t\"pids\": 3\n\t}\n}\n"));
}

Test(show, prints_unlimited_in_red)
{
	_cleanup_reading_ struct reading reading = read_text(profile);
	_cleanup_free_ char *text = show(reading.spec->tree, false, true);

	cr_assert(strstr(text, "\"memory\": \033[1;31m\"unlimited\"\033[0m") != NULL);
}

Test(show, keeps_a_comment_on_its_line)
{
	const struct profile_options options = { .vocabulary = reading_vocabulary() };
	struct source source = reading_source("a\nb\033.jsonc", PROFILE(""));
	_cleanup_arena_ struct arena *arena = arena_new();
	struct findings findings = { 0 };
	const struct spec *spec = NULL;
	_cleanup_free_ char *text = NULL;

	cr_assert(eq(int, profile_read_text(&source, &options, arena, &findings, &spec), 0));
	text = show(spec->tree, true, false);
	cr_assert(strstr(text, "\"kapsel\": 1, // a\\x0ab\\x1b.jsonc:1\n") != NULL);
}

Test(show, lists_values_with_their_origin_as_json)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(",\n\"limits\": { \"pids\": 3 }"));
	char *text = calloc(1, 65536);
	FILE *out = fmemopen(text, 65535, "w");

	show_print_origins(out, show_resolve(reading.spec, reading.arena));
	fclose(out);
	cr_assert(
		strstr(text,
		       "{\"key\":\"limits.pids\",\"value\":3,\"file\":\"web.kapsel.jsonc\",\"line\":2}\n") !=
		NULL);
	cr_assert(strstr(text, "{\"key\":\"proc\",\"value\":\"own\",\"file\":null,\"line\":0}\n") != NULL);
	free(text);
}
