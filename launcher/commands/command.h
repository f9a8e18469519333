/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A verb of the command line, as data: help, option parsing and completion come from
 * one table. A verb's file exports one const struct command.
 */
#include <stdbool.h>
#include <stddef.h>

struct command_option {
	const char *name;     /* long name without dashes: "json" */
	char letter;          /* short form, 0: none */
	const char *argument; /* "FILE" where it takes one, NULL: a switch */
	const char *help;
};

struct command {
	const char *name;
	const char *usage;   /* what follows the name: "[OPTIONS] PROFILE [-- ARGS…]" */
	const char *summary; /* one line */
	const char *example; /* a whole command line */
	const struct command_option *options; /* NULL-name terminated */
	/* argv[0] is the verb. Returns the exit status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

/* What the options of one call said: value is "" for a switch. */
struct command_parse {
	const char *values[32];   /* by index in options; NULL: not given */
	char **operands;          /* what is left before "--" */
	int n_operands;
	char **after;             /* after "--", NULL-terminated; NULL: no "--" */
};

/**
 * command_parse() - parse by the command's option table, "--flag value" and "--flag=value"
 *
 * Prints the mistake with the nearest option, or the help for --help/-h.
 * Return: 0; or 1 with *ret_status the exit status to leave with.
 */
int command_parse(const struct command *command, int argc, char **argv, struct command_parse *ret, int *ret_status);

/** command_given() - Return: the value of option @name ("" for a switch), NULL when not given. */
const char *command_given(const struct command *command, const struct command_parse *parse, const char *name);

/** command_color() - Return: whether to colour what goes to @fd: a terminal, no NO_COLOR, TERM not dumb. */
bool command_color(int fd);

enum { STATUS_OK = 0, STATUS_FINDING = 1, STATUS_USAGE = 2 };
