/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel export: a profile in the words of other programs, and what those have no word for. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/commands/commands.h"
#include "lab/convert/export_k8s.h"
#include "lab/convert/export_oci.h"
#include "lab/convert/export_systemd.h"
#include "lab/convert/losses.h"
#include "lab/output.h"
#include "launcher/commands/load.h"
#include "profiles/spec.h"

struct request {
	const struct command *command;
	const struct command_parse *parse;
	const struct spec *spec;
	struct losses *losses;
};

static int write_oci(const struct request *request, FILE *out, struct error *err)
{
	const struct export_oci_options options = {
		.rootless = command_given(request->command, request->parse, "rootless") != NULL,
	};

	return export_oci(request->spec, &options, out, request->losses, err);
}

static int write_systemd(const struct request *request, FILE *out, struct error *err)
{
	return export_systemd(request->spec, out, request->losses, err);
}

static int write_k8s(const struct request *request, FILE *out, struct error *err)
{
	return export_k8s(request->spec, out, request->losses, err);
}

static const struct kind {
	const char *name;
	const char *file;   /* where --output names a directory; NULL: the container's name and … */
	const char *ending; /* … this */
	int (*write)(const struct request *request, FILE *out, struct error *err);
} kinds[] = {
	{ "oci", "config.json", NULL, write_oci },
	{ "systemd", NULL, ".service", write_systemd },
	{ "k8s", NULL, ".yaml", write_k8s },
};

static const char *file_name(const struct request *request, const struct kind *kind)
{
	const char *name = NULL;

	if (kind->file)
		return kind->file;
	name = arena_printf(request->losses->arena, "%s%s", request->spec->name, kind->ending);
	return name ? name : "export";
}

static int export_kind(const struct request *request, const struct kind *kind, struct error *err)
{
	const char *output = command_given(request->command, request->parse, "output");
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	int r;

	if (!memory)
		return error_set(err, ENOMEM, "write the export");
	r = kind->write(request, memory, err);
	if (fclose(memory) != 0 && r == 0)
		r = error_set(err, ENOMEM, "write the export");
	if (r == 0 && output)
		r = output_save(output, file_name(request, kind), text, size, err);
	else if (r == 0 && (fwrite(text, 1, size, stdout) != size || fflush(stdout) == EOF))
		r = error_set(err, errno, "write to standard output");
	free(text);
	return r;
}

static int export_profile(const struct command *command, const struct command_parse *parse,
			  const struct kind *kind)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct losses losses = { .arena = arena };
	struct request request = { command, parse, NULL, &losses };
	struct error err = { 0 };

	if (!arena) {
		error_set(&err, ENOMEM, "read the profile");
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	/* The reader asks for it; here the secrets themselves are of no interest. */
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 0);
	request.spec = load_profile(parse->operands[1], NULL, arena);
	if (!request.spec)
		return STATUS_FINDING;
	if (export_kind(&request, kind, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	losses_print(&losses, stderr);
	return command_given(command, parse, "strict") && losses.n > 0 ? STATUS_FINDING : STATUS_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	for (size_t i = 0; parse.n_operands > 0 && i < ARRAY_SIZE(kinds); i++) {
		if (!str_equal(parse.operands[0], kinds[i].name))
			continue;
		if (parse.n_operands != 2 || parse.after)
			return command_usage_error(command, "name one profile, as in: %s", command->example);
		return export_profile(command, &parse, &kinds[i]);
	}
	return command_usage_error(command, "export as what? oci, systemd or k8s");
}

static const struct command_option options[] = {
	{ "output", 'o', "FILE",
	  "write there, not to standard output; a directory gets a file of the usual name" },
	{ "rootless", 0, NULL, "oci: map the caller's own id only" },
	{ "strict", 0, NULL, "end with status 1 if something can't be carried over" },
	{ 0 },
};

const struct command lab_command_export = {
	.name = "export",
	.usage = "oci|systemd|k8s [OPTIONS] PROFILE",
	.summary = "Makes a bundle, a unit or a Kubernetes pod of a profile.",
	.example = "kapsel export oci web.kapsel.jsonc",
	.options = options,
	.run = run,
};
