/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel generate: what other programs need to know about a profile, in their own words. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/load.h"
#include "launcher/service/unit.h"
#include "profiles/spec.h"

static int complain(const struct error *err)
{
	error_print(STDERR_FILENO, err);
	return STATUS_FINDING;
}

/* Whole or not at all: systemd may read the directory at any time. */
static int write_file(const char *name, const char *text, size_t size, struct error *err)
{
	char temporary[NAME_MAX + 8];
	_cleanup_fd_ int fd = -1;
	int r;

	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	/* In /tmp one of that name may be somebody else's, who would keep it open. */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, errno, "create %s", temporary);
	r = fd_write_all(fd, text, size);
	if (r == 0 && (fchmod(fd, 0644) < 0 || rename(temporary, name) < 0))
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return error_set(err, -r, "write %s", name);
	}
	puts(name);
	return 0;
}

/* @entry: of the socket; -1: the service. */
static int emit(const struct unit *unit, int entry, bool files, struct error *err)
{
	char *name = NULL, *text = NULL;
	size_t name_size = 0, text_size = 0;
	FILE *to_name = open_memstream(&name, &name_size), *to_text = open_memstream(&text, &text_size);
	int r = -ENOMEM;

	if (to_name && to_text) {
		if (entry < 0) {
			fprintf(to_name, "%s.service", unit->name);
			unit_print_service(unit, to_text);
		} else {
			unit_print_socket_name(unit, (size_t)entry, to_name);
			unit_print_socket(unit, (size_t)entry, to_text);
		}
		r = 0;
	}
	if ((to_name && fclose(to_name) != 0) || (to_text && fclose(to_text) != 0))
		r = -ENOMEM;
	if (r < 0)
		error_set(err, -r, "format the unit");
	else if (name_size > NAME_MAX - 8)
		r = error_set(err, ENAMETOOLONG, "name a unit %s", name);
	else if (files)
		r = write_file(name, text, text_size, err);
	else
		printf("%s# /etc/systemd/system/%s\n%s", entry < 0 ? "" : "\n", name, text);
	free(name);
	free(text);
	return r;
}

static int emit_all(const struct unit *unit, bool files, struct error *err)
{
	int r = unit_check(unit, err);

	if (r == 0)
		r = emit(unit, -1, files, err);
	for (size_t i = 0; r == 0 && i < unit->spec->n_listen; i++)
		r = emit(unit, (int)i, files, err);
	return r;
}

/* Reading the profile asks for them; systemd makes them when the unit starts. */
static void pretend_credentials(void)
{
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 1);
}

static const char *unit_name(const char *given, const struct spec *spec, struct arena *arena)
{
	size_t length;

	if (!given)
		return arena_printf(arena, "kapsel-%s", spec->name);
	length = strlen(given);
	if (length > strlen(".service") && str_equal(given + length - strlen(".service"), ".service"))
		length -= strlen(".service");
	return arena_memdup(arena, given, length);
}

static int generate_systemd(const struct command *command, const struct command_parse *parse)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char program[PATH_MAX] = "", profile[PATH_MAX];
	struct unit unit = { .program = program, .profile = profile };
	struct error err = { 0 };

	if (!arena) {
		error_set(&err, ENOMEM, "read the profile");
		return complain(&err);
	}
	pretend_credentials();
	unit.spec = load_profile(parse->operands[1], NULL, arena);
	if (!unit.spec)
		return STATUS_FINDING;
	if (!realpath(parse->operands[1], profile) || !realpath("/proc/self/exe", program)) {
		error_set(&err, errno, "find the absolute path of %s", parse->operands[1]);
		return complain(&err);
	}
	unit.name = unit_name(command_given(command, parse, "name"), unit.spec, arena);
	if (!unit.name || !unit_name_allowed(unit.name)) {
		error_set(&err, unit.name ? EINVAL : ENOMEM, "name a unit \"%s\"",
			  unit.name ? unit.name : "");
		error_remedy(&err, "use letters, digits, - _ . and :, without the ending");
		return complain(&err);
	}
	unit_warn(&unit, stderr);
	return emit_all(&unit, command_given(command, parse, "files"), &err) < 0 ? complain(&err) : STATUS_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands == 0 || !str_equal(parse.operands[0], "systemd"))
		return command_usage_error(command, "generate what? systemd");
	if (parse.n_operands != 2 || parse.after)
		return command_usage_error(command, "name one profile, as in: %s", command->example);
	return generate_systemd(command, &parse);
}

static const struct command_option options[] = {
	{ "name", 0, "NAME", "the unit's name; default: kapsel- and the profile's" },
	{ "files", 0, NULL, "write into the current directory, and print the names of the files" },
	{ 0 },
};

const struct command command_generate = {
	.name = "generate",
	.usage = "systemd [--name NAME] [--files] PROFILE",
	.summary = "Writes the systemd units that run a profile as a service.",
	.example = "kapsel generate systemd --files web.kapsel.jsonc",
	.options = options,
	.run = run,
};
