/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/command.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"

static const struct oci_option help_option = { "help", 'h', NULL, "show this help" };

/* Where the parse stands. */
struct cursor {
	const struct oci_command *command;
	int argc, next;
	char **argv;
	struct oci_parse *ret;
	bool help;
};

static size_t count_options(const struct oci_command *command)
{
	size_t n = 0;

	while (command->options && command->options[n].name && n < OCI_OPTIONS_MAX)
		n++;
	return n;
}

static void print_option(FILE *out, const struct oci_option *option)
{
	char shown[64];

	snprintf(shown, sizeof(shown), "--%s%s%s", option->name, option->argument ? " " : "",
		 option->argument ? option->argument : "");
	if (option->letter)
		fprintf(out, "  -%c, %-28s %s\n", option->letter, shown, option->help);
	else
		fprintf(out, "      %-28s %s\n", shown, option->help);
}

void oci_command_help(FILE *out, const struct oci_command *command)
{
	fprintf(out, "Usage: %s%s%s %s\n\n%s\n\nOptions:\n", program_invocation_short_name,
		command->name[0] ? " " : "", command->name, command->usage ? command->usage : "",
		command->summary);
	for (size_t i = 0; i < count_options(command); i++)
		print_option(out, &command->options[i]);
	print_option(out, &help_option);
}

int oci_command_bool(const char *word)
{
	static const char *const on[] = { "1", "t", "true" }, *const off[] = { "0", "f", "false" };

	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		if (strcasecmp(word, on[i]) == 0)
			return 1;
		if (strcasecmp(word, off[i]) == 0)
			return 0;
	}
	return -EINVAL;
}

static int unknown_option(const struct cursor *cursor, const char *name, size_t length, struct error *err)
{
	const char *candidates[OCI_OPTIONS_MAX + 1], *nearest;
	size_t n = count_options(cursor->command);
	char word[64];

	for (size_t i = 0; i < n; i++)
		candidates[i] = cursor->command->options[i].name;
	candidates[n++] = help_option.name;
	snprintf(word, sizeof(word), "%.*s", (int)length, name);
	nearest = str_nearest(word, candidates, n);
	error_set(err, EINVAL, "unknown option --%s", word);
	if (nearest)
		return error_remedy(err, "did you mean --%s?", nearest);
	return -EINVAL;
}

static void forget(struct oci_parse *parse, const struct oci_option *option)
{
	size_t kept = 0;

	for (size_t i = 0; i < parse->n_given; i++)
		if (parse->given[i].option != option)
			parse->given[kept++] = parse->given[i];
	parse->n_given = kept;
}

/* @value: what stood with the option, NULL: nothing */
static int take_switch(struct cursor *cursor, const struct oci_option *option, const char **value,
		       struct error *err)
{
	int on = *value ? oci_command_bool(*value) : 1;

	if (on < 0)
		return error_set(err, EINVAL, "option --%s is true or false, not \"%s\"", option->name,
				 *value);
	if (on == 0)
		forget(cursor->ret, option);
	*value = "";
	return on;
}

static int take_option(struct cursor *cursor, const struct oci_option *option, const char *value,
		       struct error *err)
{
	struct oci_parse *ret = cursor->ret;

	if (option == &help_option) {
		cursor->help = true;
		return 0;
	}
	if (!option->argument) {
		int on = take_switch(cursor, option, &value, err);

		if (on <= 0)
			return on;
	} else if (!value && option->argument[0] == '[') {
		/* Optional: the next word belongs to it only if it could mean nothing else. */
		bool follows =
			cursor->next < cursor->argc && (str_equal(cursor->argv[cursor->next], "auto") ||
							oci_command_bool(cursor->argv[cursor->next]) >= 0);

		value = follows ? cursor->argv[cursor->next++] : "";
	} else if (!value) {
		if (cursor->next >= cursor->argc)
			return error_set(err, EINVAL, "option --%s needs %s", option->name, option->argument);
		value = cursor->argv[cursor->next++];
	}
	if (ret->n_given == ARRAY_SIZE(ret->given))
		return error_set(err, E2BIG, "more than %d options", OCI_VALUES_MAX);
	ret->given[ret->n_given].option = option;
	ret->given[ret->n_given++].value = value;
	return 0;
}

static const struct oci_option *find_long(const struct oci_command *command, const char *text, size_t length)
{
	for (size_t i = 0; i < count_options(command); i++)
		if (strlen(command->options[i].name) == length &&
		    strncmp(command->options[i].name, text, length) == 0)
			return &command->options[i];
	return length == 4 && strncmp(text, help_option.name, length) == 0 ? &help_option : NULL;
}

