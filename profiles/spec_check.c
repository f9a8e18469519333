/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/spec_check.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiles/capabilities.h"
#include "profiles/json.h"

static const struct place *place_of(const struct spec *spec, const char *path)
{
	const struct json *value = json_find(spec->tree, path);

	return value ? &value->place : NULL;
}

static struct finding *warn(struct findings *findings, const struct spec *spec, const char *code,
			    const char *path, const char *message)
{
	return findings_add(findings, FINDING_WARNING, code, place_of(spec, path), "%s", message);
}

static bool is_within(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strncmp(path, top, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static void check_conflicts(const struct spec *spec, struct findings *findings)
{
	struct finding *finding;

	for (size_t i = 0; i < spec->n_mounts && spec->n_secrets > 0; i++) {
		if (!is_within(spec->mounts[i].target, "/run/secrets"))
			continue;
		finding = findings_add(findings, FINDING_ERROR, "E039", place_of(spec, "secrets"),
				       "secrets and a mount both want %s", spec->mounts[i].target);
		finding_help(finding, "mount it somewhere else: secrets are files in /run/secrets");
	}
	if (spec->limits.open_files != SPEC_UNLIMITED && spec->n_listen + 3 > spec->limits.open_files)
		findings_add(findings, FINDING_ERROR, "E039", place_of(spec, "limits.open_files"),
			     "\"open_files\" is too low for %zu sockets and 3 standard descriptors",
			     spec->n_listen);
	if (spec->proc == SPEC_PROC_FULL && !(spec->namespaces & SPEC_NS_PID)) {
		finding =
			findings_add(findings, FINDING_ERROR, "E039", place_of(spec, "proc"),
				     "\"proc\": \"full\" with the host's pid namespace shows the whole host");
		finding_help(finding, "take one of the two back");
	}
}

static void check_network(const struct spec *spec, struct findings *findings)
{
	if (spec->network == SPEC_NETWORK_HOST)
		finding_help(warn(findings, spec, "W105",
				  place_of(spec, "network") ? "network" : "share_host",
				  "\"network\": \"host\" removes network isolation"),
			     "for a server, \"listen\" hands the bound socket over and needs no network");
}

static void check_namespaces(const struct spec *spec, struct findings *findings)
{
	static const struct {
		enum spec_namespace bit;
		const char *name, *opens;
	} spaces[] = {
		{ SPEC_NS_PID, "pid", "sees and may signal processes of the host" },
		{ SPEC_NS_IPC, "ipc", "reaches shared memory and queues of the host" },
		{ SPEC_NS_UTS, "uts", "shows the host's name" },
		{ SPEC_NS_CGROUP, "cgroup", "shows where in the host's cgroups it is" },
		{ SPEC_NS_TIME, "time", "shows how long the host is up" },
	};
	struct finding *finding;

	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		const struct json *list = json_find(spec->tree, "share_host"), *item = NULL;

		if (spec->namespaces & spaces[i].bit)
			continue;
		for (item = list ? list->first : NULL; item; item = item->next)
			if (item->type == JSON_STRING && str_equal(item->text, spaces[i].name))
				break;
		finding = findings_add(findings, FINDING_WARNING, "W104", item ? &item->place : NULL,
				       "the host's %s namespace is shared", spaces[i].name);
		finding_label(finding, "%s", spaces[i].opens);
	}
}

static void check_rights(const struct spec *spec, struct findings *findings)
{
	static const struct {
		size_t offset;
		const char *path, *message;
	} flags[] = {
		{ offsetof(struct spec, allow_setuid), "allow_setuid",
		  "programs can gain privileges by being executed" },
		{ offsetof(struct spec, allow_jit), "allow_jit", "memory can be writable and executable" },
		{ offsetof(struct spec, allow_nested_namespaces), "allow_nested_namespaces",
		  "the workload can make namespaces, where much kernel code is reachable" },
		{ offsetof(struct spec, allow_ptrace), "allow_ptrace", "processes can take each other over" },
	};
	struct finding *finding;

	if (spec->capabilities != 0) {
		finding = warn(findings, spec, "W102", "capabilities", "the workload holds capabilities");
		for (int number = 0; number < 64; number++)
			if ((spec->capabilities & (1ULL << number)) && capabilities_name(number) && finding &&
			    !finding->label[0])
				finding_label(finding, "%s: %s", capabilities_name(number),
					      capabilities_describe(number));
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (*(const bool *)((const char *)spec + flags[i].offset))
			warn(findings, spec, "W103", flags[i].path, flags[i].message);
	if (spec->proc == SPEC_PROC_FULL)
		warn(findings, spec, "W111", "proc", "\"proc\": \"full\" shows system files of /proc");
	if ((spec->apparmor && str_equal(spec->apparmor, "unconfined")))
		warn(findings, spec, "W113", "apparmor", "no AppArmor profile confines the workload");
	if (spec->n_devices > 0)
		warn(findings, spec, "W114", "devices", "the workload can use devices of the host");
}

static void check_syscalls(const struct spec *spec, struct findings *findings)
{
	struct finding *finding;

	for (size_t i = 0; i < spec->syscalls.n; i++)
		if (str_equal(spec->syscalls.items[i], "@docker-default"))
			finding_help(warn(findings, spec, "W101", "syscalls.allow",
					  "\"@docker-default\" allows several hundred system calls"),
				     "name what it needs; \"kapsel list groups\" has smaller groups");
	if (spec->on_violation == SPEC_VIOLATION_LOG)
		warn(findings, spec, "W109", "syscalls.on_violation", "the system call filter only logs");
	if (spec->on_violation == SPEC_VIOLATION_ERRNO)
		warn(findings, spec, "W109", "syscalls.on_violation",
		     "calls that no workload needs fail instead of ending it");
	if (!spec_exec_once(spec)) {
		finding = warn(findings, spec, "W110", "exec.allow",
			       "further programs can be executed: a stolen service can start them too");
		finding_note(
			finding,
			"a dynamic program's loader runs any program in the container; only static programs, "
			"or a rootfs without a shell, make the list mean what it says");
	}
}

static void check_limits(const struct spec *spec, struct findings *findings)
{
	const struct spec_limits *limits = &spec->limits;
	const struct {
		const char *path;
		bool unlimited;
	} list[] = {
		{ "limits.memory", limits->memory_bytes == SPEC_UNLIMITED },
		/* Without a limit of memory, that of swap means nothing. */
		{ "limits.swap",
		  limits->swap_bytes == SPEC_UNLIMITED && limits->memory_bytes != SPEC_UNLIMITED },
		{ "limits.cpu", limits->cpu_cores == 0 },
		{ "limits.pids", limits->pids == SPEC_UNLIMITED },
		{ "limits.open_files", limits->open_files == SPEC_UNLIMITED },
		{ "limits.file_size", limits->file_size_bytes == SPEC_UNLIMITED },
		{ "limits.core", limits->core_bytes == SPEC_UNLIMITED },
		{ "limits.stack", limits->stack_bytes == SPEC_UNLIMITED },
		{ "limits.locked_memory", limits->locked_memory_bytes == SPEC_UNLIMITED },
		{ "log.max_size", spec->log.max_size_bytes == SPEC_UNLIMITED },
	};
	char message[128];

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		if (!list[i].unlimited)
			continue;
		snprintf(message, sizeof(message), "\"%s\" is unlimited", list[i].path);
		warn(findings, spec, "W106", list[i].path, message);
	}
}

bool spec_check_secret_name(const char *name)
{
	static const char *const parts[] = { "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN",
					     "SECRET",   "APIKEY", "_KEY",       "CREDENTIAL" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcasestr(name, parts[i]))
			return true;
	return false;
}

static void check_env(const struct spec *spec, struct findings *findings)
{
	const struct json *env = json_find(spec->tree, "env");

	for (size_t i = 0; i < spec->env.n; i++) {
		const struct spec_pair *pair = &spec->env.items[i];
		const struct json *written = json_get(env, pair->name);
		struct finding *finding;

		if (!spec_check_secret_name(pair->name) || pair->value[0] == '\0')
			continue;
		finding =
			findings_add(findings, FINDING_WARNING, "W108", written ? &written->name_place : NULL,
				     "\"%s\" looks like a secret in the environment", pair->name);
		finding_help(finding,
			     "use \"secrets\": a file that only the workload can read, and that no child, "
			     "core dump or /proc shows");
	}
}

static void check_mounts(const struct spec *spec, struct findings *findings)
{
	const struct json *mounts = json_find(spec->tree, "mounts");

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		const struct json *written = json_get(mounts, mount->target);

		if (mount->write && mount->exec)
			findings_add(
				findings, FINDING_WARNING, "W112", written ? &written->name_place : NULL,
				"%s can be written and executed: what an attacker drops there can be started",
				mount->target);
	}
}

void spec_check(const struct spec *spec, struct findings *findings)
{
	check_conflicts(spec, findings);
	check_syscalls(spec, findings);
	check_rights(spec, findings);
	check_namespaces(spec, findings);
	check_network(spec, findings);
	check_limits(spec, findings);
	check_mounts(spec, findings);
	check_env(spec, findings);
	if (spec->on_missing == SPEC_MISSING_WARN)
		warn(findings, spec, "W107", "on_missing",
		     "a kernel that lacks a protection weakens the container instead of refusing the start");
}
