/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: what leaks in, and what leaks out. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"
#include "lab/audit/secrets.h"
#include "profiles/spec.h"

static void environment_declared(const struct check *check, const struct audit_declared *declared,
				 struct opinion *ret)
{
	char names[160] = "";
	unsigned int n = 0;

	for (size_t i = 0; i < declared->spec->env.n; i++) {
		const struct spec_pair *pair = &declared->spec->env.items[i];

		if (!secrets_suspicious(pair->name, pair->value))
			continue;
		n++;
		facts_append(names, sizeof(names), pair->name);
	}
	opinion_judge(ret, n ? check->range : 0, n ? "%u" : "none", n);
	opinion_evidence(ret, n ? "env: %s" : "env: no suspicious name or value", names);
}

static void environment(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	unsigned int n = facts->n_secrets_in_environ;

	if (facts->environ_error) {
		opinion_unreadable(ret, facts->environ_error, "environ");
		return;
	}
	opinion_judge(ret, n ? check->range : 0, n ? "%u" : "none", n);
	opinion_evidence(ret, n ? "environ: %s" : "environ: no suspicious name or value",
			 facts->secrets_in_environ);
}

static void arguments_declared(const struct check *check, const struct audit_declared *declared,
			       struct opinion *ret)
{
	const struct spec_strings *command = &declared->spec->command;
	bool found = false;

	for (size_t i = 0; i < command->n && !found; i++) {
		const char *word = command->items[i], *equals = strchr(word, '=');
		char name[128];

		snprintf(name, sizeof(name), "%.*s", (int)(equals ? equals - word : (long)strlen(word)),
			 word);
		if (word[0] == '-' && secrets_name(name))
			found = equals ? equals[1] != '\0'
				       : i + 1 < command->n && command->items[i + 1][0] != '-';
		found = found || secrets_value(equals ? equals + 1 : word);
	}
	opinion_judge(ret, found ? check->range : 0, found ? "some" : "none");
	opinion_evidence(ret, "command");
}

static void arguments(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	bool found = facts->secret_in_arguments[0] != '\0';

	if (facts->cmdline_error) {
		opinion_unreadable(ret, facts->cmdline_error, "cmdline");
		return;
	}
	opinion_judge(ret, found ? check->range : 0, found ? "some" : "none");
	opinion_evidence(ret, found ? "cmdline: %s" : "cmdline: no suspicious option",
			 facts->secret_in_arguments);
}

static void secret_files_declared(const struct check *check, const struct audit_declared *declared,
				  struct opinion *ret)
{
	if (declared->spec->n_secrets == 0) {
		opinion_skip(ret, "it has no secrets");
		return;
	}
	for (size_t i = 0; i < declared->spec->n_secrets; i++) {
		const struct spec_secret *secret = &declared->spec->secrets[i];

		if (!(secret->mode & (S_IWGRP | S_IROTH | S_IWOTH)))
			continue;
		opinion_judge(ret, check->range, "%04o", (unsigned int)secret->mode);
		opinion_evidence(ret, "secrets.%s.mode", secret->name);
		return;
	}
	opinion_judge(ret, 0, "%zu", declared->spec->n_secrets);
	opinion_evidence(ret, "secrets");
}

static void descriptors(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->fds_error) {
		opinion_unreadable(ret, facts->fds_error, "fd");
		return;
	}
	opinion_judge(ret, facts->n_leaked ? check->range : 0, facts->n_leaked ? "%u" : "none",
		      facts->n_leaked);
	if (facts->n_leaked)
		opinion_evidence(ret, "fd: %s", facts->leaked);
	else
		opinion_evidence(ret, "fd: %u open, none leads to a file outside", facts->n_fds);
}

static void umask_judge(unsigned int mask, struct opinion *ret)
{
	opinion_judge(ret, mask & S_IWOTH ? (mask & 077) != 077 : 2, "%04o", mask);
}

static void umask_declared(const struct check *check, const struct audit_declared *declared,
			   struct opinion *ret)
{
	(void)check;
	umask_judge(declared->spec->umask, ret);
	opinion_evidence(ret, "umask");
}

static void umask_effective(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	(void)check;
	umask_judge(facts->status.umask, ret);
	opinion_evidence(ret, "Umask: %04o", facts->status.umask);
}

static void terminal_declared(const struct check *check, const struct audit_declared *declared,
			      struct opinion *ret)
{
	bool caller = declared->spec->stdin_from == SPEC_STDIN_INHERIT;

	opinion_judge(ret, caller ? check->range : 0, caller ? "the caller's" : "none");
	opinion_evidence(ret, "stdin");
}

static void terminal(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->stat_error) {
		opinion_unreadable(ret, facts->stat_error, "stat");
		return;
	}
	opinion_judge(ret, facts->terminal ? check->range : 0, facts->terminal ? "yes" : "none");
	opinion_evidence(ret, "stat tty_nr %d", facts->terminal);
}

const struct check checks_secrets[] = {
	{ "secret-environment", 500, 1, "No secret is in its environment", "env", "/proc/PID/environ",
	  environment_declared, environment, .serves = { "A8", NULL, "4.1.4", NULL, "12" } },
	{ "secret-arguments", 300, 1, "No secret is in its arguments", "command", "/proc/PID/cmdline",
	  arguments_declared, arguments, .serves = { "A8", NULL, "4.1.4", NULL, "12" } },
	{ "secret-files", 200, 1, "Its secrets can be read by nobody else", "secrets.*.mode", NULL,
	  secret_files_declared, NULL, .serves = { "A8", NULL, "4.1.4", NULL, "12" } },
	{ "descriptors", 1000, 1, "No descriptor leads out of its mounts", NULL,
	  "/proc/PID/fd, fdinfo mnt_id", opinion_always, descriptors,
	  .serves = { "A3", NULL, "4.4.3", NULL, NULL } },
	{ "umask", 100, 2, "Its new files are its own", "umask", "/proc/PID/status Umask", umask_declared,
	  umask_effective, .serves = { "A19", NULL, NULL, NULL, NULL } },
	{ "terminal", 100, 1, "It has no terminal of a person", "stdin", "/proc/PID/stat", terminal_declared,
	  terminal, .serves = { "A16", NULL, "4.4.3", NULL, NULL } },
	{ 0 },
};
