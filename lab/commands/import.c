/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel import: what other programs say about a container, as a profile. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/commands/commands.h"
#include "lab/convert/compose.h"
#include "lab/convert/docker.h"
#include "lab/convert/draft.h"
#include "lab/convert/import_oci.h"
#include "lab/convert/import_systemd.h"
#include "lab/output.h"
#include "profiles/findings.h"
#include "profiles/json_print.h"

enum { LINE_MAX_BYTES = 4096 };

struct request {
	const struct command *command;
	const struct command_parse *parse;
	struct arena *arena;
	const char *rootfs; /* absolute, NULL: not given */
	int status;
};

static const char *given(const struct request *request, const char *option)
{
	return command_given(request->command, request->parse, option);
}

static void complain(struct request *request, const struct error *err)
{
	error_print(STDERR_FILENO, err);
	request->status = STATUS_FINDING;
}

static void print_list(FILE *out, const struct losses *list)
{
	for (size_t i = 0; i < list->n; i++) {
		fputs(i ? ", " : "", out);
		json_print_string(out, list->items[i]);
	}
}

static void print_json(const struct draft *draft, FILE *out)
{
	fputs("{\"profile\": ", out);
	json_print_value(out, draft->root, 0);
	fputs(", \"lost\": [", out);
	print_list(out, &draft->losses);
	fputs("], \"notes\": [", out);
	print_list(out, &draft->notes);
	fputs("]}\n", out);
}

static int emit(const struct request *request, const struct draft *draft, const char *path, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int r = 0;

	if (!out)
		return error_set(err, ENOMEM, "write the profile");
	if (given(request, "json"))
		print_json(draft, out);
	else
		draft_print(draft, out);
	if (fclose(out) != 0)
		r = error_set(err, ENOMEM, "write the profile");
	else if (path)
		r = output_save(path, NULL, text, size, err);
	else if (fwrite(text, 1, size, stdout) != size || fflush(stdout) == EOF)
		r = error_set(err, errno, "write to standard output");
	free(text);
	return r;
}

static void print_notes(const struct draft *draft)
{
	char line[LINE_MAX_BYTES];

	losses_print(&draft->losses, stderr);
	for (size_t i = 0; i < draft->notes.n; i++) {
		str_escape(line, sizeof(line), draft->notes.items[i]);
		fprintf(stderr, "note: %s\n", line);
	}
}

/* A finished translation: judged, written, and what is missing told. */
static void deliver(struct request *request, struct draft *draft, const char *path)
{
	static struct findings findings; /* 20 of them are too large for the stack's taste */
	const char *missing = NULL, *name = given(request, "name");
	struct error err = { 0 };
	int r;

	if (name)
		draft_name(draft, name);
	draft_finish(draft);
	findings = (struct findings){ 0 };
	r = draft_check(draft, &findings, &missing);
	if (r == -ENOMEM) {
		error_set(&err, ENOMEM, "check the profile");
		complain(request, &err);
		return;
	}
	if (emit(request, draft, path, &err) < 0) {
		complain(request, &err);
		return;
	}
	print_notes(draft);
	if (r < 0) {
		findings_print(stderr, &findings, command_color(STDERR_FILENO));
		fputs("kapsel import: kapsel refuses this profile for the reasons above: change it\n",
		      stderr);
	}
	if (missing)
		fprintf(stderr, "kapsel import: the profile is not complete: %s\n", missing);
	if (r < 0 || missing || (given(request, "strict") && draft->losses.n > 0))
		request->status = STATUS_FINDING;
}

static int begin(const struct request *request, struct draft *draft, const char *source, struct error *err)
{
	if (draft_init(draft, request->arena) < 0)
		return error_set(err, ENOMEM, "make a profile");
	draft->rootfs = request->rootfs;
	draft->source = source;
	return 0;
}

static int import_docker(struct request *request, struct error *err)
{
	struct draft draft;
	int r = begin(request, &draft, "a docker run line", err);

	if (r == 0)
		r = docker_run(&draft, (const char *const *)request->parse->after, err);
	if (r == 0)
		deliver(request, &draft, given(request, "output"));
	return r;
}

