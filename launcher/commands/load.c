/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "launcher/commands/command.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/profile.h"

const struct spec *load_profile(const char *path, const char *const *arguments, struct arena *arena)
{
	struct vocabulary vocabulary;
	const struct profile_options options = {
		.vocabulary = &vocabulary,
		.arguments = arguments,
		.system_dir = KAPSEL_PROFILE_DIR,
		.check_owner = true,
	};
	static struct findings findings; /* 20 of them are too large for the stack's taste */
	const struct spec *spec = NULL;
	int r;

	memset(&findings, 0, sizeof(findings));
	vocabulary_fill(&vocabulary);
	r = profile_read(path, &options, arena, &findings, &spec);
	if (r < 0 && findings.n == 0)
		fputs("kapsel: out of memory\n", stderr);
	/* Warnings are for check: at every start they would only teach people to overlook them. */
	if (r < 0)
		findings_print(stderr, &findings, command_color(STDERR_FILENO));
	return r < 0 ? NULL : spec;
}
