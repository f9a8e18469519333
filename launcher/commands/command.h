/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A verb of the command line, as data: help, option parsing and completion come from
 * one table. A verb's file exports one const struct command.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

enum { COMMAND_OPTIONS_MAX = 32 };

struct command_option {
	const char *name;     /* long name without dashes: "json" */
	char letter;          /* short form, 0: none */
	const char *argument; /* "FILE" where it takes one, NULL: a switch */
	const char *help;
};

struct command {
	const char *name;
	const char *usage;                    /* what follows the name: "[OPTIONS] PROFILE [-- ARGS…]" */
	const char *summary;                  /* one line */
	const char *example;                  /* a whole command line */
	const struct command_option *options; /* NULL-name terminated; NULL: none but --help */
	/* argv[0] is the verb. Returns the exit status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

/* What the options of one call said: value is "" for a switch. */
struct command_parse {
	const char *values[COMMAND_OPTIONS_MAX]; /* by index in options; NULL: not given */
	char **operands;                         /* what is left before "--" */
	int n_operands;
	char **after; /* after "--", NULL-terminated; NULL: no "--" */
};

/**
 * command_parse() - parse by the command's option table, "--flag value" and "--flag=value"
 * @argv: NULL-terminated; its operands are moved to its front, ret points into it
 *
 * Options and operands may mix until "--". Prints the mistake with the nearest option to
 * stderr, or the help for --help/-h to stdout.
 * Return: 0; or 1 with *ret_status the exit status to leave with.
 */
int command_parse(const struct command *command, int argc, char **argv, struct command_parse *ret,
		  int *ret_status) _must_check_;

/** command_given() - Return: the value of option @name ("" for a switch), NULL when not given. */
const char *command_given(const struct command *command, const struct command_parse *parse, const char *name);

/** command_help() - write the verb's help, the example first. */
void command_help(FILE *out, const struct command *command);

/**
 * command_usage_error() - write "kapsel VERB: …" and where the help is to stderr
 *
 * Return: STATUS_USAGE.
 */
int command_usage_error(const struct command *command, const char *format, ...) _printf_(2, 3);

/** command_color() - Return: whether to colour what goes to @fd: a terminal, no NO_COLOR, TERM not dumb. */
bool command_color(int fd);

enum { STATUS_OK = 0, STATUS_FINDING = 1, STATUS_USAGE = 2 };
