/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/command.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "base/error.h"

static const struct oci_option options[] = {
	{ "bundle", 'b', "DIR", "" },
	{ "tty", 't', NULL, "" },
	{ "detach", 'd', NULL, "" },
	{ "env", 'e', "NAME=VALUE", "" },
	{ "no-subreaper", 0, NULL, "" },
	{ "rootless", 0, "[true|false|auto]", "" },
	{ 0 },
};

static const struct oci_command mixed = {
	.name = "mixed", .options = options, .max_operands = 1, .failure = 1
};
static const struct oci_command exec = { .name = "exec", .options = options, .command_follows = true };

/* The operands point into argv: it must live as long as the test. */
static int parse(const struct oci_command *command, char **words, struct oci_parse *ret, struct error *err)
{
	static char *argv[OCI_VALUES_MAX + 3];
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = words[argc];
	argv[argc] = NULL;
	return oci_command_words(command, argc, argv, ret, err);
}

#define WORDS(...) ((char *[]){ "verb", __VA_ARGS__, NULL })

Test(oci_command, takes_a_value_in_every_form)
{
	char **forms[] = { WORDS("--bundle", "/b"), WORDS("--bundle=/b"),   WORDS("-b", "/b"),  WORDS("-b/b"),
			   WORDS("-b=/b"),          WORDS("-bundle", "/b"), WORDS("-bundle=/b") };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct oci_parse parsed;

		cr_assert(zero(int, parse(&mixed, forms[i], &parsed, NULL)), "form %zu", i);
		cr_assert(eq(str, oci_option_value(&parsed, "bundle"), "/b"), "form %zu", i);
		cr_assert(zero(int, parsed.n_operands), "form %zu", i);
	}
}

Test(oci_command, takes_a_single_dash_before_a_long_name_as_go_does)
{
	struct oci_parse parsed;

	cr_assert(zero(int, parse(&mixed, WORDS("-no-subreaper", "id"), &parsed, NULL)));
	cr_assert(ne(ptr, oci_option_value(&parsed, "no-subreaper"), NULL));
	cr_assert(eq(str, parsed.operands[0], "id"));
}

Test(oci_command, takes_letters_in_one_word)
{
	struct oci_parse parsed;

	cr_assert(zero(int, parse(&mixed, WORDS("-tdeA=1", "id"), &parsed, NULL)));
	cr_assert(ne(ptr, oci_option_value(&parsed, "tty"), NULL));
	cr_assert(ne(ptr, oci_option_value(&parsed, "detach"), NULL));
	cr_assert(eq(str, oci_option_value(&parsed, "env"), "A=1"));
}

Test(oci_command, keeps_all_values_in_order_and_tells_the_last)
{
	struct oci_parse parsed;

	cr_assert(zero(int, parse(&mixed, WORDS("-e", "A=1", "--env=B=2", "-eC=3"), &parsed, NULL)));
	cr_assert(eq(sz, parsed.n_given, 3));
	cr_assert(eq(str, parsed.given[1].value, "B=2"));
	cr_assert(eq(str, oci_option_value(&parsed, "env"), "C=3"));
}

Test(oci_command, takes_a_switch_back_when_it_is_given_as_false)
{
	struct oci_parse parsed;
	struct error err = { 0 };

	cr_assert(zero(int, parse(&mixed, WORDS("--tty", "--detach=TRUE", "--tty=false"), &parsed, NULL)));
	cr_assert(eq(ptr, oci_option_value(&parsed, "tty"), NULL));
	cr_assert(ne(ptr, oci_option_value(&parsed, "detach"), NULL));
	cr_assert(eq(int, parse(&mixed, WORDS("--tty=maybe"), &parsed, &err), -EINVAL));
	cr_assert(eq(str, err.msg, "option --tty is true or false, not \"maybe\""));
}

