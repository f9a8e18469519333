/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reading.h"

static void expect(const char *text, const char *output)
{
	_cleanup_reading_ struct reading reading = read_text(text);
	_cleanup_free_ char *got = printed(&reading.findings);

	cr_assert(same_text(got, output));
	cr_assert(eq(int, reading.result, -22));
}

Test(findings, shows_an_unknown_key_with_line_caret_help_and_reason)
{
	expect("{\n  \"kapsel\": 1,\n  \"rootfs\": \"/r\",\n  \"command\": [\"/c\"],\n\n\n\n\n\n\n\n"
	       "  \"capabilites\": [\"NET_BIND_SERVICE\"],\n  \"name\": \"web\"\n}\n",
	       "error[E003]: unknown key \"capabilites\"\n"
	       "  --> web.kapsel.jsonc:12:3\n"
	       "   |\n"
	       "12 |   \"capabilites\": [\"NET_BIND_SERVICE\"],\n"
	       "   |   ^^^^^^^^^^^^^ not part of profile format 1\n"
	       "   = help: did you mean \"capabilities\"?\n"
	       "   = note: unknown keys are refused so that a typo can never switch a protection off "
	       "(kapsel explain E003)\n");
}

Test(findings, gives_both_readings_of_an_ambiguous_size)
{
	expect("{ \"kapsel\": 1, \"name\": \"t\",\n  \"rootfs\": \"/r\", \"command\": [\"/c\"],"
	       "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n  \"limits\": { \"memory\": \"64m\" }\n}\n",
	       "error[E008]: ambiguous size \"64m\"\n"
	       "  --> web.kapsel.jsonc:20:25\n"
	       "   |\n"
	       "20 |   \"limits\": { \"memory\": \"64m\" }\n"
	       "   |                         ^^^^^ unit must be one of B KiB MiB GiB TiB kB MB GB TB\n"
	       "   = help: write \"64MiB\" (67108864 bytes, what docker -m 64m means) or \"64MB\" (64000000)\n");
}

Test(findings, says_where_the_first_of_two_keys_stands)
{
	expect("{\n  \"kapsel\": 1, \"name\": \"t\",\n  \"limits\": {},\n  \"rootfs\": \"/r\", \"command\": [\"/c\"],\n"
	       "  \"limits\": { \"pids\": 4 }\n}\n",
	       "error[E002]: duplicate key \"limits\"\n"
	       "  --> web.kapsel.jsonc:5:3   (first at 3:3)\n"
	       "   |\n"
	       " 5 |   \"limits\": { \"pids\": 4 }\n"
	       "   |   ^^^^^^^^\n");
}

Test(findings, names_a_trailing_comma_and_its_place)
{
	expect("{\n  \"kapsel\": 1,\n  \"rootfs\": \"/r\", // and so on\n}\n",
	       "error[E001]: expected a key after \",\"  (trailing comma)\n"
	       "  --> web.kapsel.jsonc:4:1   the comma is at 3:17\n"
	       "   |\n"
	       " 4 | }\n"
	       "   | ^\n"
	       "   = help: remove the comma; JSON with comments does not allow a trailing comma\n");
}

Test(findings, suggests_the_capability_that_begins_like_it)
{
	expect(PROFILE(",\n\"capabilities\": [\"NET_BIND\"]"),
	       "error[E012]: unknown capability \"NET_BIND\"\n"
	       "  --> web.kapsel.jsonc:2:18\n"
	       "   |\n"
	       " 2 | \"capabilities\": [\"NET_BIND\"] }\n"
	       "   |                  ^^^^^^^^^^\n"
	       "   = help: did you mean \"NET_BIND_SERVICE\"?\n");
}

Test(findings, warns_about_the_network_of_the_host)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(",\n\"network\": \"host\""));
	_cleanup_free_ char *got = printed(&reading.findings);

	cr_assert(eq(int, reading.result, 0));
	cr_assert(same_text(
		got,
		"warning[W105]: \"network\": \"host\" removes network isolation\n"
		"  --> web.kapsel.jsonc:2:12\n"
		"   |\n"
		" 2 | \"network\": \"host\" }\n"
		"   |            ^^^^^^\n"
		"   = help: for a server, \"listen\" hands the bound socket over and needs no network\n"));
}

Test(findings, counts_columns_in_code_points_and_expands_tabs_in_the_excerpt)
{
	expect(PROFILE(",\n\t\"description\": \"äö€😀\",\t\"pids\": 1"),
	       "error[E003]: unknown key \"pids\"\n"
	       "  --> web.kapsel.jsonc:2:25\n"
	       "   |\n"
	       " 2 |         \"description\": \"äö€😀\",  \"pids\": 1 }\n"
	       "   |                                 ^^^^^^ not part of profile format 1\n"
	       "   = help: \"pids\" stands inside \"limits\"\n"
	       "   = note: unknown keys are refused so that a typo can never switch a protection off "
	       "(kapsel explain E003)\n");
}

Test(findings, escapes_what_could_steer_a_terminal)
{
	_cleanup_reading_ struct reading reading =
		read_text(PROFILE(",\n\"\\u001b]0;x\\u0007\": \"\x7f\", \"\xc2\x9b\": 1"));
	_cleanup_free_ char *got = printed(&reading.findings);

	cr_assert(strstr(got, "unknown key \"\\x1b]0;x\\x07\"") != NULL);
	cr_assert(strstr(got, "unknown key \"\\xc2\\x9b\"") != NULL);
	for (const char *c = got; *c; c++)
		cr_assert(c[0] == '\n' || (unsigned char)c[0] >= 0x20);
	cr_assert(strchr(got, 0x7f) == NULL);
	cr_assert(strstr(got, "\xc2\x9b") == NULL);
}

