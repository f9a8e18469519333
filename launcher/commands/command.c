/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

static const struct command_option help_option = { "help", 'h', NULL, "show this help" };

static size_t count_options(const struct command *command)
{
	size_t n = 0;

	while (command->options && command->options[n].name && n < COMMAND_OPTIONS_MAX)
		n++;
	return n;
}

static void print_option(FILE *out, const struct command_option *option)
{
	char shown[64];

	snprintf(shown, sizeof(shown), "--%s%s%s", option->name, option->argument ? " " : "",
		 option->argument ? option->argument : "");
	if (option->letter)
		fprintf(out, "  -%c, %-22s %s\n", option->letter, shown, option->help);
	else
		fprintf(out, "      %-22s %s\n", shown, option->help);
}

void command_help(FILE *out, const struct command *command)
{
	if (command->example)
		fprintf(out, "Example: %s\n\n", command->example);
	fprintf(out, "Usage: %s %s %s\n\n%s\n\nOptions:\n", program_invocation_short_name, command->name,
		command->usage ? command->usage : "", command->summary);
	for (size_t i = 0; i < count_options(command); i++)
		print_option(out, &command->options[i]);
	print_option(out, &help_option);
}

int command_usage_error(const struct command *command, const char *format, ...)
{
	char message[512], escaped[sizeof(message) * 2];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	str_escape(escaped, sizeof(escaped), message);
	fprintf(stderr, "%s %s: %s\nTry '%s %s --help'.\n", program_invocation_short_name, command->name,
		escaped, program_invocation_short_name, command->name);
	return STATUS_USAGE;
}

static int unknown_option(const struct command *command, const char *name, size_t length)
{
	const char *candidates[COMMAND_OPTIONS_MAX + 1], *nearest;
	size_t n = count_options(command);
	char word[64];

	for (size_t i = 0; i < n; i++)
		candidates[i] = command->options[i].name;
	candidates[n++] = help_option.name;
	snprintf(word, sizeof(word), "%.*s", (int)length, name);
	nearest = str_nearest(word, candidates, n);
	if (nearest)
		return command_usage_error(command, "unknown option --%s; did you mean --%s?", word, nearest);
	return command_usage_error(command, "unknown option --%s", word);
}

/* Where the parse stands in argv. */
struct cursor {
	int argc, next;
	char **argv;
};

static int show_help(const struct command *command, int *ret_status)
{
	command_help(stdout, command);
	*ret_status = STATUS_OK;
	return 1;
}

/* @value: what stood with the option, NULL: nothing. Return: 0, or 1 with *ret_status. */
static int take_option(const struct command *command, size_t index, const char *value, struct cursor *cursor,
		       struct command_parse *ret, int *ret_status)
{
	const struct command_option *option = &command->options[index];

	if (option->argument && !value) {
		if (cursor->next == cursor->argc) {
			*ret_status = command_usage_error(command, "option --%s needs %s", option->name,
							  option->argument);
			return 1;
		}
		value = cursor->argv[cursor->next++];
	}
	if (option->argument && ret->values[index]) {
		*ret_status = command_usage_error(command, "option --%s stands twice", option->name);
		return 1;
	}
	ret->values[index] = value ? value : "";
	return 0;
}

static int parse_long(const struct command *command, const char *text, struct cursor *cursor,
		      struct command_parse *ret, int *ret_status)
{
	size_t length = strcspn(text, "="), n = count_options(command);
	const char *value = text[length] == '=' ? text + length + 1 : NULL;

	for (size_t i = 0; i < n; i++) {
		const struct command_option *option = &command->options[i];

		if (strlen(option->name) != length || strncmp(option->name, text, length) != 0)
			continue;
		if (value && !option->argument) {
			*ret_status =
				command_usage_error(command, "option --%s takes no value", option->name);
			return 1;
		}
		return take_option(command, i, value, cursor, ret, ret_status);
	}
	if (str_equal(text, help_option.name))
		return show_help(command, ret_status);
	*ret_status = unknown_option(command, text, length);
	return 1;
}

/* "-q", "-qv", "-n 5" and "-n5". */
static int parse_letters(const struct command *command, const char *letters, struct cursor *cursor,
			 struct command_parse *ret, int *ret_status)
{
	size_t n = count_options(command);

	for (; *letters; letters++) {
		const char *value = letters[1] ? letters + 1 : NULL;
		size_t i = 0;

		while (i < n && command->options[i].letter != *letters)
			i++;
		if (i == n && *letters == help_option.letter)
			return show_help(command, ret_status);
		if (i == n) {
			*ret_status = command_usage_error(command, "unknown option -%c", *letters);
			return 1;
		}
		if (take_option(command, i, command->options[i].argument ? value : NULL, cursor, ret,
				ret_status))
			return 1;
		if (command->options[i].argument)
			return 0;
	}
	return 0;
}

int command_parse(const struct command *command, int argc, char **argv, struct command_parse *ret,
		  int *ret_status)
{
	struct cursor cursor = { .argc = argc, .next = 1, .argv = argv };

	*ret = (struct command_parse){ .operands = argv + 1 };
	while (cursor.next < argc) {
		char *text = argv[cursor.next++];
		int done = 0;

		if (str_equal(text, "--")) {
			ret->after = argv + cursor.next;
			break;
		}
		if (str_starts(text, "--"))
			done = parse_long(command, text + 2, &cursor, ret, ret_status);
		else if (text[0] == '-' && text[1])
			done = parse_letters(command, text + 1, &cursor, ret, ret_status);
		else
			ret->operands[ret->n_operands++] = text; /* never ahead of the cursor */
		if (done)
			return 1;
	}
	return 0;
}

const char *command_given(const struct command *command, const struct command_parse *parse, const char *name)
{
	for (size_t i = 0; i < count_options(command); i++)
		if (str_equal(command->options[i].name, name))
			return parse->values[i];
	return NULL;
}

bool command_color(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color && no_color[0])
		return false;
	return term && !str_equal(term, "dumb") && isatty(fd);
}
