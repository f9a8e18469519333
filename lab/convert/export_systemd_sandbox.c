/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/export_systemd.h"
#include "lab/convert/losses.h"
#include "launcher/service/unit_text.h"
#include "profiles/capabilities.h"
#include "profiles/spec.h"
#include "seccomp/policy.h"

static const char *const any_program[] = { "*", NULL };

static void print_capabilities(uint64_t capabilities, FILE *out)
{
	static const char *const keys[] = { "CapabilityBoundingSet", "AmbientCapabilities" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		fprintf(out, "%s=", keys[i]);
		for (int number = 0, n = 0; number < 64; number++)
			if ((capabilities & (UINT64_C(1) << number)) && capabilities_name(number))
				fprintf(out, "%sCAP_%s", n++ ? " " : "", capabilities_name(number));
		fputc('\n', out);
	}
}

/* systemd warns about names that its libseccomp does not know; about as old as ours. */
static bool is_known(int row)
{
	return seccomp_syscall_resolve_name(syscall_rows[row].name) != __NR_SCMP_ERROR;
}

static bool is_open(const struct policy *policy, int row)
{
	return policy->verdicts[row] == FILTER_ALLOWED || policy->verdicts[row] == FILTER_ALLOWED_BY_ARGUMENT;
}

/* Several lines of one list: systemd adds them up. */
static int print_filter(const struct spec *spec, FILE *out, struct policy *policy, struct error *err)
{
	struct spec open = *spec;
	size_t column = 0;
	int r;

	open.exec_allow = (struct spec_strings){ any_program, 1 };
	r = policy_read(&open, -1, policy, err);
	if (r < 0)
		return r;
	fputs("SystemCallArchitectures=native\nSystemCallErrorNumber=EPERM", out);
	for (int row = 0; row < SYSCALL_ROWS; row++) {
		if (!is_open(policy, row) || syscall_row_number((size_t)row) < 0 || !is_known(row))
			continue;
		if (column == 0 || column > 90)
			column = (size_t)fprintf(out, "\nSystemCallFilter=");
		column += (size_t)fprintf(out, "%s ", syscall_rows[row].name);
	}
	fputc('\n', out);
	return 0;
}

static void print_families(const struct spec *spec, const struct policy *policy, FILE *out)
{
	bool netlink = false;

	for (size_t i = 0; i < spec->syscalls.n; i++)
		netlink = netlink || str_equal(spec->syscalls.items[i], "@netlink");
	if (!is_open(policy, SYSCALL_ROW_socket))
		fputs("RestrictAddressFamilies=none\n", out);
	else
		fprintf(out, "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6%s\n",
			netlink ? " AF_NETLINK" : "");
}

static void print_network(const struct spec *spec, FILE *out)
{
	if (spec->network == SPEC_NETWORK_JOIN) {
		fputs("NetworkNamespacePath=", out);
		unit_text_bare(out, spec->network_netns);
		fputc('\n', out);
	} else if (spec->network != SPEC_NETWORK_HOST) {
		fputs("PrivateNetwork=yes\n", out);
	}
}

static void print_mount(const struct spec_mount *mount, FILE *out)
{
	if (mount->type == SPEC_MOUNT_TMPFS) {
		fputs("TemporaryFileSystem=", out);
		unit_text_bare(out, mount->target);
		fprintf(out, ":%s,nosuid,nodev,%ssize=%" PRIu64 ",mode=%04o\n", mount->write ? "rw" : "ro",
			mount->exec ? "" : "noexec,", mount->size_bytes, (unsigned int)mount->mode);
		return;
	}
	fprintf(out, "%s=%s", mount->write ? "BindPaths" : "BindReadOnlyPaths", mount->optional ? "-" : "");
	unit_text_bare(out, mount->source);
	fputc(':', out);
	unit_text_bare(out, mount->target);
	fprintf(out, ":%s\n", mount->recursive ? "rbind" : "norbind");
	if (!mount->exec) {
		fputs("NoExecPaths=-", out);
		unit_text_bare(out, mount->target);
		fputc('\n', out);
	}
}

static void print_files(const struct spec *spec, FILE *out)
{
	fputs("\nProtectSystem=strict\nProtectHome=yes\nMountAPIVFS=yes\nProtectProc=invisible\n", out);
	fprintf(out, "ProcSubset=%s\n", spec->proc == SPEC_PROC_FULL ? "all" : "pid");
	for (size_t i = 0; i < spec->n_mounts; i++)
		print_mount(&spec->mounts[i], out);
	if (spec->n_devices == 0)
		fputs("PrivateDevices=yes\n", out);
	fputs("DevicePolicy=closed\n", out);
	for (size_t i = 0; i < spec->n_devices; i++)
		fprintf(out, "DeviceAllow=%s %s%s\n", spec->devices[i].path, spec->devices[i].read ? "r" : "",
			spec->devices[i].write ? "w" : "");
}

