/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The command line of kapsel-oci: runc's, so that every engine can call it. Global flags stand before the
 * verb; a verb's flags before or behind the id, except for verbs whose words behind the id are a command.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macro.h"
#include "cgroups/container.h"
#include "launcher/oci/state.h"

struct arena;
struct error;

enum { OCI_OPTIONS_MAX = 40, OCI_VALUES_MAX = 256 };

/* What the global flags said. */
struct oci_globals {
	struct oci_state_root root; /* path is set, default or given */
	const char *log;            /* NULL: stderr only */
	bool log_json;
	enum cgroup_manager manager; /* --systemd-cgroup, --cgroup-manager */
	bool rootless;               /* decided: given, or by what the caller is */
};

struct oci_option {
	const char *name; /* "bundle" */
	char letter;      /* 'b', 0: none */
	/* "DIR"; NULL: a switch, which takes --name=true and =false, too; "[WORD]": may be left out, then ""
	 */
	const char *argument;
	const char *help;
};

struct oci_command {
	const char *name;
	const char *usage;                /* "[OPTIONS] ID" */
	const char *summary;              /* one line */
	const struct oci_option *options; /* NULL-name terminated; NULL: none but --help */
	bool enters; /* a process of ours enters a container: the own program is protected (selfexe.h) */
	bool command_follows; /* exec: options end at the id, the rest are its words */
	bool stateless;       /* looks at no container: a missing directory for state is no mistake */
	int min_operands, max_operands; /* max -1: any number */
	int failure;                    /* exit status when the runtime itself fails: 1; exec: 255 */
	int (*run)(const struct oci_globals *globals, const struct oci_command *command, int argc,
		   char **argv);
};

/* What the options of one call said, in order; an option may be given several times (-e, -c). */
struct oci_parse {
	struct {
		const struct oci_option *option;
		const char *value; /* "" for a switch that is on; switches given =false are left out */
	} given[OCI_VALUES_MAX];
	size_t n_given;
	char **operands; /* NULL-terminated, points into argv */
	int n_operands;
};

/** oci_main() - what main() calls when the program's name is kapsel-oci (or runc, crun). Return: exit status.
 */
int oci_main(int argc, char **argv);

/**
 * oci_command_parse() - parse by the verb's table: "--flag value", "--flag=value", "-f value", "-fvalue"
 * and, for go-runc, "-flag" with a single dash for long names
 *
 * Prints help for --help (stdout) or the mistake (through oci_report()).
 * Return: 0; or 1 with *ret_status the exit status to leave with.
 */
int oci_command_parse(const struct oci_globals *globals, const struct oci_command *command, int argc,
		      char **argv, struct oci_parse *ret, int *ret_status) _must_check_;

/**
 * oci_command_words() - the parsing alone: reports nothing, counts no operands
 *
 * Return: 0; 1 for --help; -EINVAL with *err filled, and *ret as far as it came.
 */
int oci_command_words(const struct oci_command *command, int argc, char **argv, struct oci_parse *ret,
		      struct error *err) _must_check_;

/** oci_command_help() - write the verb's help. */
void oci_command_help(FILE *out, const struct oci_command *command);

/** oci_command_bool() - the words of Go's flag package: 1 t true …, 0 f false …. Return: 1, 0 or -EINVAL. */
int oci_command_bool(const char *word);

/** oci_option_value() - Return: the last value given for option @name, NULL when not given. */
const char *oci_option_value(const struct oci_parse *parse, const char *name);

/** oci_option_number() - the last value given for option @name as a number from 0 to @max; *ret stays as it
 * is when not given. 0 or -EINVAL. */
int oci_option_number(const struct oci_parse *parse, const char *name, uint32_t max, uint32_t *ret,
		      struct error *err) _must_check_;

/**
 * oci_report() - tell the caller what failed: one line on stderr, and one in the --log file
 *
 * Text: "step: message: ENAME: remedy"; the C library's words for an errno are left out, because engines
 * search messages for them ("no such file or directory" means: the command is missing). JSON: level, msg,
 * time. Return: the exit status of a runtime failure, 1.
 */
int oci_report(const struct oci_globals *globals, const struct error *err);

/** oci_warn() - a line on stderr only; the log file holds nothing but the error (podman parses it as one
 * object). */
void oci_warn(const struct oci_globals *globals, const char *format, ...) _printf_(2, 3);

extern const struct oci_command oci_command_create, oci_command_start, oci_command_run, oci_command_exec;
extern const struct oci_command oci_command_state, oci_command_kill, oci_command_delete, oci_command_list,
	oci_command_ps, oci_command_pause, oci_command_resume, oci_command_update, oci_command_events,
	oci_command_spec, oci_command_features, oci_command_checkpoint, oci_command_restore;
