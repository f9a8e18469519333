/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the command line to the verb. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/commands/globals.h"
#include "launcher/oci/selfexe.h"

static const struct oci_command *const verbs[] = {
	&oci_command_create,  &oci_command_start, &oci_command_run,      &oci_command_exec,
	&oci_command_state,   &oci_command_kill,  &oci_command_delete,   &oci_command_list,
	&oci_command_ps,      &oci_command_pause, &oci_command_resume,   &oci_command_update,
	&oci_command_events,  &oci_command_spec,  &oci_command_features, &oci_command_checkpoint,
	&oci_command_restore,
};

static void print_help(FILE *out)
{
	oci_command_help(out, &globals_command);
	fputs("\nVerbs:\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %-12s %s\n", verbs[i]->name, verbs[i]->summary);
}

/*
 * Docker takes every line with the word "version" for the version, and go-runc wants it behind its own
 * name: who links us under that name gets it.
 */
static void print_version(void)
{
	printf("%s version %s\ncommit: v%s\nspec: 1.3.0\n", program_invocation_short_name, KAPSEL_VERSION,
	       KAPSEL_VERSION);
}

static int unknown_verb(const struct oci_globals *globals, const char *verb)
{
	const char *names[ARRAY_SIZE(verbs)], *nearest;
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		names[i] = verbs[i]->name;
	nearest = str_nearest(verb, names, ARRAY_SIZE(verbs));
	error_set(&err, EINVAL, "unknown verb \"%s\"", verb);
	if (nearest)
		error_remedy(&err, "did you mean \"%s\"?", nearest);
	return oci_report(globals, &err);
}

static const struct oci_command *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (str_equal(name, verbs[i]->name))
			return verbs[i];
	return NULL;
}

static int run_verb(const struct oci_parse *parse, char **argv, struct arena *arena,
		    struct oci_globals *globals)
{
	const struct oci_command *verb = find_verb(parse->operands[0]);
	struct error err = { 0 };
	int r;

	if (!verb)
		return unknown_verb(globals, parse->operands[0]);
	/* At the caller's limit on file size a write is the errno EFBIG: who dies removes nothing. */
	signal(SIGXFSZ, SIG_IGN);
	/* A caller that hears our warnings no more must not end us between what we make and its removal. The
	 * workload and hooks get all signals as they should be. */
	if (verb->enters)
		signal(SIGPIPE, SIG_IGN);
	r = verb->enters ? selfexe_protect(argv, &err) : 0;
	if (r == 0)
		r = globals_decide(parse, globals, &err);
	if (r == 0 && !verb->stateless)
		r = globals_root(parse, arena, globals, &err);
	if (r < 0) {
		oci_report(globals, &err);
		return verb->failure;
	}
	return verb->run(globals, verb, parse->n_operands, parse->operands);
}

static int take_globals(int argc, char **argv, struct arena *arena, struct oci_globals *globals,
			struct oci_parse *parse)
{
	struct error err = { 0 }, log_err = { 0 };
	int r = oci_command_words(&globals_command, argc, argv, parse, &err);

	if (r > 0)
		return r;
	/* First where to report to: then also a mistake in the words gets there. */
	if (globals_log(parse, arena, globals, &log_err) < 0 && r == 0) {
		err = log_err;
		r = -err.code;
	}
	if (r < 0)
		oci_report(globals, &err);
	return r;
}

/* Parsing sorts argv; who executes the program again must say the same words. */
static char **copy_words(struct arena *arena, int argc, char **argv)
{
	char **copy = arena ? arena_array(arena, (size_t)argc + 1, sizeof(*copy)) : NULL;

	for (int i = 0; copy && i < argc; i++)
		copy[i] = argv[i];
	return copy;
}

int oci_main(int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char **said = copy_words(arena, argc, argv);
	struct oci_globals globals = { 0 };
	struct oci_parse parse;
	struct error err = { 0 };
	int r;

	/* A caller that ignores SIGCHLD would take the exit status of hooks from us. */
	signal(SIGCHLD, SIG_DFL);
	if (!said) {
		error_set(&err, ENOMEM, "start");
		return oci_report(&globals, &err);
	}
	r = take_globals(argc, argv, arena, &globals, &parse);
	if (r < 0)
		return 1;
	if (r == 0 && oci_option_value(&parse, "version")) {
		print_version();
		return 0;
	}
	if (r > 0 || parse.n_operands == 0 || str_equal(parse.operands[0], "help")) {
		print_help(stdout);
		return 0;
	}
	return run_verb(&parse, said, arena, &globals);
}
