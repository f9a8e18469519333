/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel-lab VERSION KAPSEL VERB [ARGS...]: what kapsel becomes for the verbs that explain, learn and
 * translate. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "lab/commands/commands.h"
#include "launcher/protect.h"

static const struct command *const verbs[] = {
	&lab_command_lab,   &lab_command_audit,  &lab_command_why,
	&lab_command_learn, &lab_command_import, &lab_command_export,
};

static const char *kapsel;

/* A score or a profile that was cut off by a full disk must not look like a whole one to a script. */
static int finish(int status)
{
	struct error err = { 0 };

	errno = 0;
	if (status != STATUS_OK || (fflush(stdout) == 0 && !ferror(stdout)))
		return status;
	error_set(&err, errno ? errno : EIO, "write to standard output");
	error_print(STDERR_FILENO, &err);
	return STATUS_FINDING;
}

const char *lab_kapsel(void)
{
	return kapsel;
}

int main(int argc, char **argv)
{
	struct error err = { 0 };

	if (protect_standard() < 0) {
		error_set(&err, errno, "open /dev/null for a standard stream that is closed");
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	if (argc < 4 || !str_equal(argv[1], KAPSEL_VERSION)) {
		fputs("kapsel-lab: is called by a kapsel of the same version, as in: kapsel lab list\n",
		      stderr);
		return STATUS_USAGE;
	}
	if (protect_self(&err) < 0) {
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	kapsel = argv[2];
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (str_equal(argv[3], verbs[i]->name))
			return finish(verbs[i]->run(verbs[i], argc - 3, argv + 3));
	fprintf(stderr, "kapsel-lab: unknown verb\n");
	return STATUS_USAGE;
}
