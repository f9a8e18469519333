/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/json.h"

#include "reading.h"

/* A parsed text; the tree is NULL where it was refused. */
struct parsed {
	struct arena *arena;
	struct findings findings;
	struct source source;
	struct json *tree;
};

static struct parsed *parse_bytes(const char *text, size_t size, enum json_flags flags)
{
	struct arena *arena = arena_new();
	struct parsed *parsed = arena_alloc(arena, sizeof(*parsed));

	parsed->arena = arena;
	parsed->source =
		(struct source){ .name = "t", .text = arena_memdup(arena, text, size), .size = size };
	if (json_parse(&parsed->source, flags, arena, &parsed->findings, &parsed->tree) < 0)
		parsed->tree = NULL;
	return parsed;
}

static struct parsed *parse(const char *text)
{
	return parse_bytes(text, strlen(text), JSON_COMMENTS);
}

static void parsed_end(struct parsed **parsed)
{
	arena_free((*parsed)->arena);
}
#define _cleanup_parsed_ _cleanup_(parsed_end)

Test(json, keeps_place_of_every_key_and_value)
{
	const char *text =
		"/* c */ { \"a\" /*,*/ : \"x\\ty\" , // :\n \"b\":[1, -2.50e1,true,null ],\"c\":{\"d\":false}}";
	_cleanup_parsed_ struct parsed *parsed = parse(text);
	const struct json *a = json_get(parsed->tree, "a"), *b = json_get(parsed->tree, "b"), *d;
	const char *const expected[] = { "1", "-2.50e1", "true", "null" };
	const struct json *item = b->first;

	cr_assert(eq(sz, parsed->tree->n, 3));
	cr_assert(eq(int, strncmp(text + a->name_place.offset, "\"a\"", a->name_place.length), 0));
	cr_assert(eq(int, strncmp(text + a->place.offset, "\"x\\ty\"", a->place.length), 0));
	cr_assert(same_text(a->text, "x\ty"));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++, item = item->next) {
		cr_assert(eq(sz, item->place.length, strlen(expected[i])));
		cr_assert(eq(int, strncmp(text + item->place.offset, expected[i], item->place.length), 0));
	}
	cr_assert(eq(sz, b->place.length, 1));
	d = json_find(parsed->tree, "c.d");
	cr_assert(eq(int, strncmp(text + d->name_place.offset, "\"d\"", d->name_place.length), 0));
	cr_assert(d->type == JSON_BOOL && !d->boolean);
}

Test(json, keeps_numbers_as_written_and_as_values)
{
	_cleanup_parsed_ struct parsed *parsed =
		parse("{\"a\": 9223372036854775807, \"b\": -9223372036854775808, \"c\": 0.5, \"d\": 1e3}");
	const struct json *c = json_get(parsed->tree, "c"), *d = json_get(parsed->tree, "d");

	cr_assert(eq(i64, json_get(parsed->tree, "a")->integer, INT64_MAX));
	cr_assert(eq(i64, json_get(parsed->tree, "b")->integer, INT64_MIN));
	cr_assert(c->type == JSON_NUMBER && c->number > 0.49 && c->number < 0.51);
	cr_assert(d->type == JSON_NUMBER);
	cr_assert(same_text(d->text, "1e3"));
}

Test(json, takes_a_comment_without_line_end_at_the_end)
{
	_cleanup_parsed_ struct parsed *parsed = parse("{} // end");

	cr_assert(parsed->tree != NULL);
}

Test(json, takes_surrogate_pairs)
{
	_cleanup_parsed_ struct parsed *parsed = parse("{\"a\": \"\\uD83D\\ude00\\u20AC\\\\u0000\"}");

	cr_assert(parsed->tree != NULL);
	cr_assert(same_text(json_get(parsed->tree, "a")->text, "😀€\\u0000"));
}

Test(json, refuses_comments_where_they_are_not_allowed)
{
	_cleanup_parsed_ struct parsed *parsed = parse_bytes("{ /**/ }", 8, JSON_STRICT);

	cr_assert(parsed->tree == NULL);
	cr_assert(same_text(first_finding(&parsed->findings), "E001@1:3"));
}

struct bad {
	const char *text, *where, *says;
};

