/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Command lines, a word a line: the first is the verb. "kapsel" has a table of options of its own here, all
 * other verbs are those of kapsel-oci; what create, exec and update make of their options is part of it. An
 * input can hold several (pieces.h).
 */
#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/commands/command.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/commands/exec_process.h"
#include "launcher/oci/commands/update_flags.h"
#include "launcher/oci/create.h"
#include "profiles/oci/oci_read.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 64 };

static const struct command_option options[] = {
	{ "json", 0, NULL, "print JSON" },
	{ "file", 'f', "FILE", "read FILE" },
	{ "filter", 0, "KEY=VALUE", "only those" },
	{ "follow", 'F', NULL, "go on" },
	{ NULL, 0, NULL, NULL },
};
static const struct command fuzzed = { .name = "fuzz",
				       .usage = "[OPTIONS] NAME",
				       .summary = "x",
				       .example = "kapsel fuzz",
				       .options = options };
static const struct oci_command *const verbs[] = {
	&oci_command_create, &oci_command_start,  &oci_command_run,    &oci_command_exec, &oci_command_state,
	&oci_command_kill,   &oci_command_delete, &oci_command_list,   &oci_command_ps,   &oci_command_pause,
	&oci_command_resume, &oci_command_update, &oci_command_events, &oci_command_spec,
};

/* Help and mistakes are printed; the sanitizers and the fuzzer write to the descriptor, not to the stream. */
static void parse_own(int argc, char **argv)
{
	FILE *out = stdout, *err = stderr, *nowhere = fopen("/dev/null", "we");
	struct command_parse parse;
	int status = -1, r;

	demand(nowhere != NULL);
	stdout = stderr = nowhere;
	r = command_parse(&fuzzed, argc, argv, &parse, &status);
	stdout = out;
	stderr = err;
	fclose(nowhere);
	demand(r == 0 || (r == 1 && (status == STATUS_OK || status == STATUS_USAGE)));
	if (r != 0)
		return;
	demand(parse.n_operands >= 0 && parse.n_operands < argc);
	for (int i = 0; i < parse.n_operands; i++)
		demand(parse.operands[i] != NULL);
	for (size_t i = 0; i < 4; i++)
		demand(command_given(&fuzzed, &parse, options[i].name) == parse.values[i]);
}

static void fill_process(const struct oci_parse *parse, struct arena *arena)
{
	static const char text[] =
		"{\"args\":[\"a\"],\"cwd\":\"/\",\"env\":[\"A=1\",\"B\"],"
		"\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[5]},\"capabilities\":{\"bounding\":[\"KILL\"]}}";
	struct error err = { 0 };
	struct oci oci = { 0 };
	int r = oci_read_process("own", text, strlen(text), arena, &oci.process, NULL, &err);

	/* A file that the command line names is not to be read. */
	if (r < 0)
		fprintf(stderr, "%s\n", err.msg);
	demand(r == 0);
	if (oci_option_value(parse, "process"))
		return;
	r = exec_process_fill(parse, arena, &oci, &err);
	demand((r < 0) == (err.msg[0] != '\0'));
	if (r == 0)
		demand(oci.process.args.n > 0 && oci.process.cwd[0] == '/' &&
		       oci.process.user.uid != (uid_t)-1);
}

static void parse_oci(const struct oci_command *verb, int argc, char **argv, struct arena *arena)
{
	struct oci_create_options given;
	struct oci_resources resources;
	struct error err = { 0 };
	static struct oci_parse parse;
	uint32_t number = 7;
	int r;

	r = oci_command_words(verb, argc, argv, &parse, &err);
	demand(r == 0 || r == 1 || (r == -EINVAL && err.msg[0]));
	demand(parse.n_given <= OCI_VALUES_MAX);
	if (r != 0)
		return;
	demand(parse.n_operands >= 0 && parse.n_operands < argc && !parse.operands[parse.n_operands]);
	for (size_t i = 0; i < parse.n_given; i++)
		demand(oci_option_value(&parse, parse.given[i].option->name) != NULL);
	if (oci_option_number(&parse, "preserve-fds", 10, &number, &err) == 0)
		demand(number <= 10);
	if (verb == &oci_command_create || verb == &oci_command_run)
		(void)!oci_create_parse(&parse, &given, &err);
	if (verb == &oci_command_exec)
		fill_process(&parse, arena);
	if (verb == &oci_command_update) {
		oci_resources_init(&resources);
		(void)!update_flags_read(&parse, &resources, &err);
	}
}

static void judge(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *argv[WORDS_MAX + 1] = { NULL }, *rest;
	int argc = 0;

	demand(arena != NULL);
	rest = arena_alloc(arena, size + 1);
	demand(rest != NULL);
	memcpy(rest, data, size);
	rest[size] = '\0';
	while (rest && argc < WORDS_MAX)
		argv[argc++] = strsep(&rest, "\n");
	if (str_equal(argv[0], "kapsel"))
		parse_own(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (str_equal(argv[0], verbs[i]->name))
			parse_oci(verbs[i], argc, argv, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pieces_each(data, size, judge);
	return 0;
}
