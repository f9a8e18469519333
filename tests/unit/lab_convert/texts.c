/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "lab/convert/losses.h"
#include "lab/convert/quantities.h"
#include "lab/convert/unit_file.h"
#include "lab/convert/writer.h"
#include "profiles/spec.h"

Test(quantities, read_sizes_as_docker_does)
{
	uint64_t bytes = 0;

	cr_assert(zero(int, quantities_docker_size("128m", &bytes)));
	cr_assert(eq(u64, bytes, 128u << 20));
	cr_assert(zero(int, quantities_docker_size("1.5GiB", &bytes)));
	cr_assert(eq(u64, bytes, 3u << 29));
	cr_assert(zero(int, quantities_docker_size("10", &bytes)));
	cr_assert(eq(u64, bytes, 10));
}

Test(quantities, refuse_what_is_no_size)
{
	static const char *const wrong[] = { "", "m", "1x", "1 m", "-1", "1m ", ".", "1..2", "0x10" };
	uint64_t bytes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_assert(eq(int, quantities_docker_size(wrong[i], &bytes), -EINVAL), "\"%s\"", wrong[i]);
	cr_assert(eq(int, quantities_docker_size("99999999t", &bytes), -ERANGE));
}

Test(quantities, read_times_of_both)
{
	uint64_t ms = 0;

	cr_assert(zero(int, quantities_docker_time("1m30s", &ms)));
	cr_assert(eq(u64, ms, 90000));
	cr_assert(zero(int, quantities_docker_time("1500us", &ms)));
	cr_assert(eq(u64, ms, 2));
	cr_assert(eq(int, quantities_docker_time("30", &ms), -EINVAL));
	cr_assert(zero(int, quantities_systemd_time("5min 20s", &ms)));
	cr_assert(eq(u64, ms, 320000));
	cr_assert(zero(int, quantities_systemd_time("90", &ms)));
	cr_assert(eq(u64, ms, 90000));
	cr_assert(zero(int, quantities_systemd_time("infinity", &ms)));
	cr_assert(eq(u64, ms, SPEC_UNLIMITED));
	cr_assert(eq(int, quantities_systemd_time("", &ms), -EINVAL));
}

Test(losses, are_printed_each_on_a_line_without_control_bytes)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct losses losses = { .arena = arena };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 20; i++)
		cr_assert(zero(int, losses_add(&losses, "x%d\033[31m\n", i)));
	losses_print(&losses, out);
	fclose(out);
	cr_assert(eq(sz, losses.n, 20));
	cr_assert(not(eq(ptr, strstr(text, "not carried over: x19\\x1b[31m\\x0a\n"), NULL)));
	cr_assert(eq(ptr, strchr(text, '\033'), NULL));
	free(text);
}

Test(writer, nests_and_escapes)
{
	static const char *const words[] = { "a", "\"" };
	char *text = NULL;
	size_t size = 0;
	struct writer writer = { .out = open_memstream(&text, &size) };

	writer_open(&writer, NULL, '{');
	writer_strings(&writer, "s", words, 2);
	writer_open_flat(&writer, "o", '{');
	writer_number(&writer, "n", -1);
	writer_open(&writer, "e", '[');
	writer_close(&writer, ']');
	writer_close(&writer, '}');
	writer_bool(&writer, "b", true);
	writer_close(&writer, '}');
	fclose(writer.out);
	cr_assert(eq(str, text,
		     "{\n\t\"s\": [\"a\", \"\\\"\"],\n\t\"o\": {\"n\": -1, \"e\": []},\n\t\"b\": true\n}\n"));
	free(text);
}

static int parse(struct arena *arena, const char *text, struct unit_file *ret, struct error *err)
{
	return unit_file_parse("x.service", arena_strdup(arena, text), arena, ret, err);
}

Test(unit_file, joins_lines_and_skips_comments)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct unit_file file;

	cr_assert(zero(int, parse(arena, "# c\n[Service]\nExecStart=/a \\\n; in between\n  b\nUser = x \n",
				  &file, &err)));
	cr_assert(eq(sz, file.n, 2));
	cr_assert(eq(str, file.items[0].value, "/a    b"));
	cr_assert(eq(uint, file.items[0].line, 3));
	cr_assert(eq(str, file.items[1].key, "User"));
	cr_assert(eq(str, file.items[1].value, "x"));
	cr_assert(eq(uint, file.items[1].line, 6));
}

Test(unit_file, names_the_line_that_is_wrong)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "[Service]\n\nnonsense\n", "x.service:3: neither" },
		{ "User=x\n", "x.service:1: a setting before" },
		{ "[Service\n", "x.service:1: a section" },
		{ "[Service]\n=x\n", "x.service:2: neither" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct error err = { 0 };
		struct unit_file file;

		cr_assert(eq(int, parse(arena, rows[i].text, &file, &err), -EINVAL));
		cr_assert(not(eq(ptr, strstr(err.msg, rows[i].message), NULL)), "%s", err.msg);
	}
}

Test(unit_file, cuts_words_with_quotes_and_escapes)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *const *words;

	cr_assert(eq(int, unit_file_words("a \"b c\" 'd\"' e\\x20f g\\\\h \"\"", arena, &words), 6));
	cr_assert(eq(str, words[1], "b c"));
	cr_assert(eq(str, words[2], "d\""));
	cr_assert(eq(str, words[3], "e f"));
	cr_assert(eq(str, words[4], "g\\h"));
	cr_assert(eq(str, words[5], ""));
	cr_assert(eq(int, unit_file_words("\"open", arena, &words), -EINVAL));
	cr_assert(eq(int, unit_file_words("\\q", arena, &words), -EINVAL));
	cr_assert(eq(int, unit_file_words("\\x0", arena, &words), -EINVAL));
	cr_assert(eq(int, unit_file_words("end\\", arena, &words), -EINVAL));
}