Test(findings, puts_the_caret_right_behind_escaped_characters)
{
	expect(PROFILE(",\n\"description\": \"\x7f\", \"pods\": 1"),
	       "error[E015]: control character in \"description\"\n"
	       "  --> web.kapsel.jsonc:2:16\n"
	       "   |\n"
	       " 2 | \"description\": \"\\x7f\", \"pods\": 1 }\n"
	       "   |                ^^^^^^\n"
	       "   = note: a line break or an escape could smuggle in a second value (kapsel explain E015)\n"
	       "error[E003]: unknown key \"pods\"\n"
	       "  --> web.kapsel.jsonc:2:21\n"
	       "   |\n"
	       " 2 | \"description\": \"\\x7f\", \"pods\": 1 }\n"
	       "   |                        ^^^^^^ not part of profile format 1\n"
	       "   = note: unknown keys are refused so that a typo can never switch a protection off "
	       "(kapsel explain E003)\n");
}

Test(findings, cuts_a_very_long_line_around_the_caret)
{
	char text[4096], *line, *carets, *start;
	_cleanup_free_ char *got = NULL;

	snprintf(text, sizeof(text),
		 PROFILE(", \"description\": \"%01000d\", \"pids\": 1, \"labels\": { \"x\": \"%0900d\" }"), 0,
		 0);
	_cleanup_reading_ struct reading reading = read_text(text);
	got = printed(&reading.findings);
	line = strstr(got, "\n 1 | ");
	cr_assert(line != NULL);
	cr_assert(strcspn(line + 1, "\n") < 200);
	cr_assert(strstr(line, "\"pids\": 1") != NULL);
	cr_assert(strstr(line, "1 | ...000") != NULL);
	/* The caret stands below the key. */
	carets = strstr(got, "^^^^^^");
	cr_assert(carets != NULL);
	start = carets;
	while (start > got && start[-1] != '\n')
		start--;
	cr_assert(eq(sz, (size_t)(strstr(line, "\"pids\"") - line - 1), (size_t)(carets - start)));
}

Test(findings, shows_at_most_twenty_and_counts_the_rest)
{
	char text[2048] = "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": \"/r\", \"command\": [\"/c\"]";
	_cleanup_free_ char *got = NULL;

	for (int i = 0; i < 25; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ", \"zzz%d\": 0", i);
	strcat(text, "}");
	_cleanup_reading_ struct reading reading = read_text(text);
	got = printed(&reading.findings);
	cr_assert(eq(sz, reading.findings.n, (size_t)FINDINGS_MAX));
	cr_assert(eq(sz, reading.findings.n_errors, 25));
	cr_assert(strstr(got, "and 5 more, not shown\n") != NULL);
}

Test(findings, lets_an_error_push_a_warning_out)
{
	struct findings findings = { 0 };

	for (int i = 0; i < FINDINGS_MAX; i++)
		findings_add(&findings, FINDING_WARNING, "W106", NULL, "warning %d", i);
	cr_assert(findings_add(&findings, FINDING_WARNING, "W106", NULL, "one more") == NULL);
	cr_assert(findings_add(&findings, FINDING_ERROR, "E003", NULL, "an error") != NULL);
	cr_assert(eq(sz, findings.n, (size_t)FINDINGS_MAX));
	cr_assert(eq(sz, findings.n_errors, 1));
	cr_assert(eq(sz, findings.n_left_out, 2));
	cr_assert(same_text(findings.items[FINDINGS_MAX - 1].message, "an error"));
}

Test(findings, writes_one_json_object_a_line)
{
	_cleanup_reading_ struct reading reading =
		read_text(PROFILE(",\n  \"limits\": { \"memory\": \"64m\" }, \"\\u001b\\\"\": 1"));
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	findings_print_json(out, &reading.findings);
	fclose(out);
	cr_assert(same_text(
		text,
		"{\"code\":\"E008\",\"severity\":\"error\",\"file\":\"web.kapsel.jsonc\",\"line\":2,\"column\":25,"
		"\"end_column\":30,\"message\":\"ambiguous size \\\"64m\\\"\",\"help\":\"write \\\"64MiB\\\" "
		"(67108864 bytes, what docker -m 64m means) or \\\"64MB\\\" (64000000)\"}\n"
		"{\"code\":\"E003\",\"severity\":\"error\",\"file\":\"web.kapsel.jsonc\",\"line\":2,\"column\":34,"
		"\"end_column\":44,\"message\":\"unknown key \\\"\\u001b\\\"\\\"\",\"help\":\"\"}\n"));
}

Test(findings, has_no_place_to_show_for_what_is_in_no_file)
{
	struct findings findings = { 0 };
	_cleanup_free_ char *got = NULL;

	finding_help(findings_add(&findings, FINDING_ERROR, "E033", NULL, "no arguments"), "leave them out");
	got = printed(&findings);
	cr_assert(same_text(got, "error[E033]: no arguments\n   = help: leave them out\n"));
}

Test(findings, colours_only_when_asked)
{
	struct findings findings = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	findings_add(&findings, FINDING_WARNING, "W106", NULL, "no limit");
	findings_print(out, &findings, true);
	fclose(out);
	cr_assert(same_text(text, "\033[1;33mwarning[W106]\033[0m\033[1m: no limit\033[0m\n"));
}

Test(findings, never_cuts_a_character_in_two)
{
	struct findings findings = { 0 };
	char text[600] = "";

	for (int i = 0; i < 150; i++)
		strcat(text, "€");
	findings_add(&findings, FINDING_ERROR, "E003", NULL, "x%s", text);
	cr_assert(eq(sz, strlen(findings.items[0].message) % 3, 1));
	cr_assert(ge(sz, strlen(findings.items[0].message), 250));
}
