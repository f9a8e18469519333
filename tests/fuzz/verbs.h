/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The words of a command line against the tables of the verbs; nothing is run. */
#include "base/str.h"
#include "launcher/commands/command.h"
#include "tests/fuzz/demand.h"

static inline void verbs_check(const struct command *command, const struct command_parse *parse)
{
	for (size_t i = 0; command->options && command->options[i].name; i++) {
		const char *value = command_given(command, parse, command->options[i].name);

		demand(i < COMMAND_OPTIONS_MAX && value == parse->values[i]);
		demand(!value || command->options[i].argument || !*value);
	}
}

/* Help and mistakes are printed; the sanitizers and the fuzzer write to the descriptor, not to the stream. */
static inline void verbs_parse_one(const struct command *command, int argc, char **argv)
{
	FILE *out = stdout, *err = stderr;
	struct printed printed;
	struct command_parse parse;
	int status = -1, r;

	stdout = stderr = printed_begin(&printed);
	r = command_parse(command, argc, argv, &parse, &status);
	stdout = out;
	stderr = err;
	printed_end(&printed, false);
	demand(r == 0 || (r == 1 && (status == STATUS_OK || status == STATUS_USAGE)));
	if (r != 0)
		return;
	demand(parse.n_operands >= 0 && parse.n_operands < argc);
	for (int i = 0; i < parse.n_operands; i++)
		demand(parse.operands[i] != NULL);
	verbs_check(command, &parse);
}

/** verbs_parse() - @argv[0] is "kapsel VERB". */
static inline void verbs_parse(const struct command *const *verbs, size_t n, int argc, char **argv)
{
	for (size_t i = 0; i < n && str_starts(argv[0], "kapsel "); i++)
		if (str_equal(argv[0] + strlen("kapsel "), verbs[i]->name))
			verbs_parse_one(verbs[i], argc, argv);
}
