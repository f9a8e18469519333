/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the command at create, as the workload's user, so that a missing one fails there and not at
 * start. Engines search the message for exactly these words to tell 127 and 126 from a broken runtime.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

/* Return: 0 executable, or -errno. */
static int look(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int refuse(const char *command, int r, struct error *err)
{
	err->exit_status = EXIT_NOT_EXECUTABLE;
	switch (r) {
	case -ENOENT:
	case -ENOTDIR:
	case -ELOOP:
	case -ENAMETOOLONG:
		error_set(err, -r, "exec: \"%s\": stat %s: no such file or directory", command, command);
		err->exit_status = EXIT_NOT_FOUND;
		return r;
	case -EISDIR:
		return error_set(err, -r, "exec: \"%s\": is a directory: permission denied", command);
	default:
		return error_set(err, -r, "exec: \"%s\": permission denied", command);
	}
}

static const char *search_path(const struct run *run)
{
	for (char *const *entry = run->envp; *entry; entry++)
		if (str_starts(*entry, "PATH="))
			return *entry + strlen("PATH=");
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static int search(struct run *run, const char *command, struct error *err)
{
	const char *next = search_path(run);
	int found = -ENOENT;

	for (;;) {
		size_t length = strcspn(next, ":");
		int size = snprintf(run->oci->program, sizeof(run->oci->program), "%.*s%s%s", (int)length,
				    next, length ? "/" : "./", command);
		int r = size >= (int)sizeof(run->oci->program) ? -ENAMETOOLONG : look(run->oci->program);

		if (r == 0)
			return STEP_DONE;
		if (r == -EACCES)
			found = r;
		if (next[length] == '\0')
			break;
		next += length + 1;
	}
	if (found == -EACCES)
		return refuse(command, found, err);
	error_set(err, ENOENT, "exec: \"%s\": executable file not found in $PATH", command);
	err->exit_status = EXIT_NOT_FOUND;
	return -ENOENT;
}

static int program_apply(const struct step *step, struct run *run, struct error *err)
{
	const char *command = run->argv[0];
	int r;

	(void)step;
	if (!strchr(command, '/') && command[0] != '\0')
		return search(run, command, err);
	if (strlen(command) >= sizeof(run->oci->program))
		return refuse(command, -ENAMETOOLONG, err);
	strncpy(run->oci->program, command, sizeof(run->oci->program) - 1);
	r = look(command);
	return r < 0 ? refuse(command, r, err) : STEP_DONE;
}

static int program_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "%.200s is there and executable", run->argv[0]);
	return STEP_DONE;
}

static void program_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->oci->process.args.n ? spec->oci->process.args.items[0] : "(none)", out);
}

const struct step_type oci_step_program = {
	.name = "program",
	.blocks = "a container that seems created but can never start",
	.source = "execve(2), execvp(3)",
	.phase = PHASE_PRIV,
	.apply = program_apply,
	.verify = program_verify,
	.explain = program_explain,
};
