/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/print.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static char *wrapped(size_t indent, const char *first, const char *text)
{
	static char *result; /* the stream keeps the address */
	static size_t size;
	struct print print = { .out = open_memstream(&result, &size) };

	print_wrapped(&print, indent, first, text);
	fclose(print.out);
	return result;
}

static char *columns(const char *left, const char *right)
{
	static char *result; /* the stream keeps the address */
	static size_t size;
	struct print print = { .out = open_memstream(&result, &size) };

	print_columns(&print, PRINT_PLAIN, left, right);
	fclose(print.out);
	return result;
}

Test(print, wraps_at_spaces_within_eighty_columns)
{
	char *text =
		wrapped(3, "1. ",
			"aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhh iii");

	cr_assert(eq(
		str, text,
		"1. aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg\n   hhhhhhhh iii\n"));
	free(text);
}

Test(print, breaks_a_word_that_is_longer_than_the_line)
{
	char word[200];
	char *text;

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	text = wrapped(0, "", word);
	for (const char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		cr_assert(strlen(line) <= PRINT_WIDTH);
	free(text);
}

Test(print, counts_characters_not_bytes)
{
	char *text = columns("äöü", "x");

	cr_assert(eq(sz, print_length("äöü", strlen("äöü")), 3));
	cr_assert(eq(str, text, "  äöü                                     x\n"));
	free(text);
}

Test(print, never_breaks_inside_a_character)
{
	char word[3 * 60 + 1] = "";
	char *text;

	for (size_t i = 0; i < 60; i++)
		strcat(word, "€");
	text = columns(word, "");
	cr_assert(eq(int, strncmp(text + 2 + PRINT_COLUMN * strlen("€"), "  ", 2), 0));
	free(text);
}

Test(print, puts_lines_of_both_columns_side_by_side)
{
	char *text = columns("0 1000 1\n1 2000 1", "-");

	cr_assert(eq(str, text,
		     "  0 1000 1                                -\n"
		     "  1 2000 1                                \n"));
	free(text);
}

Test(print, lets_no_control_character_of_a_container_through)
{
	char *text = columns("\033[2J\a", "\xc2\x9b x");

	cr_assert(zero(ptr, strchr(text, '\033')));
	cr_assert(zero(ptr, strstr(text, "\xc2\x9b")));
	cr_assert(not(zero(ptr, strstr(text, "\\x1b[2J\\x07"))));
	free(text);
}

Test(print, wraps_what_a_container_said_without_obeying_it)
{
	static char *text;
	static size_t size;
	struct print print = { .out = open_memstream(&text, &size) };

	print_untrusted_wrapped(&print, 2, "\033[31mred");
	fclose(print.out);
	cr_assert(eq(str, text, "  \\x1b[31mred\n"));
	free(text);
}

static char *styled(bool color)
{
	static char *result; /* the stream keeps the address */
	static size_t size;
	struct print print = { .out = open_memstream(&result, &size), .color = color };

	print_style(&print, PRINT_GOOD, "pass");
	fclose(print.out);
	return result;
}

Test(print, colours_only_where_it_is_told_to)
{
	char *plain = styled(false), *green = styled(true);

	cr_assert(eq(str, plain, "pass"));
	cr_assert(eq(str, green, "\033[32mpass\033[0m"));
	free(plain);
	free(green);
}
