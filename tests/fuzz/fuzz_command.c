/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Command lines, a word a line: the first is the verb, "kapsel run" or one of kapsel-oci, or nothing: what
 * stands before the verb. What create, exec and update make of their options is part of it. An input can hold
 * several (pieces.h).
 */
#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/commands/exec_process.h"
#include "launcher/oci/commands/globals.h"
#include "launcher/oci/commands/update_flags.h"
#include "launcher/oci/create.h"
#include "profiles/oci/oci_read.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/pieces.h"
#include "tests/fuzz/verbs.h"

enum { WORDS_MAX = 64 };

static const struct command *const native[] = {
	&command_run,     &command_check,    &command_show,    &command_enter,  &command_explain,
	&command_doctor,  &command_generate, &command_list,    &command_logs,   &command_schema,
	&command_stats,   &command_top,      &command_metrics, &command_ps,     &command_monitor,
	&command_inspect, &command_events,   &command_wait,    &command_stop,   &command_kill,
	&command_restart, &command_rm,       &command_prune,   &command_update,
};
static const struct oci_command *const verbs[] = {
	&oci_command_create, &oci_command_start,  &oci_command_run,    &oci_command_exec, &oci_command_state,
	&oci_command_kill,   &oci_command_delete, &oci_command_list,   &oci_command_ps,   &oci_command_pause,
	&oci_command_resume, &oci_command_update, &oci_command_events, &oci_command_spec, &globals_command,
};

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

/* What stands before the verb: nothing is opened for it here. */
static void decide(const struct oci_parse *parse)
{
	struct oci_globals globals = { 0 };
	struct error err = { 0 };

	demand((globals_decide(parse, &globals, &err) < 0) == (err.msg[0] != '\0'));
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
	if (verb == &globals_command)
		decide(&parse);
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
	verbs_parse(native, ARRAY_SIZE(native), argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (str_equal(argv[0], verbs[i]->name))
			parse_oci(verbs[i], argc, argv, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pieces_each(data, size, judge);
	return 0;
}
