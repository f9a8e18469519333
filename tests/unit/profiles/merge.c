/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/merge.h"

#include "profiles/json.h"
#include "profiles/json_print.h"
#include "reading.h"

static char directory[32];

static void enter(void)
{
	enter_directory(directory);
}

static void leave(void)
{
	leave_directory(directory);
}

TestSuite(merge, .init = enter, .fini = leave);

struct example {
	const char *target, *patch, *result;
};

/* RFC 7396, appendix A, as far as both are objects. */
static const struct example examples[] = {
	{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\": \"c\"}" },
	{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\": \"b\",\"b\": \"c\"}" },
	{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
	{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\": \"c\"}" },
	{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"b\":null,\"c\":1}", "{\"a\": \"b\",\"c\": 1}" },
	{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\": \"c\"}" },
	{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\": [\"b\"]}" },
	{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\": {\"b\": \"d\"}}" },
	{ "{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\": [3]}" },
	{ "{\"a\":\"foo\"}", "{\"a\":{\"b\":{\"c\":null}}}", "{\"a\": {\"b\": {}}}" },
	{ "{\"e\":null}", "{\"a\":1}", "{\"e\": null,\"a\": 1}" },
	{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\": {\"bb\": {}}}" },
};

static struct json *parse(struct arena *arena, const char *text)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct findings findings = { 0 };
	struct json *tree = NULL;

	*source = reading_source("t", text);
	cr_assert(eq(int, json_parse(source, JSON_STRICT, arena, &findings, &tree), 0));
	return tree;
}

/* The tree on one line. */
static char *flat(const struct json *tree)
{
	char *text = NULL, *to, *from;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	json_print_value(out, tree, 0);
	fclose(out);
	for (to = from = text; *from; from++)
		if (*from != '\n' && *from != '\t')
			*to++ = *from;
	*to = '\0';
	return text;
}

Test(merge, follows_rfc_7396)
{
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct json *target = parse(arena, examples[i].target);
		_cleanup_free_ char *result = NULL;

		cr_assert(eq(int, merge_apply(target, parse(arena, examples[i].patch), arena), 0));
		result = flat(target);
		cr_expect(same_text(result, examples[i].result));
	}
}

Test(merge, reads_parents_first_and_lets_arrays_replace)
{
	_cleanup_reading_ struct reading reading = { 0 };
	const struct json *memory, *pids;

	write_file(
		"a.kapsel.jsonc",
		"{ \"kapsel\": 1, \"capabilities\": [\"CHOWN\"], \"env\": { \"A\": \"1\", \"B\": \"1\" },\n"
		"  \"limits\": { \"memory\": \"128MiB\", \"pids\": 3, \"cpu\": 2 } }");
	write_file("b.kapsel.jsonc",
		   "{ \"kapsel\": 1, \"capabilities\": [\"KILL\"], \"limits\": { \"pids\": 4 } }");
	write_file("c.kapsel.jsonc",
		   "{ \"kapsel\": 1, \"extends\": [\"a.kapsel.jsonc\", \"b.kapsel.jsonc\"],\n"
		   "  \"rootfs\": \"/r\", \"command\": [\"/c\"], \"env\": { \"B\": \"2\" },\n"
		   "  \"limits\": { \"cpu\": null } }");
	reading = read_file_with("c.kapsel.jsonc", NULL, true);
	cr_assert(eq(int, reading.result, 0));
	cr_assert(same_text(reading.spec->name, "c"));
	cr_assert(eq(u64, reading.spec->capabilities, 1ULL << 5));
	cr_assert(eq(u64, reading.spec->limits.pids, 4));
	cr_assert(eq(u64, reading.spec->limits.memory_bytes, 128ULL << 20));
	cr_assert(reading.spec->limits.cpu_cores > 0.49 && reading.spec->limits.cpu_cores < 0.51);
	cr_assert(eq(sz, reading.spec->env.n, 3));
	cr_assert(same_text(reading.spec->env.items[2].value, "2"));

	memory = json_find(reading.spec->tree, "limits.memory");
	pids = json_find(reading.spec->tree, "limits.pids");
	cr_assert(same_text(memory->place.source->name, "a.kapsel.jsonc"));
	cr_assert(eq(sz, source_position(&memory->place).line, 2));
	cr_assert(same_text(pids->place.source->name, "b.kapsel.jsonc"));
}