static void print_flags(const struct spec *spec, FILE *out)
{
	const struct {
		const char *key;
		bool on;
	} rows[] = {
		{ "NoNewPrivileges", !spec->allow_setuid },
		{ "MemoryDenyWriteExecute", !spec->allow_jit },
		{ "RestrictNamespaces", !spec->allow_nested_namespaces },
		/* With capabilities they would be those of a user namespace, without power over the mounts.
		 */
		{ "PrivateUsers", spec->capabilities == 0 && spec->user.n_groups == 0 },
		{ "PrivateIPC", (spec->namespaces & SPEC_NS_IPC) != 0 },
		{ "ProtectHostname", (spec->namespaces & SPEC_NS_UTS) != 0 },
		{ "ProtectClock", true },
		{ "ProtectControlGroups", true },
		{ "ProtectKernelLogs", true },
		{ "ProtectKernelModules", true },
		{ "ProtectKernelTunables", true },
		{ "RestrictRealtime", true },
		{ "RestrictSUIDSGID", true },
		{ "LockPersonality", true },
		{ "RemoveIPC", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].on)
			fprintf(out, "%s=yes\n", rows[i].key);
	fputs("KeyringMode=private\n", out);
	if (spec->apparmor)
		fprintf(out, "AppArmorProfile=%s\n", spec->apparmor);
	if (spec->selinux)
		fprintf(out, "SELinuxContext=%s\n", spec->selinux);
}

int export_systemd_sandbox(const struct spec *spec, FILE *out, struct losses *losses, struct error *err)
{
	struct policy *policy = arena_alloc(losses->arena, sizeof(*policy));
	int r;

	if (!policy)
		return error_set(err, ENOMEM, "write the unit");
	print_files(spec, out);
	fputc('\n', out);
	print_flags(spec, out);
	print_capabilities(spec->capabilities, out);
	print_network(spec, out);
	r = print_filter(spec, out, policy, err);
	if (r == 0)
		print_families(spec, policy, out);
	return r;
}

static int add_written(const struct spec *spec, struct losses *losses)
{
	static const struct loss_of_key written[] = {
		{ "health", "health: systemd checks nothing; a watchdog (WatchdogSec=) is the nearest" },
		{ "events", "events: use OnFailure= and OnSuccess=" },
		{ "labels", "labels: a unit has none" },
		{ "sysctls", "sysctls: a unit sets none; join a network namespace that has them" },
		{ "hostname", "hostname: the unit sees the host's" },
		{ "secrets", "secrets: they are in $CREDENTIALS_DIRECTORY, not in /run/secrets" },
		{ "listen", "listen: write a socket unit for each (\"kapsel generate systemd\" shows how)" },
		{ "env_from_host", "env_from_host: the values are those of now" },
		{ "log", "log: the journal takes it" },
	};

	return losses_add_keys(losses, spec->tree, written, ARRAY_SIZE(written));
}

int export_systemd_losses(const struct spec *spec, struct losses *losses)
{
	bool idmap = false;

	for (size_t i = 0; i < spec->n_mounts; i++)
		idmap = idmap || spec->mounts[i].idmap;
	const struct loss_if rows[] = {
		{ true, "Landlock: units have no word for it; files are held by mounts and modes alone" },
		{ true, "user.host_id: the ids inside are those of the host" },
		{ true, "the pid, cgroup and time namespaces: units get none of their own" },
		{ spec_exec_once(spec), "exec: any program in the root file system can be executed" },
		{ !spec_exec_once(spec) && !spec_exec_any(spec),
		  "exec.allow: any program in the root file system can be executed" },
		{ true,
		  "syscalls: the arguments that kapsel refuses (TIOCSTI, raw sockets, personalities); what "
		  "looks absent gets EPERM, too, and so do calls newer than systemd's libseccomp" },
		{ spec->on_violation == SPEC_VIOLATION_KILL,
		  "on_violation: calls that no workload needs fail "
		  "instead of ending it" },
		{ spec->on_violation == SPEC_VIOLATION_LOG, "on_violation: \"log\": refused calls fail" },
		{ spec->proc == SPEC_PROC_NONE, "proc: \"none\": there is a /proc with its own processes" },
		{ spec->network == SPEC_NETWORK_NONE, "network: \"none\": there is a loopback interface" },
		{ idmap, "mounts.*.idmap: owners on disk are not shifted" },
		{ spec->n_devices > 0, "devices: the nodes of all others are visible, but can't be opened" },
		{ spec->on_supervisor_death == SPEC_ORPHAN_ADOPT,
		  "on_supervisor_death: systemd is the supervisor" },
		{ true, "started means verified: systemd does not read back what holds" },
	};
	int r = losses_add_if(losses, rows, ARRAY_SIZE(rows));

	return r < 0 ? r : add_written(spec, losses);
}
