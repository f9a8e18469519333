/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel audit: how hard is a profile, a container, a process, or a root file system? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/audit/assessment.h"
#include "lab/audit/audit_print.h"
#include "lab/audit/catalog.h"
#include "lab/audit/rootfs.h"
#include "lab/audit/rootfs_print.h"
#include "lab/audit/subject.h"
#include "lab/commands/commands.h"
#include "launcher/commands/load.h"
#include "launcher/host.h"

enum { PID_MAX = 4194304 };

/* "7" and "7.5", to tenths; -1: not a number from 0 to 10 with at most one decimal. */
static int parse_threshold(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	int tenths;

	if (whole == 0 || whole > 2)
		return -1;
	tenths = atoi(text) * 10;
	if (text[whole] == '.' && text[whole + 1] >= '0' && text[whole + 1] <= '9' && text[whole + 2] == '\0')
		tenths += text[whole + 1] - '0';
	else if (text[whole])
		return -1;
	return tenths <= 100 ? tenths : -1;
}

/* A path, or a name that is no container's but lies here. */
static bool is_file(const char *operand)
{
	struct stat st;
	size_t length = strlen(operand);

	if (strchr(operand, '/') || (length > 6 && str_equal(operand + length - 6, ".jsonc")))
		return true;
	return length > 5 && str_equal(operand + length - 5, ".json") && stat(operand, &st) == 0;
}

static int finish(const struct assessment *assessment, const struct audit_print *how, bool json)
{
	const struct score *score = assessment_score(assessment);

	if (json)
		audit_print_json(stdout, assessment, how);
	else if (how->catalog >= 0)
		audit_print_catalog(stdout, assessment, how);
	else
		audit_print_table(stdout, assessment, how);
	return how->threshold >= 0 && score->tenths < (unsigned int)how->threshold ? STATUS_FINDING
										   : STATUS_OK;
}

static int fail(const struct error *err)
{
	error_print(STDERR_FILENO, err);
	return STATUS_FINDING;
}

static int audit_subject(const char *operand, const char *pid, const struct audit_print *how, bool json)
{
	static struct assessment assessment; /* large, and there is one of it */
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct host host;
	uint64_t number;
	int r;

	if (!arena) {
		error_set(&err, ENOMEM, "audit");
		return fail(&err);
	}
	if (pid) {
		r = str_to_u64(pid, &number);
		if (r < 0 || number == 0 || number > PID_MAX) {
			error_set(&err, EINVAL, "audit process \"%s\"", pid);
			error_remedy(&err, "--pid takes the number of a process, as ps shows it");
			return fail(&err);
		}
		r = subject_process((pid_t)number, arena, &assessment, &err);
	} else if (is_file(operand)) {
		const struct spec *spec = load_profile(operand, NULL, arena);

		if (!spec)
			return STATUS_FINDING;
		subject_profile(spec, operand, &assessment);
		r = 0;
	} else {
		r = host_probe_caller(&host, &err);
		if (r == 0)
			r = subject_container(&host, operand, arena, &assessment, &err);
	}
	return r < 0 ? fail(&err) : finish(&assessment, how, json);
}

static int audit_rootfs(const char *path, const struct audit_print *how, bool json, bool all)
{
	_cleanup_rootfs_ struct rootfs *rootfs = NULL;
	struct error err = { 0 };

	if (rootfs_scan(path, &rootfs, &err) < 0)
		return fail(&err);
	if (json)
		rootfs_print_json(stdout, rootfs, how->threshold);
	else
		rootfs_print_table(stdout, rootfs, how->threshold, all);
	return how->threshold >= 0 && rootfs_score(rootfs) < (unsigned int)how->threshold ? STATUS_FINDING
											  : STATUS_OK;
}

/* A pipe or a file gets the whole table, however wide it is. */
static bool is_narrow(void)
{
	enum { TABLE_COLUMNS = 150 };
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_col < TABLE_COLUMNS;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct audit_print how = {
		.threshold = -1, .catalog = -1, .color = command_color(STDOUT_FILENO), .narrow = is_narrow()
	};
	const char *pid, *rootfs, *threshold, *catalog;
	struct command_parse parse;
	int status, subjects;
	bool json;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	pid = command_given(command, &parse, "pid");
	rootfs = command_given(command, &parse, "rootfs");
	threshold = command_given(command, &parse, "threshold");
	catalog = command_given(command, &parse, "catalog");
	json = command_given(command, &parse, "json");
	subjects = parse.n_operands + (pid != NULL) + (rootfs != NULL);
	if (subjects == 0)
		return command_usage_error(command,
					   "of what? a profile, a container's name, --pid or --rootfs");
	if (subjects > 1 || parse.after)
		return command_usage_error(command, "one at a time: a profile, a name, --pid or --rootfs");
	if (threshold && (how.threshold = parse_threshold(threshold)) < 0)
		return command_usage_error(command, "--threshold \"%s\" is not a number from 0 to 10, as 7.5",
					   threshold);
	if (catalog && (how.catalog = catalog_find(catalog)) < 0)
		return command_usage_error(command, "--catalog \"%s\": it is bsi, cis, nist, pss or owasp",
					   catalog);
	if (catalog && rootfs)
		return command_usage_error(command,
					   "--catalog is about a profile or a process, not about --rootfs");
	if (command_given(command, &parse, "all") && !rootfs)
		return command_usage_error(command,
					   "--all is for --rootfs: all rows are always shown otherwise");
	if (rootfs)
		return audit_rootfs(rootfs, &how, json, command_given(command, &parse, "all"));
	return audit_subject(parse.n_operands ? parse.operands[0] : NULL, pid, &how, json);
}

static const struct command_option options[] = {
	{ "pid", 'p', "PID", "a process, whoever started it" },
	{ "rootfs", 'r', "DIR", "what lies in a root file system" },
	{ "catalog", 'c', "NAME", "by the items of bsi, cis, nist, pss or owasp" },
	{ "threshold", 't', "N", "status 1 for a score below N, from 0 to 10" },
	{ "all", 'a', NULL, "with --rootfs: every path, not the first ones" },
	{ "json", 0, NULL, "one JSON object" },
	{ 0 },
};

const struct command lab_command_audit = {
	.name = "audit",
	.usage = "[--json] [--catalog NAME] [--threshold N] PROFILE|NAME|--pid PID|--rootfs DIR",
	.summary = "Scores a profile, a container, a process or a root file system, check by check.",
	.example = "kapsel audit --threshold 9 web.kapsel.jsonc",
	.options = options,
	.run = run,
};