static int import_file(struct request *request, struct error *err,
		       int (*import)(struct draft *draft, const char *path, struct error *err))
{
	const char *path = request->parse->operands[1];
	struct draft draft;
	int r = begin(request, &draft, path, err);

	if (r == 0)
		r = import(&draft, path, err);
	if (r == 0)
		deliver(request, &draft, given(request, "output"));
	return r;
}

static int import_services(struct request *request, struct error *err)
{
	const char *path = request->parse->operands[1], *dir = given(request, "output-dir");
	const char *wanted = request->parse->n_operands > 2 ? request->parse->operands[2] : NULL;
	struct compose compose;
	int r = compose_read(path, request->arena, &compose, err);

	if (r == 0)
		r = compose_choose(&compose, wanted, dir != NULL, err);
	for (size_t i = 0; r == 0 && i < compose.n_services; i++) {
		const char *name = compose_service(&compose, i)->name, *output = given(request, "output");
		struct draft draft;

		if (wanted && !str_equal(wanted, name))
			continue;
		r = begin(request, &draft, path, err);
		if (r == 0)
			r = compose_translate(&compose, i, &draft, err);
		if (r == 0 && dir) {
			output = compose_file_name(&compose, i, dir);
			r = output ? 0
				   : error_set(err, EINVAL, "make a file name of the service \"%s\"", name);
		}
		if (r == 0)
			deliver(request, &draft, output);
	}
	return r;
}

static int import_kind(struct request *request, struct error *err)
{
	const struct command_parse *parse = request->parse;
	const char *kind = parse->n_operands > 0 ? parse->operands[0] : "";

	if (str_equal(kind, "docker-run") && parse->n_operands == 1 && parse->after)
		return import_docker(request, err);
	if (str_equal(kind, "compose") && (parse->n_operands == 2 || parse->n_operands == 3) && !parse->after)
		return import_services(request, err);
	if (str_equal(kind, "oci") && parse->n_operands == 2 && !parse->after)
		return import_file(request, err, import_oci);
	if (str_equal(kind, "systemd") && parse->n_operands == 2 && !parse->after)
		return import_file(request, err, import_systemd);
	request->status = command_usage_error(
		request->command,
		"import what? docker-run -- docker run …, compose FILE, oci FILE or systemd UNIT");
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct command_parse parse;
	struct request request = { command, &parse, arena, NULL, STATUS_OK };
	struct error err = { 0 };
	char rootfs[PATH_MAX];
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (!arena) {
		error_set(&err, ENOMEM, "make a profile");
		complain(&request, &err);
		return request.status;
	}
	request.rootfs = given(&request, "rootfs");
	if (request.rootfs && !realpath(request.rootfs, rootfs)) {
		error_set(&err, errno, "find the root file system %s", request.rootfs);
		complain(&request, &err);
		return request.status;
	}
	if (request.rootfs)
		request.rootfs = rootfs;
	/* The reader that checks the result asks for it; the secrets themselves are of no interest. */
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 0);
	if (import_kind(&request, &err) < 0)
		complain(&request, &err);
	return request.status;
}

static const struct command_option options[] = {
	{ "rootfs", 0, "DIR", "directory that holds the unpacked image; names of users are looked up there" },
	{ "name", 0, "NAME", "the container's name" },
	{ "output", 'o', "FILE", "write there, not to standard output" },
	{ "output-dir", 0, "DIR", "compose: one file for each service" },
	{ "strict", 0, NULL, "end with status 1 if something can't be carried over" },
	{ "json", 0, NULL, "an object: the profile, what is lost, notes" },
	{ 0 },
};

const struct command lab_command_import = {
	.name = "import",
	.usage = "docker-run|compose|oci|systemd [OPTIONS] …",
	.summary = "Makes a profile of a docker run line, a compose file, a bundle or a unit.",
	.example = "kapsel import docker-run --rootfs /srv/nginx -- docker run -m 128m nginx /usr/sbin/nginx",
	.options = options,
	.run = run,
};