Test(merge, looks_beside_the_including_file_then_in_the_system_directory)
{
	_cleanup_reading_ struct reading reading = { 0 };
	char system_dir[64];

	snprintf(system_dir, sizeof(system_dir), "%s/system", directory);
	cr_assert(eq(int, mkdir("system", 0755), 0));
	cr_assert(eq(int, mkdir("own", 0755), 0));
	write_file("system/a.kapsel.jsonc", "{ \"kapsel\": 1, \"limits\": { \"pids\": 7 } }");
	write_file("own/b.kapsel.jsonc", "{ \"kapsel\": 1, \"extends\": \"a.kapsel.jsonc\" }");
	write_file(
		"own/c.kapsel.jsonc",
		"{ \"kapsel\": 1, \"extends\": \"b.kapsel.jsonc\", \"rootfs\": \"/r\", \"command\": [\"/c\"] }");
	reading = read_file_with("own/c.kapsel.jsonc", system_dir, true);
	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(u64, reading.spec->limits.pids, 7));
}

Test(merge, says_from_where_a_faulty_parent_is_included)
{
	_cleanup_reading_ struct reading reading = { 0 };
	_cleanup_free_ char *got = NULL;

	write_file("base.kapsel.jsonc", "{\n  \"kapsel\": 1,\n  \"pids\": 1\n}");
	write_file("web.kapsel.jsonc", "{\n  \"kapsel\": 1,\n\n  \"extends\": \"base.kapsel.jsonc\",\n"
				       "  \"rootfs\": \"/r\", \"command\": [\"/c\"] }");
	reading = read_file_with("web.kapsel.jsonc", NULL, true);
	got = printed(&reading.findings);
	cr_assert(eq(int, reading.result, -22));
	cr_assert(strstr(got, "  --> base.kapsel.jsonc:3:3   (included from web.kapsel.jsonc:4:14)\n") !=
		  NULL);
}

static void expect_one(const char *path, const char *where, const char *message)
{
	_cleanup_reading_ struct reading reading = read_file_with(path, "/nonexistent", true);

	cr_assert(eq(int, reading.result, -22));
	cr_assert(eq(sz, reading.findings.n, 1));
	cr_assert(same_text(first_finding(&reading.findings), where));
	cr_assert(same_text(reading.findings.items[0].message, message));
}

Test(merge, refuses_a_circle)
{
	write_file("a.kapsel.jsonc", "{ \"kapsel\": 1, \"extends\": \"b.kapsel.jsonc\" }");
	write_file("b.kapsel.jsonc", "{ \"kapsel\": 1, \"extends\": \"./a.kapsel.jsonc\" }");
	expect_one("a.kapsel.jsonc", "E025@1:27", "\"./a.kapsel.jsonc\" extends itself");
}

Test(merge, refuses_a_file_that_extends_itself)
{
	write_file("a.kapsel.jsonc", "{ \"kapsel\": 1, \"extends\": \"a.kapsel.jsonc\" }");
	expect_one("a.kapsel.jsonc", "E025@1:27", "\"a.kapsel.jsonc\" extends itself");
}

/* p0 extends p1 … extends pN. */
static void write_chain(int levels)
{
	char name[64], text[160];

	for (int i = 0; i < levels; i++) {
		snprintf(name, sizeof(name), "p%d.kapsel.jsonc", i);
		snprintf(
			text, sizeof(text),
			"{ \"kapsel\": 1, \"extends\": \"p%d.kapsel.jsonc\", \"rootfs\": \"/r\", \"command\": [\"/c\"] }",
			i + 1);
		write_file(name, text);
	}
	snprintf(name, sizeof(name), "p%d.kapsel.jsonc", levels);
	write_file(name, "{ \"kapsel\": 1, \"limits\": { \"pids\": 9 } }");
}

Test(merge, follows_eight_levels_and_no_more)
{
	_cleanup_reading_ struct reading reading = { 0 };

	write_chain(8);
	reading = read_file_with("p0.kapsel.jsonc", NULL, true);
	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(u64, reading.spec->limits.pids, 9));
	write_chain(9);
	expect_one("p0.kapsel.jsonc", "E025@1:16", "profiles extend each other over more than 8 levels");
}

Test(merge, bounds_how_many_files_a_fan_of_parents_reads)
{
	char name[64], text[512];

	for (int level = 0; level < 4; level++) {
		snprintf(name, sizeof(name), "p%d.kapsel.jsonc", level);
		strcpy(text, "{ \"kapsel\": 1, \"extends\": [");
		for (int i = 0; i < 8; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\"p%d.kapsel.jsonc\"",
				 i > 0 ? ", " : "", level + 1);
		strcat(text, "] }");
		write_file(name, text);
	}
	write_file("p4.kapsel.jsonc", "{ \"kapsel\": 1 }");
	_cleanup_reading_ struct reading reading = read_file_with("p0.kapsel.jsonc", NULL, true);
	cr_assert(eq(int, reading.result, -22));
	cr_assert(same_text(reading.findings.items[0].message, "more than 64 files make up this profile"));
}