static const struct bad bad_texts[] = {
	{ "", "E001@1:1", "the file is empty" },
	{ " // nothing\n", "E001@2:1", "the file is empty" },
	{ "[]", "E004@1:1", "expected an object, not an array" },
	{ "12", "E001@1:1", "expected an object" },
	{ "hello", "E001@1:1", "expected an object" },
	{ "{", "E001@1:2", "the file ends inside an object" },
	{ "{\"a\": [1, 2", "E001@1:12", "the file ends inside an array" },
	{ "{\"a\"", "E001@1:5", "the file ends inside an object" },
	{ "{\"a\":", "E001@1:6", "the file ends inside an object" },
	{ "{\"a\": 1,", "E001@1:9", "the file ends inside an object" },
	{ "{\"a\": 1, }", "E001@1:10", "expected a key after \",\"  (trailing comma)" },
	{ "{\"a\": [1, /* x */ ] }", "E001@1:19", "expected a value after \",\"  (trailing comma)" },
	{ "{\"a\": 1,, \"b\": 2}", "E001@1:9", "expected a key after \",\"" },
	{ "{,}", "E001@1:2", "expected a key or \"}\"" },
	{ "{\"a\" 1}", "E001@1:6", "expected \":\" after the key" },
	{ "{\"a\": 1 \"b\": 2}", "E001@1:9", "expected \",\" or \"}\"" },
	{ "{\"a\": [1 2]}", "E001@1:10", "expected \",\" or \"]\"" },
	{ "{\"a\": ]}", "E001@1:7", "expected a value after \":\"" },
	{ "{\"a\": [}", "E001@1:8", "expected a value or \"]\"" },
	{ "{a: 1}", "E001@1:2", "expected a key or \"}\"" },
	{ "{'a': 1}", "E001@1:2", "expected a key or \"}\"" },
	{ "{\"a\": 'x'}", "E001@1:7", "expected a value after \":\"" },
	{ "{\"a\": True}", "E001@1:7", "expected a value after \":\"" },
	{ "{\"a\": 01}", "E001@1:7", "\"01\" is not a JSON number" },
	{ "{\"a\": .5}", "E001@1:7", "\".5\" is not a JSON number" },
	{ "{\"a\": +1}", "E001@1:7", "\"+1\" is not a JSON number" },
	{ "{\"a\": 1.}", "E001@1:7", "\"1.\" is not a JSON number" },
	{ "{\"a\": 0x10}", "E001@1:7", "\"0x10\" is not a JSON number" },
	{ "{\"a\": 64m}", "E001@1:7", "\"64m\" is not a JSON number" },
	{ "{\"a\": \"x\n\"}", "E001@1:7", "the string never ends" },
	{ "{\"a\": \"x", "E001@1:7", "the string never ends" },
	{ "{\"a\": \"x\ty\"}", "E001@1:9", "control character in a string" },
	{ "{\"a\": \"\\x41\"}", "E001@1:8", "unknown escape in a string" },
	{ "{\"a\": \"\\u12g4\"}", "E001@1:8", "incomplete escape" },
	{ "{\"a\": \"\\u0000\"}", "E005@1:8", "a string can't contain a NUL character" },
	{ "{\"\\u0000\": 1}", "E005@1:3", "a string can't contain a NUL character" },
	{ "{\"a\": \"\\ud800\"}", "E005@1:8", "half of a surrogate pair is not a character" },
	{ "{\"a\": \"\\udc00\\ud800\"}", "E005@1:8", "half of a surrogate pair is not a character" },
	{ "{\"a\": \"\\ud800\\u0041\"}", "E005@1:8", "half of a surrogate pair is not a character" },
	{ "{} x", "E001@1:4", "expected the end of the file" },
	{ "{} {}", "E001@1:4", "expected the end of the file" },
	{ "{} /* x", "E001@1:4", "the comment never ends" },
	{ "{ /* x }", "E001@1:3", "the comment never ends" },
	{ "{ / }", "E001@1:3", "expected a key or \"}\"" },
	{ "{\"a\": 9223372036854775808}", "E011@1:7", "the number does not fit 64 bits" },
	{ "{\"a\": -9223372036854775809}", "E011@1:7", "the number does not fit 64 bits" },
	{ "{\"a\": 1e999}", "E011@1:7", "the number does not fit 64 bits" },
	{ "\xef\xbb\xbf{}", "E005@1:1", "the file starts with a byte order mark" },
	{ "{\"a\": \"\xc3\x28\"}", "E005@1:8", "not valid UTF-8" },
	{ "{\"a\": \"\xed\xa0\x80\"}", "E005@1:8", "not valid UTF-8" },
	{ "{} // \xff", "E005@1:7", "not valid UTF-8" },
	{ "{} // \xe2\x80\xae", "E005@1:7", "invisible character that changes the direction of text" },
	{ "{\n \"a\": 1,\n\t\"a\": 2}", "E002@3:2", "duplicate key \"a\"" },
	{ "{\"\\u0061\": 1, \"a\": 2}", "E002@1:15", "duplicate key \"a\"" },
};

