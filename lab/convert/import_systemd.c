/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/import_systemd.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "lab/convert/import_systemd_parts.h"
#include "lab/convert/syscall_list.h"
#include "lab/convert/unit_file.h"

#define ALWAYS       NULL, NULL /* kapsel does that to every workload */
#define NO_HOST_CODE "kapsel runs nothing of the host around the workload"
#define ORDER        "kapsel orders nothing; \"kapsel generate systemd\" makes a unit that can"
#define NO_FIREWALL  "kapsel filters no addresses: join a network namespace that has such rules"
#define NO_PROTECT   "kapsel protects no memory"

/* clang-format off */
static const struct key {
	const char *name;
	void (*apply)(struct systemd *systemd, const char *value); /* NULL: lost, or nothing to do */
	const char *lost;
} keys[] = {
	{ "AllowedCPUs", systemd_allowed_cpus, NULL },
	{ "AmbientCapabilities", systemd_ambient, NULL },
	{ "AppArmorProfile", systemd_apparmor, NULL },
	{ "BindPaths", systemd_bind_paths, NULL },
	{ "BindReadOnlyPaths", systemd_bind_read_only_paths, NULL },
	{ "CacheDirectory", systemd_cache_directory, NULL },
	{ "CapabilityBoundingSet", systemd_bounding, NULL },
	{ "ConfigurationDirectory", systemd_configuration_directory, NULL },
	{ "CPUQuota", systemd_cpu_quota, NULL },
	{ "CPUWeight", systemd_cpu_weight, NULL },
	{ "Description", systemd_description, NULL },
	{ "DeviceAllow", systemd_device_allow, NULL },
	{ "DevicePolicy", ALWAYS },
	{ "DynamicUser", ALWAYS },
	{ "Environment", systemd_environment, NULL },
	{ "EnvironmentFile", NULL, "write its variables into \"env\"" },
	{ "ExecReload", NULL, "send the signal yourself: kapsel kill --signal" },
	{ "ExecStart", systemd_exec_start, NULL },
	{ "ExecStartPost", NULL, NO_HOST_CODE },
	{ "ExecStartPre", NULL, NO_HOST_CODE },
	{ "ExecStop", NULL, NO_HOST_CODE },
	{ "ExecStopPost", NULL, NO_HOST_CODE },
	{ "Group", systemd_group, NULL },
	{ "IOReadBandwidthMax", systemd_io_read_bandwidth, NULL },
	{ "IOWriteBandwidthMax", systemd_io_write_bandwidth, NULL },
	{ "IPAddressAllow", NULL, NO_FIREWALL },
	{ "IPAddressDeny", NULL, NO_FIREWALL },
	{ "InaccessiblePaths", NULL, "mount an empty tmpfs there, with \"write\": false, or leave it out of the image" },
	{ "KeyringMode", ALWAYS },
	{ "KillMode", ALWAYS },
	{ "KillSignal", systemd_kill_signal, NULL },
	{ "LimitCORE", systemd_limit_core, NULL },
	{ "LimitFSIZE", systemd_limit_fsize, NULL },
	{ "LimitMEMLOCK", systemd_limit_memlock, NULL },
	{ "LimitNOFILE", systemd_limit_nofile, NULL },
	{ "LimitNPROC", NULL, "it counts all processes of a user id; limits.pids counts the container's" },
	{ "LimitSTACK", systemd_limit_stack, NULL },
	{ "LoadCredential", systemd_load_credential, NULL },
	{ "LoadCredentialEncrypted", NULL, "kapsel decrypts nothing: start it from a unit" },
	{ "LockPersonality", ALWAYS },
	{ "LogsDirectory", systemd_logs_directory, NULL },
	{ "MemoryAccounting", ALWAYS },
	{ "MemoryDenyWriteExecute", systemd_write_execute, NULL },
	{ "MemoryHigh", systemd_memory_high, NULL },
	{ "MemoryLow", NULL, NO_PROTECT },
	{ "MemoryMax", systemd_memory_max, NULL },
	{ "MemoryMin", NULL, NO_PROTECT },
	{ "MemorySwapMax", systemd_memory_swap_max, NULL },
	{ "NetworkNamespacePath", systemd_network_path, NULL },
	{ "NoExecPaths", NULL, "mounts are noexec; the root file system holds what can be executed" },
	{ "NoNewPrivileges", ALWAYS },
	{ "NotifyAccess", ALWAYS },
	{ "PassEnvironment", systemd_pass_environment, NULL },
	{ "PrivateDevices", ALWAYS },
	{ "PrivateIPC", ALWAYS },
	{ "PrivateMounts", ALWAYS },
	{ "PrivateNetwork", systemd_private_network, NULL },
	{ "PrivateTmp", systemd_private_tmp, NULL },
	{ "PrivateUsers", ALWAYS },
	{ "ProcSubset", ALWAYS },
	{ "ProtectClock", ALWAYS },
	{ "ProtectControlGroups", ALWAYS },
	{ "ProtectHome", ALWAYS },
	{ "ProtectHostname", ALWAYS },
	{ "ProtectKernelLogs", ALWAYS },
	{ "ProtectKernelModules", ALWAYS },
	{ "ProtectKernelTunables", ALWAYS },
	{ "ProtectProc", ALWAYS },
	{ "ProtectSystem", ALWAYS },
	{ "ReadOnlyPaths", ALWAYS },
	{ "ReadWritePaths", systemd_read_write_paths, NULL },
	{ "RemoveIPC", ALWAYS },
	{ "Restart", systemd_restart, NULL },
	{ "RestartSec", systemd_restart_sec, NULL },
	{ "RestrictAddressFamilies", systemd_address_families, NULL },
	{ "RestrictNamespaces", ALWAYS },
	{ "RestrictRealtime", ALWAYS },
	{ "RestrictSUIDSGID", ALWAYS },
	{ "RootDirectory", systemd_root_directory, NULL },
	{ "RootImage", NULL, "mount the image yourself and name the directory in \"rootfs\"" },
	{ "RuntimeDirectory", systemd_runtime_directory, NULL },
	{ "RuntimeMaxSec", systemd_runtime_max_sec, NULL },
	{ "SELinuxContext", systemd_selinux, NULL },
	{ "SetCredential", NULL, "write it into a file of its own and name that in \"secrets\"" },
	{ "Slice", NULL, "kapsel places its own groups" },
	{ "StandardError", systemd_standard_output, NULL },
	{ "StandardInput", systemd_standard_input, NULL },
	{ "StandardOutput", systemd_standard_output, NULL },
	{ "StartLimitBurst", systemd_start_limit_burst, NULL },
	{ "StateDirectory", systemd_state_directory, NULL },
	{ "SupplementaryGroups", systemd_supplementary_groups, NULL },
	{ "SyslogIdentifier", systemd_syslog_identifier, NULL },
	{ "SystemCallArchitectures", ALWAYS },
	{ "SystemCallErrorNumber", systemd_error_number, NULL },
	{ "SystemCallFilter", systemd_system_call_filter, NULL },
	{ "TasksMax", systemd_tasks_max, NULL },
	{ "TemporaryFileSystem", systemd_temporary_file_system, NULL },
	{ "TimeoutStopSec", systemd_timeout_stop_sec, NULL },
	{ "Type", systemd_type, NULL },
	{ "UMask", systemd_umask, NULL },
	{ "User", systemd_user, NULL },
	{ "WatchdogSec", systemd_watchdog_sec, NULL },
	{ "WorkingDirectory", systemd_working_directory, NULL },
};
/* clang-format on */