Test(merge, says_which_parent_is_missing)
{
	write_file("a.kapsel.jsonc", "{ \"kapsel\": 1, \"extends\": \"nob.kapsel.jsonc\" }");
	expect_one("a.kapsel.jsonc", "E026@1:27", "there is no profile \"nob.kapsel.jsonc\" to extend");
}

Test(merge, trusts_a_parent_no_more_than_the_profile)
{
	write_file("base.kapsel.jsonc", "{ \"kapsel\": 1 }");
	cr_assert(eq(int, chmod("base.kapsel.jsonc", 0666), 0));
	write_file("a.kapsel.jsonc", "{ \"kapsel\": 1, \"extends\": \"base.kapsel.jsonc\" }");
	expect_one("a.kapsel.jsonc", "E020@1:27",
		   "\"base.kapsel.jsonc\" can be written by others (mode 0666)");
}

Test(merge, applies_drop_ins_last_in_the_order_of_their_names)
{
	_cleanup_reading_ struct reading reading = { 0 };

	write_file("a.kapsel.jsonc", PROFILE(", \"limits\": { \"pids\": 1, \"open_files\": 100 }"));
	cr_assert(eq(int, mkdir("a.kapsel.jsonc.d", 0755), 0));
	write_file("a.kapsel.jsonc.d/20-b.jsonc", "{ \"kapsel\": 1, \"limits\": { \"pids\": 20 } }");
	write_file("a.kapsel.jsonc.d/10-a.jsonc",
		   "{ \"kapsel\": 1, \"limits\": { \"pids\": 10, \"open_files\": 200 } }");
	write_file("a.kapsel.jsonc.d/30-c.jsonc.bak", "not read");
	write_file("a.kapsel.jsonc.d/.40-d.jsonc", "not read");
	reading = read_file_with("a.kapsel.jsonc", NULL, true);
	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(u64, reading.spec->limits.pids, 20));
	cr_assert(eq(u64, reading.spec->limits.open_files, 200));
}

Test(merge, refuses_a_drop_in_directory_that_others_can_write)
{
	write_file("a.kapsel.jsonc", PROFILE(""));
	cr_assert(eq(int, mkdir("a.kapsel.jsonc.d", 0755), 0));
	cr_assert(eq(int, chmod("a.kapsel.jsonc.d", 0777), 0));
	expect_one("a.kapsel.jsonc", "E020@0:0", "others can put files into \"a.kapsel.jsonc.d\"");
}

Test(merge, refuses_a_drop_in_that_extends)
{
	write_file("a.kapsel.jsonc", PROFILE(""));
	cr_assert(eq(int, mkdir("a.kapsel.jsonc.d", 0755), 0));
	write_file("a.kapsel.jsonc.d/x.jsonc", "{ \"kapsel\": 1, \"extends\": \"../a.kapsel.jsonc\" }");
	expect_one("a.kapsel.jsonc", "E025@1:16", "a drop-in can't extend another profile");
}

Test(merge, shows_mistakes_of_a_drop_in_with_its_name)
{
	write_file("a.kapsel.jsonc", PROFILE(""));
	cr_assert(eq(int, mkdir("a.kapsel.jsonc.d", 0755), 0));
	write_file("a.kapsel.jsonc.d/x.jsonc", "{ \"kapsel\": 1,\n \"limits\": { \"pids\": 0 } }");
	_cleanup_reading_ struct reading reading = read_file_with("a.kapsel.jsonc", NULL, true);
	cr_assert(same_text(first_finding(&reading.findings), "E011@2:22"));
	cr_assert(same_text(reading.findings.items[0].place.source->name, "a.kapsel.jsonc.d/x.jsonc"));
}

Test(merge, asks_each_file_for_the_format_version)
{
	write_file("base.kapsel.jsonc", "{ }");
	write_file("a.kapsel.jsonc", PROFILE(", \"extends\": \"base.kapsel.jsonc\""));
	expect_one("a.kapsel.jsonc", "E007@1:1", "\"kapsel\" is missing");
}

Test(merge, finds_an_unknown_key_even_if_it_is_null)
{
	write_file("a.kapsel.jsonc", PROFILE(", \"nonsense\": null"));
	expect_one("a.kapsel.jsonc", "E003@1:64", "unknown key \"nonsense\"");
}

Test(merge, cant_extend_from_a_text)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(", \"extends\": \"/etc/passwd\""));

	cr_assert(eq(int, reading.result, -22));
	cr_assert(same_text(reading.findings.items[0].message,
			    "a text without a file can't extend another profile"));
}