static const struct oci_option *find_letter(const struct oci_command *command, char letter)
{
	for (size_t i = 0; i < count_options(command); i++)
		if (command->options[i].letter == letter)
			return &command->options[i];
	return letter == help_option.letter ? &help_option : NULL;
}

/* "-q", "-td", "-f json", "-fjson" and "-f=json". */
static int parse_letters(struct cursor *cursor, const char *letters, struct error *err)
{
	int r = 0;

	for (; *letters && r == 0; letters++) {
		const struct oci_option *option = find_letter(cursor->command, *letters);
		const char *value = letters[1] == '=' ? letters + 2 : letters[1] ? letters + 1 : NULL;

		if (!option) {
			error_set(err, EINVAL, "unknown option -%s", letters);
			return error_remedy(err, "%s %s --help names them all", program_invocation_short_name,
					    cursor->command->name);
		}
		if (option->argument || letters[1] == '=')
			return take_option(cursor, option, value, err);
		r = take_option(cursor, option, NULL, err);
	}
	return r;
}

/* Go's flag package takes long names with a single dash, too, and go-runc relies on it. */
static int parse_option(struct cursor *cursor, const char *text, struct error *err)
{
	bool is_long = text[1] == '-';
	const char *name = text + 1 + is_long;
	size_t length = strcspn(name, "=");
	const struct oci_option *option = find_long(cursor->command, name, length);

	if (option && (is_long || length > 1))
		return take_option(cursor, option, name[length] == '=' ? name + length + 1 : NULL, err);
	if (is_long)
		return unknown_option(cursor, name, length, err);
	return parse_letters(cursor, name, err);
}

int oci_command_words(const struct oci_command *command, int argc, char **argv, struct oci_parse *ret,
		      struct error *err)
{
	struct cursor cursor = { .command = command, .argc = argc, .next = 1, .argv = argv, .ret = ret };

	*ret = (struct oci_parse){ .operands = argv + 1 };
	while (cursor.next < argc) {
		char *text = argv[cursor.next++];
		int r;

		if (str_equal(text, "--"))
			break;
		if (text[0] != '-' || !text[1]) {
			ret->operands[ret->n_operands++] = text; /* never ahead of the cursor */
			if (command->command_follows)
				break;
			continue;
		}
		r = parse_option(&cursor, text, err);
		if (r < 0)
			return r;
		if (cursor.help)
			return 1;
	}
	while (cursor.next < argc)
		ret->operands[ret->n_operands++] = argv[cursor.next++];
	ret->operands[ret->n_operands] = NULL;
	return 0;
}

static int check_operands(const struct oci_command *command, const struct oci_parse *parse, struct error *err)
{
	const char *what = parse->n_operands < command->min_operands ? "a word is missing" : "too many words";

	if (parse->n_operands >= command->min_operands &&
	    (command->max_operands < 0 || parse->n_operands <= command->max_operands))
		return 0;
	error_set(err, EINVAL, "%s: %s", command->name, what);
	return error_remedy(err, "usage: %s %s %s", program_invocation_short_name, command->name,
			    command->usage ? command->usage : "");
}

int oci_command_parse(const struct oci_globals *globals, const struct oci_command *command, int argc,
		      char **argv, struct oci_parse *ret, int *ret_status)
{
	struct error err = { 0 };
	int r = oci_command_words(command, argc, argv, ret, &err);

	if (r > 0) {
		oci_command_help(stdout, command);
		*ret_status = 0;
		return 1;
	}
	if (r == 0)
		r = check_operands(command, ret, &err);
	if (r == 0)
		return 0;
	oci_report(globals, &err);
	*ret_status = command->failure;
	return 1;
}

const char *oci_option_value(const struct oci_parse *parse, const char *name)
{
	for (size_t i = parse->n_given; i > 0; i--)
		if (str_equal(parse->given[i - 1].option->name, name))
			return parse->given[i - 1].value;
	return NULL;
}

int oci_option_number(const struct oci_parse *parse, const char *name, uint32_t max, uint32_t *ret,
		      struct error *err)
{
	const char *text = oci_option_value(parse, name);
	uint32_t n;

	if (!text)
		return 0;
	if (str_to_u32(text, &n) < 0 || n > max)
		return error_set(err, EINVAL, "understand --%s %s: a number up to %u", name, text, max);
	*ret = n;
	return 0;
}