void systemd_lost(struct systemd *systemd, const char *reason)
{
	draft_lost(systemd->draft, "line %u: %s=%s: %s", systemd->setting->line, systemd->setting->key,
		   systemd->setting->value, reason);
}

bool systemd_true(const char *value)
{
	static const char *const words[] = { "yes", "true", "on", "1", "y", "t" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return false;
}

const char *const *systemd_words(struct systemd *systemd)
{
	const char *const *words = NULL;
	int n = unit_file_words(systemd->setting->value, systemd->draft->arena, &words);

	if (n >= 0)
		return words;
	if (n == -ENOMEM)
		systemd->draft->exhausted = true;
	else if (systemd->r == 0)
		systemd->r = error_set(systemd->err, EINVAL,
				       "read line %u, %s=: a quote that does not end, an escape that means "
				       "nothing, or more than %d words",
				       systemd->setting->line, systemd->setting->key, UNIT_WORDS_MAX);
	return NULL;
}

/* "%%" is a percent sign; all else stands for something that only systemd knows. */
static bool has_specifier(const char *value)
{
	for (const char *c = strchr(value, '%'); c && c[1]; c = strchr(c + 1, '%')) {
		if (c[1] == '%')
			c++;
		else if (strchr("abBcCdEfgGhHiIjJlLmMnNopPsStTuUvVwW", c[1]))
			return true;
	}
	return false;
}

static void translate(struct systemd *systemd, const struct unit_setting *setting)
{
	systemd->setting = setting;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!str_equal(keys[i].name, setting->key))
			continue;
		if (keys[i].apply && has_specifier(setting->value))
			systemd_lost(systemd, "a specifier (%) means something to systemd only");
		else if (keys[i].apply)
			keys[i].apply(systemd, setting->value);
		else if (keys[i].lost)
			systemd_lost(systemd, keys[i].lost);
		return;
	}
	systemd_lost(systemd, str_equal(setting->section, "Service") ? "kapsel has no such setting" : ORDER);
}

