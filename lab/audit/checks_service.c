/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: how it is run and looked after; most of it only a profile can tell. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/str.h"
#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "lab/audit/programs.h"
#include "profiles/spec.h"

enum { RESTARTS_FEW = 5, RESTARTS_SOME = 10 };

static void health_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	bool some = declared->spec->health.command.n > 0;

	opinion_judge(ret, some ? 0 : check->range, some ? "yes" : "none");
	opinion_evidence(ret, "health.command");
}

static void restart_declared(const struct check *check, const struct audit_declared *declared,
			     struct opinion *ret)
{
	const struct spec_restart *restart = &declared->spec->restart;

	(void)check;
	if (restart->policy == SPEC_RESTART_NO)
		opinion_judge(ret, 0, "none");
	else if (restart->max == SPEC_UNLIMITED)
		opinion_judge(ret, 2, "unlimited");
	else
		opinion_judge(ret, restart->max > RESTARTS_SOME ? 2 : restart->max > RESTARTS_FEW, "%" PRIu64,
			      restart->max);
	opinion_evidence(ret, "restart.policy, restart.max");
}

static void log_declared(const struct check *check, const struct audit_declared *declared,
			 struct opinion *ret)
{
	static const char *const words[] = { "json-file", "journald",    "syslog", "cri",
					     "socket",    "passthrough", "none" };
	enum spec_log_driver driver = declared->spec->log.driver;

	opinion_judge(ret, driver == SPEC_LOG_NONE ? check->range : driver == SPEC_LOG_PASSTHROUGH, "%s",
		      words[driver]);
	opinion_evidence(ret, "log.driver");
}

static void log_size_declared(const struct check *check, const struct audit_declared *declared,
			      struct opinion *ret)
{
	const struct spec_log *log = &declared->spec->log;

	if (log->driver != SPEC_LOG_JSON_FILE && log->driver != SPEC_LOG_CRI) {
		opinion_skip(ret, "the driver writes no file of its own");
		return;
	}
	if (log->max_size_bytes == SPEC_UNLIMITED)
		opinion_judge(ret, check->range, "unlimited");
	else
		opinion_judge(ret, 0, "%u files", log->max_files);
	opinion_evidence(ret, "log.max_size, log.max_files");
}

static void purpose_declared(const struct check *check, const struct audit_declared *declared,
			     struct opinion *ret)
{
	bool said = declared->spec->description && declared->spec->description[0];

	opinion_judge(ret, said ? 0 : check->range, said ? "yes" : "none");
	opinion_evidence(ret, "description");
}

static void owner_declared(const struct check *check, const struct audit_declared *declared,
			   struct opinion *ret)
{
	for (size_t i = 0; i < declared->spec->labels.n; i++) {
		const struct spec_pair *label = &declared->spec->labels.items[i];

		if (!str_equal(label->name, "owner") && !str_equal(label->name, "maintainer"))
			continue;
		opinion_judge(ret, 0, "%.38s", label->value);
		opinion_evidence(ret, "labels.%s", label->name);
		return;
	}
	opinion_judge(ret, check->range, "none");
	opinion_evidence(ret, "labels: no \"owner\"");
}

static void file_declared(const struct check *check, const struct audit_declared *declared,
			  struct opinion *ret)
{
	bool open = declared->file_mode & (S_IWGRP | S_IWOTH);

	if (declared->file_error) {
		opinion_unreadable(ret, declared->file_error, "the profile's file");
		return;
	}
	opinion_judge(ret, open ? check->range : 0, "%04o", declared->file_mode);
	opinion_evidence(ret, "mode of the profile's file");
}

/* check->argument is the kind of program. */
static void program_declared(const struct check *check, const struct audit_declared *declared,
			     struct opinion *ret)
{
	const char *found;

	if (declared->root_fd < 0) {
		opinion_skip(ret, "the root file system is not on this machine");
		return;
	}
	found = programs_find(declared->root_fd, (enum programs_kind)check->argument);
	opinion_judge(ret, found ? check->range : 0, found ? "%.38s" : "none", found);
	opinion_evidence(ret, "rootfs");
}

