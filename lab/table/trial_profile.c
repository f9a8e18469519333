/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/table/trial_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/scratch.h"
#include "launcher/commands/command.h"
#include "launcher/commands/load.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"
#include "profiles/merge.h"
#include "profiles/profile.h"
#include "profiles/spec.h"

#define PREFIX    "kapsel-probe-"
#define FILE_NAME "probe.kapsel.jsonc"

/* null returns a key to its default: services, files and sockets of the host stay out of it. */
static const char quiet[] =
	"\"extends\": null, \"args_from_cli\": true, \"stdin\": null, \"listen\": null, \"restart\": null,"
	" \"health\": null, \"notify\": null, \"watchdog\": null, \"events\": null,"
	" \"on_supervisor_death\": null, \"limits\": { \"runtime\": \"5min\" },"
	" \"log\": { \"driver\": \"passthrough\", \"path\": null, \"max_size\": null, \"max_files\": null,"
	" \"compress\": null, \"tag\": null, \"labels\": null, \"env\": null, \"syslog_address\": null,"
	" \"syslog_facility\": null, \"syslog_format\": null, \"socket\": null, \"on_full\": null }";

static void print_environment(FILE *out, const struct trial_request *request, const struct spec *spec)
{
	fprintf(out, ", \"env\": { \"PROBE_HOST_PID\": \"%d\"", (int)getpid());
	if (request->port)
		fprintf(out, ", \"PROBE_HOST_PORT\": \"%u\"", request->port);
	if (request->abstract) {
		fputs(", \"PROBE_HOST_ABSTRACT\": ", out);
		json_print_string(out, request->abstract);
	}
	if (!str_equal(spec->rootfs, "/")) {
		fputs(", \"PROBE_HOST_PATH\": ", out);
		json_print_string(out, spec->rootfs);
	}
	fputs(" }", out);
}

/* Return: the patch as text, owned by @arena, or NULL. */
static const char *format_patch(const struct trial_request *request, const struct spec *spec,
				struct arena *arena)
{
	char *text = NULL;
	const char *copy = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "{ \"kapsel\": 1, \"name\": \"probe-%d\", %s, \"command\": [", (int)getpid(), quiet);
	json_print_string(out, spec->command.items[0]);
	fputs("], \"mounts\": { ", out);
	json_print_string(out, spec->command.items[0]);
	fputs(": { \"type\": \"bind\", \"source\": ", out);
	json_print_string(out, request->program);
	fputs(", \"write\": false, \"exec\": true, \"size\": null, \"inodes\": null, \"mode\": null,"
	      " \"recursive\": null, \"optional\": null, \"idmap\": null } }",
	      out);
	print_environment(out, request, spec);
	fputs(" }\n", out);
	if (fclose(out) == 0)
		copy = arena_strdup(arena, text);
	free(text);
	return copy;
}

/* Return: 0, TRIAL_PROFILE_WRONG or -ENOMEM. */
static int apply(struct json *target, const char *name, const char *text, struct arena *arena)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	static struct findings findings;
	struct json *patch = NULL;
	int r;

	if (!source)
		return -ENOMEM;
	*source = (struct source){ .name = name, .text = text, .size = strlen(text) };
	r = json_parse(source, JSON_COMMENTS, arena, &findings, &patch);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		findings_print(stderr, &findings, command_color(STDERR_FILENO));
		return TRIAL_PROFILE_WRONG;
	}
	return merge_apply(target, patch, arena);
}

static int write_tree(struct trial_profile *ret, const struct json *tree, struct error *err)
{
	const char *above = getenv("TMPDIR");
	_cleanup_fd_ int fd = -1;
	FILE *out;
	int r;

	above = above && *above == '/' ? above : "/tmp";
	/* The profile may hold what nobody else should read. */
	r = scratch_make(above, PREFIX, FILE_NAME, ret->directory, sizeof(ret->directory), &ret->lock, err);
	if (r < 0)
		return r;
	snprintf(ret->path, sizeof(ret->path), "%s/" FILE_NAME, ret->directory);
	fd = openat(ret->lock, FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!out)
		return error_set(err, errno, "create %s", ret->path);
	take_fd(&fd);
	json_print_value(out, tree, 0);
	fputc('\n', out);
	if (ferror(out) | fclose(out))
		return error_set(err, EIO, "write %s", ret->path);
	return 0;
}

/* The tree, not "extends": a profile's drop-ins would be lost to whoever extends it. */
static int read_tree(const char *path, struct arena *arena, struct json **ret)
{
	const struct merge_options options = { .system_dir = KAPSEL_PROFILE_DIR, .check_owner = true };
	static struct findings findings;

	return merge_load(path, &options, arena, &findings, ret);
}

/* What --open asks for may be no profile: said here, with the line in question. Its warnings were seen
 * before. */
static int check_written(const char *path, struct arena *arena)
{
	static struct findings findings, errors;
	struct vocabulary vocabulary;
	const struct profile_options options = {
		.vocabulary = &vocabulary,
		.system_dir = KAPSEL_PROFILE_DIR,
		.check_owner = true,
	};
	const struct spec *spec;
	int r;

	vocabulary_fill(&vocabulary);
	r = profile_read(path, &options, arena, &findings, &spec);
	for (size_t i = 0; i < findings.n; i++)
		if (findings.items[i].severity == FINDING_ERROR)
			errors.items[errors.n++] = findings.items[i];
	errors.n_errors = errors.n;
	findings_print(stderr, &errors, command_color(STDERR_FILENO));
	return r == -ENOMEM ? r : r < 0 ? TRIAL_PROFILE_WRONG : 0;
}

int trial_profile_write(struct trial_profile *ret, const struct trial_request *request, struct arena *arena,
			struct error *err)
{
	struct json *tree = NULL;
	const char *patch;
	int r;

	*ret = (struct trial_profile){ .lock = -1 };
	ret->spec = load_profile(request->profile, NULL, arena);
	if (!ret->spec)
		return TRIAL_PROFILE_WRONG;
	r = read_tree(request->profile, arena, &tree);
	if (r < 0)
		return error_set(err, -r, "read %s a second time", request->profile);
	if (request->open) {
		r = apply(tree, "--open", request->open, arena);
		if (r != 0)
			return r < 0 ? error_set(err, -r, "read the keys of --open") : r;
	}
	patch = format_patch(request, ret->spec, arena);
	r = patch ? apply(tree, "the trial", patch, arena) : -ENOMEM;
	if (r != 0)
		return error_set(err, r < 0 ? -r : EINVAL, "change the profile for the trial");
	r = write_tree(ret, tree, err);
	if (r < 0)
		return r;
	return check_written(ret->path, arena);
}

void trial_profile_clear(struct trial_profile *profile)
{
	if (profile->path[0])
		unlinkat(profile->lock, FILE_NAME, 0);
	if (profile->directory[0])
		rmdir(profile->directory);
	fd_close(&profile->lock);
	profile->path[0] = profile->directory[0] = '\0';
}