Test(json, says_what_is_wrong_and_where)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++) {
		_cleanup_parsed_ struct parsed *parsed = parse(bad_texts[i].text);

		cr_expect(same_text(first_finding(&parsed->findings), bad_texts[i].where), "%s",
			  bad_texts[i].text);
		cr_assert(gt(sz, parsed->findings.n, 0), "%s", bad_texts[i].text);
		cr_expect(same_text(parsed->findings.items[0].message, bad_texts[i].says), "%s",
			  bad_texts[i].text);
	}
}

Test(json, refuses_a_nul_byte)
{
	_cleanup_parsed_ struct parsed *parsed = parse_bytes("{}\n\0{}", 6, JSON_COMMENTS);

	cr_assert(parsed->tree == NULL);
	cr_assert(same_text(first_finding(&parsed->findings), "E005@2:1"));
}

Test(json, stops_at_the_thirty_third_level)
{
	char text[128] = "{\"a\":";

	memset(text + 5, '[', 31);
	memset(text + 36, ']', 31);
	strcpy(text + 67, "}");
	_cleanup_parsed_ struct parsed *allowed = parse(text);
	cr_assert(allowed->tree != NULL);

	memset(text + 5, '[', 32);
	memset(text + 37, ']', 32);
	strcpy(text + 69, "}");
	_cleanup_parsed_ struct parsed *refused = parse(text);
	cr_assert(refused->tree == NULL);
	cr_assert(same_text(first_finding(&refused->findings), "E006@1:37"));
}

Test(json, survives_two_hundred_thousand_brackets)
{
	enum { N = 200000 };
	char *text = malloc(N + 6);
	struct parsed *parsed;

	memcpy(text, "{\"a\":", 5);
	memset(text + 5, '[', N);
	parsed = parse_bytes(text, N + 5, JSON_COMMENTS);
	free(text);
	cr_assert(parsed->tree == NULL);
	cr_assert(same_text(first_finding(&parsed->findings), "E006@1:37"));
	parsed_end(&parsed);
}

Test(json, finds_duplicates_among_very_many_keys_quickly)
{
	enum { N = 8000 };
	char *text = malloc(N * 16), *end = text;
	struct parsed *parsed;

	end += sprintf(end, "{");
	for (int i = 0; i < N; i++)
		end += sprintf(end, "\"k%d\":1,", i % (N - 1));
	sprintf(end - 1, "}");
	parsed = parse(text);
	free(text);
	cr_assert(eq(sz, parsed->findings.n_errors, 1));
	cr_assert(same_text(parsed->findings.items[0].message, "duplicate key \"k0\""));
	parsed_end(&parsed);
}

Test(json, refuses_too_many_values)
{
	enum { N = JSON_VALUES_MAX };
	char *text = malloc(N * 2 + 16), *end = text;
	struct parsed *parsed;

	end += sprintf(end, "{\"a\":[");
	for (int i = 0; i < N; i++)
		end += sprintf(end, "1,");
	strcpy(end - 1, "]}");
	parsed = parse(text);
	free(text);
	cr_assert(same_text(parsed->findings.items[0].message, "more than 16384 values"));
	parsed_end(&parsed);
}

Test(json, leaves_to_a_lenient_reader_what_other_programs_write)
{
	const char *text = "{\"a\":1,\"a\":18446744073709551615,\"b\":\"\xe2\x80\xae\",\"c\":[[]]}";
	_cleanup_parsed_ struct parsed *parsed = parse_bytes(text, strlen(text), JSON_LENIENT);
	_cleanup_parsed_ struct parsed *strict = parse_bytes(text, strlen(text), JSON_STRICT);
	const struct json *a = parsed->tree->first;

	cr_assert(strict->tree == NULL);
	cr_assert(eq(sz, parsed->findings.n_errors, 0));
	cr_assert(eq(sz, parsed->tree->n, 4));
	cr_assert(eq(i64, a->integer, 1));
	cr_assert(same_text(a->next->name, "a"));
	cr_assert(same_text(a->next->text, "18446744073709551615"));
	cr_assert(eq(i64, a->next->integer, INT64_MAX));
}

Test(json, knows_where_an_object_ends)
{
	const char *text = " { \"a\" : { \"b\":[ 1 , 2 ] } , \"c\":0 } ";
	_cleanup_parsed_ struct parsed *parsed = parse_bytes(text, strlen(text), JSON_STRICT);
	const struct json *a = json_get(parsed->tree, "a"), *b = json_get(a, "b");

	cr_assert(
		eq(int, strncmp(text + a->place.offset, "{ \"b\":[ 1 , 2 ] }", a->end - a->place.offset), 0));
	cr_assert(eq(int, strncmp(text + b->place.offset, "[ 1 , 2 ]", b->end - b->place.offset), 0));
	cr_assert(eq(sz, b->end - b->place.offset, strlen("[ 1 , 2 ]")));
	cr_assert(eq(sz, parsed->tree->end, strlen(text) - 1));
}