Test(oci_command, takes_the_next_word_for_an_optional_value_only_if_it_is_one)
{
	struct oci_parse parsed;

	cr_assert(zero(int, parse(&exec, WORDS("--rootless", "state", "id"), &parsed, NULL)));
	cr_assert(eq(str, oci_option_value(&parsed, "rootless"), ""));
	cr_assert(eq(str, parsed.operands[0], "state"));
	cr_assert(zero(int, parse(&exec, WORDS("--rootless", "auto", "state", "id"), &parsed, NULL)));
	cr_assert(eq(str, oci_option_value(&parsed, "rootless"), "auto"));
	cr_assert(eq(str, parsed.operands[0], "state"));
}

Test(oci_command, takes_options_behind_the_id)
{
	struct oci_parse parsed;

	cr_assert(zero(int, parse(&mixed, WORDS("id", "--bundle", "/b", "-t"), &parsed, NULL)));
	cr_assert(eq(int, parsed.n_operands, 1));
	cr_assert(eq(str, oci_option_value(&parsed, "bundle"), "/b"));
}

Test(oci_command, leaves_all_words_behind_the_id_to_a_command)
{
	struct oci_parse parsed;

	cr_assert(zero(int, parse(&exec, WORDS("-t", "id", "ls", "-d", "--env"), &parsed, NULL)));
	cr_assert(eq(int, parsed.n_operands, 4));
	cr_assert(eq(str, parsed.operands[2], "-d"));
	cr_assert(eq(str, parsed.operands[3], "--env"));
	cr_assert(eq(ptr, parsed.operands[4], NULL));
	cr_assert(eq(ptr, oci_option_value(&parsed, "detach"), NULL));
}

Test(oci_command, takes_a_lone_dash_for_a_value)
{
	struct oci_parse parsed;

	cr_assert(zero(int, parse(&mixed, WORDS("--bundle", "-", "-"), &parsed, NULL)));
	cr_assert(eq(str, oci_option_value(&parsed, "bundle"), "-"));
	cr_assert(eq(str, parsed.operands[0], "-"));
}

Test(oci_command, ends_options_at_two_dashes)
{
	struct oci_parse parsed;

	cr_assert(zero(int, parse(&mixed, WORDS("--", "--tty"), &parsed, NULL)));
	cr_assert(eq(str, parsed.operands[0], "--tty"));
	cr_assert(zero(sz, parsed.n_given));
}

Test(oci_command, refuses_what_it_does_not_know)
{
	static const struct {
		const char *word, *message;
	} cases[] = {
		{ "--bundel", "unknown option --bundel" },
		{ "--bundel=/b", "unknown option --bundel" },
		{ "-x", "unknown option -x" },
		{ "-tx", "unknown option -x" },
		{ "--bundle", "option --bundle needs DIR" },
		{ "-b", "option --bundle needs DIR" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oci_parse parsed;
		struct error err = { 0 };

		cr_assert(eq(int, parse(&mixed, WORDS(cases[i].word), &parsed, &err), -EINVAL));
		cr_assert(eq(str, err.msg, cases[i].message));
	}
}

Test(oci_command, proposes_the_nearest_option)
{
	struct oci_parse parsed;
	struct error err = { 0 };

	cr_assert(eq(int, parse(&mixed, WORDS("--bundel"), &parsed, &err), -EINVAL));
	cr_assert(eq(str, err.remedy, "did you mean --bundle?"));
}

Test(oci_command, refuses_more_options_than_it_can_hold)
{
	static char *words[OCI_VALUES_MAX + 3] = { "verb" };
	struct oci_parse parsed;
	struct error err = { 0 };

	for (size_t i = 1; i < OCI_VALUES_MAX + 1; i++)
		words[i] = "--env=A=1";
	cr_assert(zero(int, parse(&mixed, words, &parsed, &err)));
	words[OCI_VALUES_MAX + 1] = "--env=A=1";
	cr_assert(eq(int, parse(&mixed, words, &parsed, &err), -E2BIG));
}

Test(oci_command, says_when_help_is_wanted)
{
	struct oci_parse parsed;

	cr_assert(eq(int, parse(&mixed, WORDS("--help"), &parsed, NULL), 1));
	cr_assert(eq(int, parse(&mixed, WORDS("id", "-h"), &parsed, NULL), 1));
	cr_assert(zero(int, parse(&exec, WORDS("id", "ls", "-h"), &parsed, NULL)));
}
