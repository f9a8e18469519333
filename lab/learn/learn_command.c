/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/path.h"
#include "base/str.h"
#include "lab/learn/learn.h"
#include "profiles/findings.h"
#include "profiles/json_print.h"
#include "profiles/profile.h"
#include "profiles/source.h"

enum { NAME_MAX_LENGTH = 64 };

static bool is_program(int root, const char *path)
{
	_cleanup_fd_ int fd = path_open_in_root(root, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* A profile names its program by absolute path: there is no shell that would search for it. */
static const char *find_program(const struct learn_command *command, struct arena *arena, struct error *err)
{
	static const char *const directories[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
						   "/usr/bin",        "/sbin",          "/bin" };
	_cleanup_fd_ int root = open(command->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *program = command->argv[0], *path;

	if (root < 0) {
		error_set(err, errno, "open the root file system %s", command->rootfs);
		return NULL;
	}
	if (program[0] == '/')
		return program;
	for (size_t i = 0; i < ARRAY_SIZE(directories) && !strchr(program, '/'); i++) {
		path = arena_printf(arena, "%s/%s", directories[i], program);
		if (path && is_program(root, path))
			return path;
	}
	error_set(err, ENOENT, "find the program %s in %s", program, command->rootfs);
	error_remedy(err, "name it by its absolute path in there");
	return NULL;
}

/* "web" of /usr/sbin/web: lower case, and nothing that a name can't have. */
static void choose_name(const char *program, char ret[NAME_MAX_LENGTH])
{
	const char *base = strrchr(program, '/') + 1;
	size_t n = 0;

	for (; *base && n < NAME_MAX_LENGTH - 1; base++) {
		int c = tolower((unsigned char)*base);

		if (islower(c) || isdigit(c) || (n > 0 && strchr("_.-", c)))
			ret[n++] = (char)c;
	}
	while (n > 0 && strchr("_.-", ret[n - 1]))
		n--;
	ret[n] = '\0';
	if (n == 0)
		memcpy(ret, "learned", sizeof("learned"));
}

static int write_user(const char *user, FILE *out, struct error *err)
{
	char text[32];
	uint32_t uid, gid;
	char *colon;

	if (!user)
		return 0;
	snprintf(text, sizeof(text), "%s", user);
	colon = strchr(text, ':');
	if (colon)
		*colon = '\0';
	if (str_to_u32(text, &uid) < 0 || str_to_u32(colon ? colon + 1 : text, &gid) < 0) {
		error_set(err, EINVAL, "read the user \"%s\"", user);
		return error_remedy(err, "write numbers: --user 999 or --user 999:999");
	}
	fprintf(out, ",\n\t\"user\": { \"uid\": %u, \"gid\": %u }", uid, gid);
	return 0;
}

static int write_profile(const struct learn_command *command, const char *program, FILE *out,
			 struct error *err)
{
	char name[NAME_MAX_LENGTH];

	choose_name(program, name);
	fprintf(out, "{\n\t\"kapsel\": 1,\n\t\"name\": \"%s\",\n\t\"rootfs\": ", name);
	if (str_equal(command->rootfs, "/"))
		fprintf(out, "\"/srv/rootfs/%s\"", name);
	else
		json_print_string(out, command->rootfs);
	fputs(",\n\t\"command\": [", out);
	json_print_string(out, program);
	for (char **argument = command->argv + 1; *argument; argument++) {
		fputs(", ", out);
		json_print_string(out, *argument);
	}
	fputs("],\n\t\"network\": ", out);
	json_print_string(out, command->network);
	if (write_user(command->user, out, err) < 0)
		return -err->code;
	fputs("\n}\n", out);
	return 0;
}

static const struct spec *read_profile(const char *text, size_t size, struct arena *arena, struct error *err)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	const struct profile_options options = { 0 };
	static struct findings findings; /* too large for the stack */
	const struct spec *spec = NULL;
	char *copy = arena_memdup(arena, text, size);

	if (!source || !copy) {
		error_set(err, ENOMEM, "describe the command");
		return NULL;
	}
	*source = (struct source){ .name = "the command line", .text = copy, .size = size };
	if (profile_read_text(source, &options, arena, &findings, &spec) == 0)
		return spec;
	error_set(err, EINVAL, "make a profile of the command line%s%s", findings.n ? ": " : "",
		  findings.n ? findings.items[0].message : "");
	return NULL;
}

const struct spec *learn_command_spec(const struct learn_command *command, struct arena *arena,
				      struct error *err)
{
	const char *program = find_program(command, arena, err);
	const struct spec *spec = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out = program ? open_memstream(&text, &size) : NULL;
	int r;

	if (!program)
		return NULL;
	if (!out) {
		error_set(err, ENOMEM, "describe the command");
		return NULL;
	}
	r = write_profile(command, program, out, err);
	if (fclose(out) != 0 && r == 0)
		r = error_set(err, ENOMEM, "describe the command");
	if (r == 0)
		spec = read_profile(text, size, arena, err);
	free(text);
	return spec;
}
