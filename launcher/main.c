/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two names, two verb tables, nothing else. */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/oci/commands/command.h"
#include "launcher/protect.h"

static const struct command *const native[] = {
	/* profiles */
	&command_run,
	&command_check,
	&command_show,
	&command_explain,
	&command_list,
	&command_schema,
	&command_doctor,
	&command_generate,
	/* services */
	&command_ps,
	&command_inspect,
	&command_logs,
	&command_events,
	&command_top,
	&command_stats,
	&command_enter,
	&command_stop,
	&command_restart,
	&command_kill,
	&command_wait,
	&command_update,
	&command_rm,
	&command_prune,
	/* monitoring */
	&command_metrics,
	&command_monitor,
	/* kapsel-lab */
	&command_lab,
	&command_audit,
	&command_why,
	&command_learn,
	&command_import,
	&command_export,
};

static void print_help(FILE *out)
{
	fputs("kapsel run PROFILE starts one hardened process; kapsel VERB --help tells more.\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(native); i++)
		fprintf(out, "  %-9s %s\n", native[i]->name, native[i]->summary);
}

static int unknown_verb(const char *verb)
{
	const char *names[ARRAY_SIZE(native)], *nearest;
	char shown[128];

	for (size_t i = 0; i < ARRAY_SIZE(native); i++)
		names[i] = native[i]->name;
	nearest = str_nearest(verb, names, ARRAY_SIZE(native));
	str_escape(shown, sizeof(shown), verb);
	fprintf(stderr, "kapsel: unknown verb \"%s\"\n", shown);
	if (nearest)
		fprintf(stderr, "  = help: did you mean \"%s\"?\n", nearest);
	return STATUS_USAGE;
}

static int run_native(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (str_equal(argv[1], "--help") || str_equal(argv[1], "-h") || str_equal(argv[1], "help")) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (str_equal(argv[1], "--version")) {
		puts("kapsel " KAPSEL_VERSION);
		return STATUS_OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(native); i++)
		if (str_equal(argv[1], native[i]->name))
			return native[i]->run(native[i], argc - 1, argv + 1);
	return unknown_verb(argv[1]);
}

/* Engines and build tools look for a runtime by these names: a link to us takes its place. */
static bool is_oci_name(const char *name)
{
	return str_equal(name, "kapsel-oci") || str_equal(name, "runc") || str_equal(name, "crun");
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	bool oci = argc > 0 && is_oci_name(slash ? slash + 1 : argv[0]);
	int failure = oci ? 1 : EXIT_LAUNCHER;
	struct error err = { 0 };

	if (protect_standard() < 0) {
		error_set(&err, errno, "open /dev/null for a standard stream that is closed");
		error_print(STDERR_FILENO, &err);
		return failure;
	}
	if (argc < 1)
		return failure;

	/* Large buffers come zeroed from the kernel and are paid for by the page that is used. */
	mallopt(M_MMAP_THRESHOLD, 32 * 1024);
	/* Whole lines: unbuffered, every character of a finding would be a system call. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	if (protect_self(&err) < 0) {
		error_print(STDERR_FILENO, &err);
		return failure;
	}
	return oci ? oci_main(argc, argv) : run_native(argc, argv);
}