/* "80", "127.0.0.1:80", "/run/x.sock", "@x": a port alone means all addresses. */
static void add_listen(struct draft *draft, const struct unit_setting *setting, const char *name,
		       bool datagram, const char *backlog)
{
	const char *value = setting->value;
	uint32_t port;
	struct json *entry;

	if (str_to_u32(value, &port) == 0) {
		value = arena_printf(draft->arena, "[::]:%u", port);
		if (!value) {
			draft->exhausted = true;
			return;
		}
	}
	entry = draft_object(draft, draft_object(draft, draft->root, "listen"), name);
	draft_string(draft, entry, datagram ? "datagram" : "stream", value);
	if (backlog && !datagram && str_to_u32(backlog, &port) == 0)
		draft_number(draft, entry, "backlog", port);
}

static void import_sockets(struct draft *draft, const struct unit_file *sockets)
{
	const char *name = "socket", *backlog = NULL;
	size_t n = 0;

	for (size_t i = 0; i < sockets->n; i++) {
		if (str_equal(sockets->items[i].key, "FileDescriptorName"))
			name = sockets->items[i].value;
		else if (str_equal(sockets->items[i].key, "Backlog"))
			backlog = sockets->items[i].value;
	}
	for (size_t i = 0; i < sockets->n; i++) {
		const struct unit_setting *setting = &sockets->items[i];
		bool datagram = str_equal(setting->key, "ListenDatagram");
		char text[64];

		if (str_equal(setting->key, "FileDescriptorName") || str_equal(setting->key, "Backlog") ||
		    !str_equal(setting->section, "Socket"))
			continue;
		if (!datagram && !str_equal(setting->key, "ListenStream")) {
			draft_lost(draft, "socket unit, line %u: %s=%s: kapsel has no such setting",
				   setting->line, setting->key, setting->value);
			continue;
		}
		if (n == 0)
			snprintf(text, sizeof(text), "%.32s", name);
		else
			snprintf(text, sizeof(text), "%.32s-%zu", name, n + 1);
		n++;
		add_listen(draft, setting, text, datagram, backlog);
	}
}

static void finish(struct systemd *systemd)
{
	struct draft *draft = systemd->draft;
	const char *both;

	if (systemd->user || systemd->group) {
		both = arena_printf(draft->arena, "%s%s%s", systemd->user ? systemd->user : "",
				    systemd->group ? ":" : "", systemd->group ? systemd->group : "");
		if (both)
			draft_user(draft, "User=, Group=", both);
		else
			draft->exhausted = true;
	}
	if (draft->rootfs)
		draft_string(draft, draft->root, "rootfs", draft->rootfs);
	systemd_sandbox_finish(systemd);
	if (!systemd->network)
		draft_note(draft, "network: the unit has the host's; here is none: write \"listen\", or "
				  "\"network\": \"host\"");
	if (!json_find(draft->root, "limits.memory"))
		draft_note(draft,
			   "limits: what the unit does not limit has kapsel's defaults: 64MiB, half a core, "
			   "16 processes");
}

int import_systemd_units(struct draft *draft, const struct unit_file *service,
			 const struct unit_file *sockets, struct error *err)
{
	struct systemd systemd = {
		.draft = draft,
		.err = err,
		.calls = arena_alloc(draft->arena, sizeof(*systemd.calls)),
	};

	if (!systemd.calls)
		return error_set(err, ENOMEM, "translate the unit");
	/* The root first: names of users and programs are looked up in it. */
	for (size_t i = 0; i < service->n; i++)
		if (str_equal(service->items[i].key, "RootDirectory") &&
		    !has_specifier(service->items[i].value) && service->items[i].value[0] == '/' &&
		    !draft->rootfs)
			draft->rootfs = service->items[i].value;
	for (size_t i = 0; i < service->n && systemd.r == 0; i++)
		translate(&systemd, &service->items[i]);
	if (systemd.r < 0)
		return systemd.r;
	if (sockets)
		import_sockets(draft, sockets);
	finish(&systemd);
	return draft->exhausted ? error_set(err, ENOMEM, "translate the unit") : 0;
}

int import_systemd(struct draft *draft, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path, *dot = strrchr(file, '.');
	struct unit_file service, sockets;
	char beside[PATH_MAX] = "", *name;
	bool has_socket = false;
	int r = unit_file_read(path, draft->arena, &service, err);

	if (r < 0)
		return r;
	name = arena_memdup(draft->arena, file, dot ? (size_t)(dot - file) : strlen(file));
	if (!name)
		return error_set(err, ENOMEM, "read the unit %s", path);
	draft_name(draft, name);
	if (dot &&
	    snprintf(beside, sizeof(beside), "%.*s.socket", (int)(dot - path), path) < (int)sizeof(beside))
		has_socket = str_equal(dot, ".service") && access(beside, F_OK) == 0;
	if (has_socket)
		r = unit_file_read(beside, draft->arena, &sockets, err);
	if (snprintf(beside, sizeof(beside), "%s.d", path) < (int)sizeof(beside) && access(beside, F_OK) == 0)
		draft_lost(draft, "%s: drop-ins are not read: import what systemctl cat prints", beside);
	return r < 0 ? r : import_systemd_units(draft, &service, has_socket ? &sockets : NULL, err);
}