static void program_effective(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const char *found = check->argument == PROGRAMS_SHELL ? facts->shell : facts->remote_server;

	if (facts->root_error) {
		opinion_unreadable(ret, facts->root_error, "root");
		return;
	}
	opinion_judge(ret, *found ? check->range : 0, *found ? "%.38s" : "none", found);
	opinion_evidence(ret, "/proc/%d/root%s", (int)facts->pid, found);
}

static void one_service(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_group *group = &facts->group;
	bool other = group->other_service[0] != '\0';

	if (group->error || group->procs_error) {
		opinion_unreadable(ret, group->error ? group->error : group->procs_error, "cgroup.procs");
		return;
	}
	if (str_equal(group->path, "/")) {
		opinion_skip(ret, "it has no control group of its own");
		return;
	}
	opinion_judge(ret, other ? check->range : 0, other ? "%.38s" : "yes", group->other_service);
	opinion_evidence(ret, "cgroup.procs: %u process(es)%s%s", group->n_procs, other ? ", one is " : "",
			 group->other_service);
}

static void own_group(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	bool own;

	if (facts->group.error) {
		opinion_unreadable(ret, facts->group.error, "cgroup");
		return;
	}
	own = !str_equal(facts->group.path, "/") && !str_equal(facts->group.path, "/init.scope");
	opinion_judge(ret, own ? 0 : check->range, own ? "own" : "none");
	opinion_evidence(ret, "cgroup 0::%.200s", facts->group.path);
}

const struct check checks_service[] = {
	{ "one-service", 300, 1, "One service runs in it", "command", "cgroup.procs", NULL, one_service,
	  .serves = { "A11", NULL, NULL, NULL, NULL } },
	{ "remote-server", 500, 1, "Its files hold no server for logging in", "rootfs", "/proc/PID/root",
	  program_declared, program_effective, .argument = PROGRAMS_REMOTE,
	  .serves = { "A11 A16", "5.7", "4.1.2", NULL, NULL } },
	{ "shell", 200, 1, "Its files hold no shell", "rootfs", "/proc/PID/root", program_declared,
	  program_effective, .argument = PROGRAMS_SHELL,
	  .serves = { NULL, NULL, "4.1.2 4.4.4", NULL, NULL } },
	{ "own-cgroup", 200, 1, "It has a control group of its own", NULL, "/proc/PID/cgroup", opinion_always,
	  own_group, .serves = { "A2 A15", "5.25", "4.4.5", NULL, "7" } },
	{ "health", 200, 1, "A check tells whether it is well", "health.command", NULL, health_declared, NULL,
	  .serves = { "A3 A9", "5.27", NULL, NULL, NULL } },
	{ "restarts", 100, 2, "Restarts in a row are few", "restart.max", NULL, restart_declared, NULL,
	  .serves = { "A25", "5.15", NULL, NULL, "7" } },
	{ "log-kept", 300, 2, "Its output is kept outside of it", "log.driver", NULL, log_declared, NULL,
	  .serves = { "A7 A24", NULL, "4.4.4", NULL, "10" } },
	{ "log-size", 200, 1, "Its log can not fill the disk", "log.max_size", NULL, log_size_declared, NULL,
	  .serves = { "A7 A15", NULL, NULL, NULL, "7" } },
	{ "purpose", 50, 1, "The profile says what it is for", "description", NULL, purpose_declared, NULL,
	  .serves = { "A1", NULL, NULL, NULL, NULL } },
	{ "owner", 50, 1, "The profile says who owns it", "labels", NULL, owner_declared, NULL,
	  .serves = { "A1", NULL, NULL, NULL, NULL } },
	{ "profile-file", 300, 1, "Nobody else can write the profile", NULL, NULL, file_declared, NULL,
	  .serves = { "A20", NULL, "4.5.4", NULL, NULL } },
	{ 0 },
};
